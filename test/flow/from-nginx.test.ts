// Six nginx files as people have them in front of a xiaozhi server: imported, started, and asked the same as nginx.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { hash } from 'bcrypt';
import WebSocket, { WebSocketServer } from 'ws';
import { findBinary } from '../../scripts/peers.mjs';
import { formatFinding } from '../../src/config/finding.ts';
import { checkText } from '../../src/config/load.ts';
import { readNginxFile } from '../../src/nginx/read.ts';
import { writeImport } from '../../src/nginx/write.ts';
import { peer } from '../peer.ts';
import { within } from '../rig/bounded.ts';
import { chainFor } from '../rig/brought.ts';
import { runCommand, startGate } from '../rig/gate.ts';
import { freePorts, startNginx } from '../rig/nginx.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/nginx/', import.meta.url));
const nginx = peer('nginx');

type Seen = { server: string; path: string; method: string; headers: IncomingHttpHeaders; body: number };
type Asked = {
  scheme?: 'http' | 'https';
  method?: string;
  path: string;
  host?: string;
  headers?: Record<string, string>;
  body?: string;
  from?: string;
  /** Where the gate answers otherwise on purpose: nginx's status, and the gate's. */
  differs?: [nginx: number, gate: number];
};

const seen: Seen[] = [];
const servers: { port: number; server: Server; sockets: WebSocketServer }[] = [];

/** A server of the xiaozhi kind, which says what it was asked. */
async function startServer(name: string): Promise<number> {
  const server = createServer((incoming, response) => {
    let body = 0;
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.length;
    });
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      seen.push({ server: name, path, method, headers, body });
      if (path === '/xiaozhi/ota/' && method === 'POST') {
        response.setHeader('Content-Type', 'application/json');
        response.end('{"server_time":{"timestamp":1},"firmware":{"version":"1.0.0","url":""}}');
      } else if (path === '/moved') {
        response.writeHead(302, { Location: '/login' }).end();
      } else {
        response.setHeader('X-Powered-By', 'sample');
        response.setHeader('Content-Type', path.endsWith('.html') ? 'text/html' : 'text/plain');
        response.end(`${name} was asked for ${path}. ${'It has much to say about that. '.repeat(60)}`);
      }
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { url }) => socket.send(`${name} ${url}`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  servers.push({ port, server, sockets });
  return port;
}

const behind: Record<number, number> = {};
let folder = '';
before(async () => {
  for (const name of [8000, 8002, 8003, 8004]) behind[name] = await startServer(String(name));
  folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
});
after(() => {
  for (const { server, sockets } of servers) {
    sockets.close();
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A copy of a fixture whose servers and ports are those of this run. */
async function placed(fixture: string, into: string, ports: Record<number, number>): Promise<string> {
  const source = join(FIXTURES, fixture);
  const target = join(folder, into, fixture);
  mkdirSync(dirname(target), { recursive: true });
  const isFolder = statSync(source).isDirectory();
  cpSync(source, target, { recursive: true });
  const root = isFolder ? target : dirname(target);
  const files = isFolder
    ? ['nginx.conf', 'sites-enabled/console.conf', 'sites-enabled/moved.conf'].map((each) => join(target, each))
    : [target];
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
      .replace(/127\.0\.0\.1:(800\d)/g, (_, port: string) => `127.0.0.1:${behind[Number(port)]}`)
      .replace(
        /listen (\[::\]:)?(\d+)/g,
        (_, six: string | undefined, port: string) => `listen ${six ? '[::1]' : '127.0.0.1'}:${ports[Number(port)]}`,
      )
      .replace('/srv/otagate-no-such-folder/', `${root}/`)
      .replace('user www-data;', process.getuid?.() === 0 ? 'user root;' : '')
      .replace('http {', 'http {\n    access_log off;\n');
    writeFileSync(file, text);
  }
  const { cert, key } = chainFor('ota.test');
  writeFileSync(join(root, 'fullchain.pem'), cert);
  writeFileSync(join(root, 'privkey.pem'), key);
  writeFileSync(join(root, 'mime.types'), 'types { text/html html; text/plain txt; }\n');
  writeFileSync(join(root, 'page.txt'), 'a file of the folder');
  writeFileSync(join(root, 'users.htpasswd'), `ann:${(await hash('sesame', 4)).replace('$2b$', '$2y$')}\n`);
  return isFolder ? join(target, 'nginx.conf') : target;
}

/** A file of a site within a main file, as nginx reads it. */
function mainFor(site: string): string {
  if (site.endsWith('nginx.conf')) return site;
  const main = join(dirname(site), 'main.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    main,
    `${user}\nevents {}\nhttp {\n access_log off;\n default_type text/plain;\n include ${site};\n}\n`,
  );
  return main;
}

type Answer = { status: number; headers: IncomingHttpHeaders; text: string; seen: Seen[] };

async function ask(ports: Record<number, number>, asked: Asked): Promise<Answer> {
  seen.length = 0;
  const { scheme = 'https', method = 'GET', path, host = 'ota.test', headers = {}, body, from = '127.0.0.2' } = asked;
  const port = ports[scheme === 'https' ? 443 : 80];
  const place = {
    host: '127.0.0.1',
    port,
    localAddress: from,
    path,
    method,
    agent: false,
    headers: { host, ...headers },
  };
  const sent =
    scheme === 'https' ? requestSecurely({ ...place, servername: host, rejectUnauthorized: false }) : request(place);
  sent.end(body);
  const [reply] = (await within(`an answer for ${path}`, once(sent, 'response'), 15_000)) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return {
    status: reply.statusCode ?? 0,
    headers: reply.headers,
    text: (reply.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString(),
    seen: [...seen],
  };
}

const OF_ANSWERS = ['content-type', 'x-frame-options', 'x-powered-by', 'strict-transport-security', 'content-encoding'];
// Who the client is, the gate says to every upstream; nginx where it was told to.
const OF_REQUESTS = ['x-from-gate', 'referer', 'cookie', 'content-type', 'device-id'];

/** What matters of an answer: what a browser or a device, and the server behind, would notice. */
function essence({ status, headers, text, seen: asked }: Answer) {
  // What is said to browsers about a page is not said to a device.
  const isCheck = asked.some(({ method, path }) => method === 'POST' && path === '/xiaozhi/ota/');
  const told = isCheck ? ['content-type'] : OF_ANSWERS;
  const pick = (all: IncomingHttpHeaders, names: string[]) =>
    names.map((name) => `${name}: ${String(all[name] ?? '-').replace('; charset=utf-8', '')}`);
  const location = headers.location?.replace(/^(https?:\/\/[^/:]+):\d+/, '$1');
  return {
    status,
    location,
    ...(status < 300 ? { headers: pick(headers, told), text } : { realm: headers['www-authenticate']?.split(',')[0] }),
    behind: asked.map((one) => [one.server, one.method, one.path, one.body, ...pick(one.headers, OF_REQUESTS)]),
  };
}

async function hears(port: number, secure: boolean, path: string): Promise<string> {
  const url = `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}${path}`;
  const options = {
    headers: { host: 'ota.test' },
    servername: 'ota.test',
    rejectUnauthorized: false,
    localAddress: '127.0.0.2',
  };
  const socket = new WebSocket(url, options as WebSocket.ClientOptions);
  const heard = await within('a first message', Promise.race([once(socket, 'message'), once(socket, 'error')]), 10_000);
  socket.terminate();
  return String(heard[0]);
}

const CHECK = {
  method: 'POST',
  path: '/xiaozhi/ota/',
  headers: { 'device-id': '02:00:00:00:00:01', 'content-type': 'application/json' },
  body: '{"a":1}',
};
const DEVICE_BY_PLAIN: [number, number] = [301, 200];

const FILES: [fixture: string, asked: Asked[], voice: 'http' | 'https' | null][] = [
  [
    '1-https-for-the-console.conf',
    [
      { path: '/' },
      { path: '/a/page.html?x=1', headers: { cookie: 'a=1; b=2' } },
      { path: '/moved' },
      { method: 'PUT', path: '/up', body: 'x'.repeat(1_000_000) },
      { method: 'PUT', path: '/up', body: 'x'.repeat(3_000_000), differs: [413, 413] },
      CHECK,
      { scheme: 'http', path: '/a?b=c', differs: [301, 308] },
      { ...CHECK, scheme: 'http', differs: DEVICE_BY_PLAIN },
    ],
    'https',
  ],
  [
    '2-plain-for-devices.conf',
    [
      { ...CHECK, scheme: 'http' },
      CHECK,
      { path: '/page.html' },
      { path: '/xiaozhi/doc.html' },
      { path: '/xiaozhi/druid/index.html' },
      { path: '/mcp/other' },
      { method: 'POST', path: '/mcp/vision/explain', body: 'image' },
      { scheme: 'http', path: '/page.html', differs: [301, 308] },
    ],
    'https',
  ],
  [
    '3-python-server-alone.conf',
    [
      { ...CHECK, scheme: 'http' },
      { scheme: 'http', method: 'POST', path: '/mcp/vision/explain', body: 'image' },
      { scheme: 'http', path: '/' },
      { scheme: 'http', path: '/elsewhere' },
    ],
    'http',
  ],
  [
    '4-kept-to-the-office.conf',
    [
      { path: '/' },
      { path: '/', headers: { authorization: `Basic ${btoa('ann:sesame')}` } },
      { path: '/', headers: { authorization: `Basic ${btoa('ann:wrong')}` } },
      { path: '/', from: '127.0.0.9', headers: { authorization: `Basic ${btoa('ann:sesame')}` } },
      { path: '/tools/a/b?c=d', headers: { referer: 'https://other.example/', cookie: 'c=d' } },
      { path: '/tools/page.html', headers: { 'accept-encoding': 'gzip' } },
      { path: '/static/page.txt' },
      { path: '/static/none.txt' },
      { path: '/static/../static/page.txt' },
      { scheme: 'http', path: '/a', differs: [301, 308] },
    ],
    null,
  ],
  [
    '5-old-ports.conf',
    [
      { scheme: 'http', path: '/' },
      { ...CHECK, scheme: 'http' },
      { scheme: 'http', path: '/old-console/a?b=c' },
      { scheme: 'http', method: 'PUT', path: '/up', body: 'x'.repeat(3_000_000) },
    ],
    null,
  ],
  [
    '6-main-and-sites',
    [
      { path: '/page.html' },
      { path: '/xiaozhi/user/info' },
      CHECK,
      { method: 'PUT', path: '/up', body: 'x'.repeat(4_000) },
      { method: 'PUT', path: '/up', body: 'x'.repeat(5_000), differs: [413, 413] },
      { path: '/a?b=c', host: 'old.test' },
      { scheme: 'http', path: '/a?b=c', host: 'old.test' },
      { scheme: 'http', path: '/a?b=c', differs: [301, 308] },
    ],
    'https',
  ],
];

for (const [fixture, requests, voice] of FILES) {
  test(`${fixture}: nginx and the gate answer alike`, { skip: nginx.skip }, async () => {
    const free = await freePorts(8);
    const standard = [80, 443, 8000, 8002];
    const [ofNginx, ofGate] = [0, 4].map((from) =>
      Object.fromEntries(standard.map((port, index) => [port, free[from + index] ?? 0])),
    );
    const theirs = await placed(fixture, 'nginx', ofNginx ?? {});
    const ours = await placed(fixture, 'gate', ofGate ?? {});
    const output = join(folder, `${fixture}.yaml`);
    const text = fixture.startsWith('1')
      ? await importedByCommand(ours, output)
      : writeImport(ours, readNginxFile(ours));
    const checked = checkText(text, output, {}, Date.now());
    assert.ok(checked.ok, checked.ok ? '' : checked.faults.map(formatFinding).join('\n'));
    accountsForEveryLine(ours, text);
    const server = await startNginx(dirname(theirs), mainFor(theirs), ofNginx?.[80] ?? 0);
    const gate = await startGate(text);
    try {
      for (const asked of requests) {
        const what = `${asked.method ?? 'GET'} ${asked.scheme ?? 'https'} ${asked.host ?? ''}${asked.path}`;
        const [one, other] = [await ask(ofNginx ?? {}, asked), await ask(ofGate ?? {}, asked)];
        if (asked.differs === undefined) assert.deepEqual(essence(other), essence(one), what);
        else {
          assert.deepEqual([one.status, other.status], asked.differs, what);
          if (one.status < 400 && other.status >= 300)
            assert.equal(essence(other).location, essence(one).location, what);
        }
      }
      const port = voice === null ? null : voice === 'https' ? 443 : 80;
      if (port !== null) {
        const heard = await hears(ofNginx?.[port] ?? 0, voice === 'https', '/xiaozhi/v1/');
        assert.equal(heard, '8000 /xiaozhi/v1/');
        assert.equal(await hears(ofGate?.[port] ?? 0, voice === 'https', '/xiaozhi/v1/'), heard);
      }
      if (fixture.startsWith('5')) await answersOnOldPorts(ofNginx ?? {}, ofGate ?? {});
    } finally {
      await gate.stop();
      await server.stop();
    }
  });
}

/** What the command writes passes its check. */
async function importedByCommand(file: string, output: string): Promise<string> {
  const imported = await runCommand(['import', file, '-o', output]);
  assert.equal(imported.code, 0, imported.stderr);
  const checked = await runCommand(['check', '-c', output]);
  assert.equal(checked.code, 0, checked.stderr);
  return readFileSync(output, 'utf8');
}

/** The ports that are burnt into devices: the same table on each, so that the voice is found on 8000 as well. */
async function answersOnOldPorts(ofNginx: Record<number, number>, ofGate: Record<number, number>): Promise<void> {
  for (const ports of [ofNginx, ofGate]) {
    assert.equal(await hears(ports[8000] ?? 0, false, '/xiaozhi/v1/'), '8000 /xiaozhi/v1/');
    const { status, text } = await ask({ ...ports, 80: ports[8002] ?? 0 }, { scheme: 'http', path: '/page.html' });
    assert.deepEqual([status, text.slice(0, 14)], [200, '8002 was asked']);
  }
}

const STRUCTURE = /^(server|location|http|upstream|events)\b|^[}]?$/;
const CARRIED =
  /^(listen|server_name|ssl_certificate|ssl_certificate_key|proxy_pass|return|allow|deny|auth_basic|auth_basic_user_file|client_max_body_size|add_header|proxy_hide_header|proxy_connect_timeout|proxy_read_timeout|gzip|alias|include|if|proxy_set_header|server)\b/;

/** Every directive is carried over, or named with its line. */
function accountsForEveryLine(file: string, yaml: string): void {
  const name = file.split('/').at(-1) ?? '';
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const text = line.replace(/#.*/, '').trim();
    if (STRUCTURE.test(text) || CARRIED.test(text) || text === '' || /^(default|'')/.test(text)) continue;
    assert.ok(yaml.includes(`${name}:${index + 1}: `), `${name}:${index + 1}: ${text}`);
  }
}

test('an import says what it cannot read, and leaves a file that is there alone', async () => {
  const broken = join(folder, 'broken.conf');
  writeFileSync(broken, 'server {\n  listen 80\n  server_name a.test;\n');
  const { code, stderr } = await runCommand(['import', broken]);
  assert.equal(code, 1);
  assert.match(stderr, /broken\.conf:\d+: .*holds nothing/s);
  const kept = join(folder, 'kept.yaml');
  writeFileSync(kept, 'mine');
  const again = await runCommand(['import', join(FIXTURES, '3-python-server-alone.conf'), '-o', kept]);
  assert.deepEqual([again.code, readFileSync(kept, 'utf8')], [1, 'mine']);
  assert.ok(findBinary('nginx') !== null || nginx.skip);
});

// What a route may say beside its place: each over real sockets, by HTTP/1.1 and HTTP/2.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { hash } from 'bcrypt';
import WebSocket from 'ws';
import { within } from '../rig/bounded.ts';
import { type GateRig, startGate } from '../rig/gate.ts';
import { askHttp2, openHttp2 } from '../rig/http2-client.ts';

const TEXT = 'A text of the console, which is long enough to be worth it. '.repeat(400);
const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
const seen: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

const upstream = createServer((incoming, response) => {
  const path = incoming.url ?? '';
  let body = '';
  incoming.on('data', (chunk) => {
    body += chunk;
  });
  incoming.on('end', () => {
    seen.push({ path, headers: incoming.headers, body });
    if (path.endsWith('/text')) {
      response.writeHead(200, {
        'Content-Type': 'text/html',
        ETag: '"t1"',
        'Content-Length': String(TEXT.length),
        Server: 'x',
      });
      response.end(incoming.method === 'HEAD' ? undefined : TEXT);
    } else if (path.endsWith('/coded')) {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' }).end('as it is');
    } else if (path.endsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: first\n\n');
      setTimeout(() => response.end('data: second\n\n'), 1_000);
    } else if (path.endsWith('/moved')) {
      response.writeHead(302, { Location: `http://127.0.0.1:${port}/inner/there` }).end();
    } else if (path.endsWith('/late')) {
      setTimeout(() => response.end('late'), 1_500);
    } else if (path.endsWith('/broken')) {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.write(TEXT);
      setTimeout(() => response.destroy(), 100);
    } else {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(`you came by ${path}`);
    }
  });
});
let port = 0;
let gate: GateRig;

before(async () => {
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  port = (upstream.address() as AddressInfo).port;
  mkdirSync(join(folder, 'site/deep'), { recursive: true });
  writeFileSync(join(folder, 'site/index.html'), '<h1>hello</h1>');
  writeFileSync(join(folder, 'site/deep/index.html'), TEXT);
  writeFileSync(join(folder, 'site/.secret'), 'secret');
  writeFileSync(join(folder, 'outside'), 'outside');
  symlinkSync(join(folder, 'outside'), join(folder, 'site/link'));
  symlinkSync(folder, join(folder, 'site/up'));
  writeFileSync(join(folder, 'page.html'), '<h1>{{status}} {{title}}</h1><p>{{detail}} {{requestId}}</p>');
  const apr1 = spawnSync('openssl', ['passwd', '-apr1', 'opensesame'], { encoding: 'utf8' }).stdout.trim();
  const bcrypted = (await hash('open sesame', 5)).replace('$2b$', '$2y$');
  writeFileSync(join(folder, 'users'), `ann:${bcrypted}\nbob:${apr1}\n`);
  gate = await startGate(`
domains: [ota.test, new.test]
upstreams: { main: "http://127.0.0.1:${port}", gone: "http://127.0.0.1:9" }
routes:
  - { name: web, path: /, upstream: main, plainHttp: always, compress: true, hsts: 1h,
      headers: { set: { X-Frame-Options: DENY }, remove: [Server] } }
  - { name: api, path: /api/, upstream: main, upstreamPath: /inner/, plainHttp: always, bodyMax: 1KiB,
      timeouts: { reply: 300ms }, upstreamHeaders: { set: { X-From: gate }, remove: [Referer] } }
  - { name: device, path: /device/, upstream: main, role: device, plainHttp: always }
  - { name: lan, path: /lan/, upstream: main, plainHttp: always, allow: lan }
  - { name: most, path: /most/, upstream: main, plainHttp: always, deny: 127.0.0.9 }
  - { name: people, path: /people/, upstream: main, plainHttp: always, basicAuth: { file: ${folder}/users, realm: 'For "people"' } }
  - { name: old, path: /old/, redirect: { to: "https://new.test{uri}", status: 301 } }
  - { name: site, path: /site/, files: ${folder}/site, plainHttp: always, compress: true }
  - { name: gone, path: /gone/, upstream: gone, plainHttp: always, errorPage: ${folder}/page.html }
`);
});
after(async () => {
  await gate.stop();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

type Reply = { status: number; headers: IncomingHttpHeaders; bytes: Buffer; text: string };

async function get(
  path: string,
  more: { headers?: Record<string, string>; from?: string; method?: string; body?: string } = {},
): Promise<Reply> {
  const { headers = {}, from = '127.0.0.8', method = 'GET', body } = more;
  const asked = request({
    host: '127.0.0.1',
    port: gate.http,
    localAddress: from,
    path,
    method,
    headers: { host: 'ota.test', ...headers },
    agent: false,
  });
  asked.end(body);
  const [reply] = (await within('a reply', once(asked, 'response'), 10_000)) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { status: reply.statusCode ?? 0, headers: reply.headers, bytes, text: bytes.toString() };
}

const login = (user: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
});

test('another path upstream, and redirects from there back under ours', async () => {
  assert.equal((await get('/api/a/b?c=d')).text, 'you came by /inner/a/b?c=d');
  assert.equal((await get('/api')).text, 'you came by /inner/');
  const { headers } = await get('/api/moved');
  assert.equal(headers.location, `http://ota.test:${gate.http}/api/there`);
});

test('redirects with their status, and never for a WebSocket', async () => {
  const { status, headers } = await get('/old/x?y=z');
  assert.deepEqual([status, headers.location], [301, 'https://new.test/old/x?y=z']);
  const socket = new WebSocket(`ws://127.0.0.1:${gate.http}/old/`, { headers: { host: 'ota.test' } });
  const [error] = await within('a refusal', once(socket, 'error'), 10_000);
  assert.match(String(error), /400/);
});

test('networks: allow and deny', async () => {
  assert.equal((await get('/lan/', { from: '127.0.0.2' })).status, 200);
  const refused = await get('/lan/');
  assert.equal(refused.status, 403);
  assert.equal((JSON.parse(refused.text) as { code: string }).code, 'CLIENT_NOT_ALLOWED');
  assert.equal((await get('/most/')).status, 200);
  assert.equal((await get('/most/', { from: '127.0.0.9' })).status, 403);
  const line = await gate.line(({ because }) => because === 'client-not-allowed');
  assert.equal(line.client, '127.0.0.8');
});

test('names and passwords: bcrypt and apr1, guessing made slow, and nothing of them upstream', async () => {
  const asked = await get('/people/');
  assert.equal(asked.status, 401);
  assert.equal(asked.headers['www-authenticate'], 'Basic realm="For \\"people\\"", charset="UTF-8"');
  assert.equal((await get('/people/first', login('ann', 'open sesame'))).status, 200);
  assert.equal((await get('/people/', login('bob', 'opensesame'))).status, 200);
  assert.equal(seen.find(({ path }) => path === '/people/first')?.headers.authorization, undefined);
  for (const [user, password] of [
    ['ann', 'opensesame'],
    ['carl', 'open sesame'],
    ['', ''],
  ] as const) {
    assert.equal((await get('/people/', login(user, password))).status, 401);
  }
  const guesses = [];
  for (let index = 0; index < 10; index += 1)
    guesses.push((await get('/people/', login('ann', `guess ${index}`))).status);
  assert.deepEqual([...new Set(guesses)], [401, 429]);
  const barred = await get('/people/', login('bob', 'another'));
  assert.deepEqual([barred.status, barred.headers['retry-after']], [429, '60']);
  assert.equal((await get('/people/', login('ann', 'open sesame'))).status, 200, 'who was let in goes on');
  assert.equal(
    (await get('/people/', { ...login('ann', 'wrong'), from: '127.0.0.7' })).status,
    401,
    'others are not barred',
  );
  assert.ok(!gate.output.some((line) => /sesame|guess 1/.test(line)), 'no password in the log');
});

test('headers set and removed, both ways', async () => {
  const reply = await get('/text');
  assert.deepEqual([reply.headers['x-frame-options'], reply.headers.server], ['DENY', undefined]);
  await get('/api/headers', { headers: { 'x-from': 'client', referer: 'http://r/', 'x-kept': '1' } });
  const { headers } = seen.find(({ path }) => path === '/inner/headers') ?? assert.fail();
  assert.deepEqual([headers['x-from'], headers.referer, headers['x-kept']], ['gate', undefined, '1']);
});

test('bodies past their bound, with a length and without', async () => {
  assert.equal((await get('/api/up', { method: 'POST', body: 'x'.repeat(1024) })).status, 200);
  assert.equal((await get('/api/up', { method: 'POST', body: 'x'.repeat(1025) })).status, 413);
  const chunked = { method: 'POST', body: 'x'.repeat(5000), headers: { 'transfer-encoding': 'chunked' } };
  assert.equal((await get('/api/up', chunked)).status, 413);
  assert.ok(!seen.some(({ body }) => body.length > 1024));
});

test('a time of its own', async () => {
  assert.equal((await get('/api/late')).status, 504);
  assert.equal((await get('/late')).text, 'late');
});

test('texts are compressed as the client likes it, once, and told apart', async () => {
  const asking = (accept: string, path = '/text') => get(path, { headers: { 'accept-encoding': accept } });
  const br = await asking('gzip, deflate, br');
  assert.equal(br.headers['content-encoding'], 'br');
  assert.equal(brotliDecompressSync(br.bytes).toString(), TEXT);
  assert.deepEqual(
    [br.headers.etag, br.headers.vary, br.headers['content-length']],
    ['W/"t1"', 'Accept-Encoding', undefined],
  );
  const gzip = await asking('br;q=0.1, gzip;q=0.8');
  assert.equal(gunzipSync(gzip.bytes).toString(), TEXT);
  for (const none of ['identity', 'br;q=0, gzip;q=0', 'identity;q=1, gzip;q=0.5', 'zstd', '*;q=0']) {
    const plain = await asking(none);
    assert.deepEqual(
      [plain.headers['content-encoding'], plain.text, plain.headers.etag],
      [undefined, TEXT, '"t1"'],
      none,
    );
    assert.equal(plain.headers.vary, 'Accept-Encoding');
  }
  const coded = await asking('br', '/coded');
  assert.deepEqual([coded.headers['content-encoding'], coded.text], ['gzip', 'as it is']);
  const device = await asking('br, gzip', '/device/text');
  assert.deepEqual(
    [device.headers['content-encoding'], device.headers.vary, device.text],
    [undefined, undefined, TEXT],
  );
  const head = await get('/text', { method: 'HEAD', headers: { 'accept-encoding': 'br' } });
  assert.deepEqual([head.headers['content-encoding'], head.bytes.length], ['br', 0]);
  const session = await openHttp2({ port: gate.https, ca: gate.root });
  const over2 = await askHttp2(session, { ':path': '/text', 'accept-encoding': 'br' });
  assert.equal(brotliDecompressSync(over2.body).toString(), TEXT);
  session.destroy();
});

test('a compressed stream of messages gives each at once, and a broken one stays broken', async () => {
  const asked = request({
    host: '127.0.0.1',
    port: gate.http,
    path: '/events',
    headers: { host: 'ota.test', 'accept-encoding': 'gzip' },
  });
  asked.end();
  const [reply] = (await within('its head', once(asked, 'response'), 10_000)) as [IncomingMessage];
  const begunMs = performance.now();
  assert.equal(reply.headers['content-encoding'], 'gzip');
  await within('its first message', once(reply, 'data'), 10_000);
  assert.ok(performance.now() - begunMs < 900, 'the first message does not wait for the second');
  reply.resume();
  await within('its end', once(reply, 'end'), 10_000);
  await assert.rejects(get('/broken', { headers: { 'accept-encoding': 'gzip' } }), /aborted/);
});

test('HSTS by https alone', async () => {
  assert.equal((await get('/text')).headers['strict-transport-security'], undefined);
  const session = await openHttp2({ port: gate.https, ca: gate.root });
  assert.equal((await askHttp2(session, { ':path': '/text' })).headers['strict-transport-security'], 'max-age=3600');
  session.destroy();
});

test('files: pages, conditions and ranges; no dotfiles, and no way out', async () => {
  const page = await get('/site/');
  assert.deepEqual(
    [page.status, page.text, page.headers['content-type']],
    [200, '<h1>hello</h1>', 'text/html; charset=utf-8'],
  );
  assert.equal((await get('/site')).text, '<h1>hello</h1>');
  const again = await get('/site/', { headers: { 'if-none-match': String(page.headers.etag) } });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  const part = await get('/site/index.html', { headers: { range: 'bytes=4-8' } });
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'hello', 'bytes 4-8/14']);
  assert.equal((await get('/site/index.html', { headers: { range: 'bytes=99-' } })).status, 416);
  const deep = await get('/site/deep');
  assert.deepEqual([deep.status, deep.headers.location], [301, '/site/deep/']);
  const coded = await get('/site/deep/', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(gunzipSync(coded.bytes).toString(), TEXT);
  assert.equal((await get('/site/', { method: 'HEAD' })).bytes.length, 0);
  const post = await get('/site/', { method: 'POST' });
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  for (const path of [
    '.secret',
    'link',
    'up/outside',
    'up/',
    'nothing',
    '%2e%2e/outside',
    '..%2foutside',
    'index.html/',
    'a%00b',
  ]) {
    const { status, text } = await get(`/site/${path}`);
    const elsewhere = text === 'you came by /outside'; // the route that the path leads to, once its dots are resolved
    assert.ok(
      ([400, 404].includes(status) || elsewhere) && !/^(secret|outside)$/.test(text),
      `${path}: ${status} ${text}`,
    );
  }
});

test('an error page for browsers, problem JSON for everyone else', async () => {
  const page = await get('/gone/', { headers: { accept: 'text/html,*/*;q=0.8' } });
  assert.equal(page.status, 502);
  assert.match(page.text, /^<h1>502 Bad Gateway<\/h1><p>upstream gone at http:\/\/127\.0\.0\.1:9 cannot be reached/);
  assert.ok(page.text.includes(String(page.headers['x-request-id'])));
  assert.match((await get('/gone/')).text, /"code":"UPSTREAM_CONNECT"/);
});

test('check --explain names the reason', async () => {
  const explained = async (path: string): Promise<string> =>
    (await gate.command('check', '--explain', `http://ota.test${path}`, '--from', '203.0.113.9')).stdout;
  assert.match(await explained('/lan/'), /refused with 403 .*client-not-allowed/s);
  assert.match(await explained('/old/x'), /redirected \(301\) to https:\/\/new\.test\/old\/x.*route-redirect/s);
  assert.match(await explained('/site/a'), /served from the folder of route site/);
  assert.match(await explained('/people/'), /a name and a password are asked for first/);
  assert.match(await explained('/api/a'), /main.*\/inner\/a/s);
});

// HTTP/2 for those who offer it: the same pipeline, HTTP/1.1 behind it, WebSockets and devices beside it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import WebSocket, { WebSocketServer } from 'ws';
import { peer } from '../peer.ts';
import { until, within } from '../rig/bounded.ts';
import { chainFor } from '../rig/brought.ts';
import { type GateRig, startGate } from '../rig/gate.ts';
import { askHttp2, openHttp2 } from '../rig/http2-client.ts';
import { lookAt } from '../rig/tls-client.ts';
import { ask } from '../rig/wire.ts';

const run = promisify(execFile);
const nghttp = peer('nghttp2');
const ASSET = randomBytes(300_000);

type Seen = { method: string; path: string; raw: string[]; body: Buffer; whole: boolean };
const seen: Seen[] = [];
/** Paths whose body has begun to come. */
const begun = new Set<string>();

const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  const path = request.url ?? '';
  const note = (whole: boolean): void => {
    const { method = '', rawHeaders: raw } = request;
    seen.push({ method, path, raw, body: Buffer.concat(chunks), whole });
  };
  request.on('data', (chunk: Buffer) => {
    begun.add(path);
    chunks.push(chunk);
  });
  request.on('error', () => note(false));
  request.on('end', () => {
    note(true);
    if (path === '/cut') {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('a part');
      setTimeout(() => response.destroy(), 50);
    } else if (path === '/twice') {
      response.writeHead(200, [
        'ETag',
        '"a"',
        'ETag',
        '"b"',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Keep-Alive',
        'x',
      ]);
      response.end('twice');
    } else if (path === '/slow') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 1_500);
    } else if (path === '/same') {
      response.writeHead(304, { ETag: '"same"' }).end();
    } else if (path.startsWith('/xiaozhi/ota/')) {
      response.end('{"firmware":{"version":"1.0.0","url":""}}');
    } else {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': String(ASSET.length) });
      response.end(ASSET);
    }
  });
});
const sockets = new WebSocketServer({ server: upstream });
sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)));

let gate: GateRig;
const way = () => ({ port: gate.https, ca: gate.root });

before(async () => {
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const { port } = upstream.address() as AddressInfo;
  const brought = chainFor('other.example');
  gate = await startGate(
    `
domains: [ota.test, second.test, other.example]
upstreams: { main: "http://127.0.0.1:${port}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check }
  - { name: web, path: /, upstream: main }
tls: { certificates: [{ cert: other.pem, key: other.key }] }
`,
    { files: { 'other.pem': brought.cert, 'other.key': brought.key } },
  );
});
after(async () => {
  await gate.stop();
  sockets.close();
  upstream.closeAllConnections();
  upstream.close();
});

test('requests side by side on one connection, each whole, and the log says HTTP/2', async () => {
  const session = await openHttp2(way());
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, index) => askHttp2(session, { ':path': `/asset-${index}` })),
  );
  for (const reply of replies) {
    assert.equal(reply.status, 200);
    assert.ok(reply.body.equals(ASSET));
    assert.equal(reply.headers['content-length'], String(ASSET.length));
  }
  const line = await gate.line(({ path }) => path === '/asset-7');
  assert.equal(line.protocol, 'HTTP/2');
  assert.equal(line.scheme, 'https');
  assert.equal(line.client, '127.0.0.9');
  assert.equal(line.bytes, ASSET.length);
  session.destroy();
});

test('heads, bodies and fields cross over to HTTP/1.1 and back', async () => {
  const session = await openHttp2(way());
  const body = randomBytes(700_000);
  const sized = { ':method': 'POST', ':path': '/sized', 'content-length': body.length, cookie: 'a=1' };
  assert.equal((await askHttp2(session, sized, body)).status, 200);
  assert.equal((await askHttp2(session, { ':method': 'PUT', ':path': '/unsized', te: 'trailers' }, body)).status, 200);
  const [first, second] = ['/sized', '/unsized'].map((path) => seen.find((one) => one.path === path));
  assert.ok(first?.body.equals(body) && second?.body.equals(body));
  const names = (one: Seen | undefined): string[] => one?.raw.filter((_, index) => index % 2 === 0) ?? [];
  assert.ok(names(first).includes('content-length') && !names(first).includes('transfer-encoding'));
  assert.ok(names(second).includes('transfer-encoding') && !names(second).includes('content-length'));
  assert.ok(!names(second).includes('te'));
  assert.equal(first?.raw[first.raw.indexOf('host') + 1], `ota.test:${gate.https}`);

  const head = await askHttp2(session, { ':method': 'HEAD', ':path': '/head' });
  assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(ASSET.length)]);
  const same = await askHttp2(session, { ':path': '/same', 'if-none-match': '"same"' });
  assert.deepEqual([same.status, same.headers.etag], [304, '"same"']);
  const twice = await askHttp2(session, { ':path': '/twice' });
  assert.deepEqual(twice.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(twice.headers['keep-alive'], undefined);
  assert.equal(twice.body.toString(), 'twice');
  const waited = session.request({
    ':method': 'POST',
    ':path': '/asked',
    ':authority': 'ota.test',
    expect: '100-continue',
  });
  await within('100 (Continue)', once(waited, 'continue'), 10_000);
  waited.end('now');
  await within('the answer', once(waited, 'response'), 10_000);
  session.destroy();
});

test('an upload that the client takes back never looks whole to the upstream', async () => {
  const session = await openHttp2(way());
  const stream = session.request({ ':method': 'POST', ':path': '/taken-back', ':authority': 'ota.test' });
  stream.on('error', () => {});
  stream.write('the first half');
  await until('the first half at the upstream', () => begun.has('/taken-back'), 10_000);
  stream.destroy(new Error('taken back'));
  await until('its end there', () => seen.some(({ path }) => path === '/taken-back'), 10_000);
  assert.equal(seen.find(({ path }) => path === '/taken-back')?.whole, false);
  session.destroy();
});

test('an answer that breaks off behind the gate is a reset stream, not a short one', async () => {
  const session = await openHttp2(way());
  const reply = await askHttp2(session, { ':path': '/cut' });
  assert.equal(reply.status, 200);
  assert.notEqual(reply.reset, 0);
  assert.equal((await askHttp2(session, { ':path': '/after' })).status, 200, 'the connection lives on');
  session.destroy();
});

test('an OTA check and a WebSocket beside it, by HTTP/1.1', async () => {
  const session = await openHttp2(way());
  const going = askHttp2(session, { ':path': '/slow' });
  const old = { port: gate.https, tls: { ca: gate.root, maxVersion: 'TLSv1.2' as const } };
  const check = await ask(old, { path: '/xiaozhi/ota/', body: '{}', headers: { 'Device-Id': '02:00:00:00:00:01' } });
  assert.equal(check.statusLine, 'HTTP/1.1 200 OK');
  const socket = new WebSocket(`wss://ota.test:${gate.https}/live`, {
    ca: gate.root,
    lookup: ((_name: string, _options: object, done: (error: null, all: object[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never,
  });
  await within('a WebSocket', once(socket, 'open'), 10_000);
  socket.send('hello');
  const [echo] = await within('its echo', once(socket, 'message'), 10_000);
  assert.equal(String(echo), 'hello');
  socket.close();
  assert.equal((await going).body.toString(), 'data: 1\n\ndata: 2\n\n');
  session.destroy();
});

test('who offers nothing, or HTTP/1.1 alone, gets HTTP/1.1', async () => {
  const look = (protocols?: string[]) =>
    lookAt(gate.https, { servername: 'ota.test', ...(protocols ? { ALPNProtocols: protocols } : {}) });
  assert.equal((await look()).alpn, false);
  assert.equal((await look(['http/1.1'])).alpn, 'http/1.1');
  assert.equal((await look(['http/1.1', 'h2'])).alpn, 'h2');
});

test('a name that the connection was not made for: 421 where its certificate does not cover it', async () => {
  const session = await openHttp2(way());
  const status = async (authority: string): Promise<number> =>
    (await askHttp2(session, { ':path': '/', ':authority': authority })).status;
  assert.equal(await status(`ota.test:${gate.https}`), 200);
  assert.equal(await status('other.example'), 421, 'one of ours, but with a certificate of its own');
  assert.equal(await status('stranger.example'), 421);
  const line = await gate.line(({ host }) => host === 'other.example');
  assert.equal(line.because, 'host-misdirected');
  session.destroy();
});

test('nghttp fetches assets without a protocol error', { skip: nghttp.skip }, async () => {
  const urls = Array.from({ length: 6 }, (_, index) => `https://127.0.0.1:${gate.https}/asset-${index}`);
  const { stdout } = await run('nghttp', ['-nv', '--no-verify-peer', '-H', ':authority: ota.test', ...urls], {
    maxBuffer: 32 * 1024 * 1024,
  });
  assert.equal(stdout.match(/:status: 421/g), null);
  assert.equal(stdout.match(/:status: 200/g)?.length, 6, stdout.slice(-2000));
  assert.deepEqual(stdout.match(/.*(PROTOCOL_ERROR|INTERNAL_ERROR|recv RST_STREAM).*/g), null);
});

test('h2load: every request of many connections and streams succeeds', { skip: nghttp.skip }, async () => {
  const { stdout } = await run('h2load', [
    ...['-n', '400', '-c', '4', '-m', '25'],
    ...['-H', ':authority: ota.test', `https://127.0.0.1:${gate.https}/asset`],
  ]);
  assert.match(stdout, /400 succeeded, 0 failed, 0 errored, 0 timeout/, stdout);
});

test('a gate that drains says GOAWAY, and lets what runs come to its end', async () => {
  const session = await openHttp2(way());
  const going = session.request({ ':path': '/slow', ':authority': 'ota.test' });
  let text = '';
  going.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await within('its head', once(going, 'response'), 10_000);
  const goaway = once(session, 'goaway');
  gate.kill('SIGTERM');
  const [code] = await within('GOAWAY', goaway, 10_000);
  assert.equal(code, 0);
  await within('its end', once(going, 'end'), 10_000);
  assert.equal(text, 'data: 1\n\ndata: 2\n\n');
  assert.equal((await gate.exited).code, 0);
});

// Several servers behind one upstream: one is killed, hangs, and comes back. Nothing is lost that may be sent twice, and
// nothing sent twice that may not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { readProxyHeader } from '../../src/upstream/proxy-protocol.ts';
import { until } from '../rig/bounded.ts';
import { type CountingServer, countingServer } from '../rig/counting-server.ts';
import { gateFor } from '../rig/gate.ts';
import { freePort } from '../rig/mqtt.ts';
import { LAN } from '../rig/test-device.ts';
import { ask, headerOf, open, readReply, requestBytes } from '../rig/wire.ts';
import { issue } from '../tls/issue.ts';

const WITHIN_MS = 20_000;
const ROUTES = `routes:
  - { name: page, path: /, upstream: main, plainHttp: always }
  - { name: ota, path: /ota/, upstream: main, role: ota-check, plainHttp: always }
  - { name: voice, path: /voice/, upstream: main, role: device, plainHttp: always }`;

const HANDSHAKE = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version': '13',
};

async function listening(t: Pick<TestContext, 'after'>, server: Server, at: string | null = null): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  if (at === null) server.listen(0, '127.0.0.1');
  else server.listen(at);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('one of three servers is killed, hangs, and is back', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => countingServer(t, name)));
  const [first, second] = servers as [CountingServer, CountingServer, CountingServer];
  const gate = await gateFor(
    t,
    `domain: ota.test
limits: { reply: 1500ms, connect: 1s }
upstreams:
  main: { origins: [${servers.map(({ origin }) => `"${origin}"`).join(', ')}], sticky: device, health: { path: /health, interval: 100ms, timeout: 1s } }
${ROUTES}`,
  );
  const way = { port: gate.http, from: LAN, withinMs: WITHIN_MS };
  const get = (path: string): Promise<string> =>
    ask(way, { path }).then(({ status, body }) => (status === 200 ? body.toString() : String(status)));
  const post = (path: string, body: string): Promise<string> =>
    ask(way, { path, body, headers: { 'Device-Id': '02:00:00:00:00:01', 'Client-Id': 'x' } }).then(
      ({ status, body: got }) => (status === 200 ? got.toString() : String(status)),
    );
  /** How often a request came anywhere. */
  const came = (line: string): number =>
    servers.reduce((sum, { received }) => sum + received().filter((each) => each === line).length, 0);
  const health = async (name: string): Promise<string | null | undefined> =>
    (await gate.status()).servers.find(({ origin }) => origin === servers.find((one) => one.name === name)?.origin)
      ?.health;
  const waitFor = (name: string, state: string): Promise<unknown> =>
    until(`${name} is ${state}`, async () => (await health(name)) === state, WITHIN_MS);
  const shakeHands = async (device: string): Promise<string | undefined> => {
    const socket = await open(way);
    socket.write(requestBytes({ path: '/voice/', headers: { ...HANDSHAKE, 'Device-Id': device } }));
    const reply = await readReply(socket);
    return reply.status === 101 ? headerOf(reply, 'X-Server') : String(reply.status);
  };
  const devices = Array.from({ length: 12 }, (_, index) => `02:00:00:00:00:${10 + index}`);

  await Promise.all(['a', 'b', 'c'].map((name) => waitFor(name, 'well')));
  const homes = await Promise.all(devices.map(shakeHands));
  await t.test('the WebSockets of a device go to one server, those of several to several', async () => {
    assert.deepEqual(await Promise.all(devices.map(shakeHands)), homes);
    assert.ok(new Set(homes).size > 1, homes.join());
  });

  await t.test('killed: nothing is lost, and nothing came twice', async () => {
    await first.kill();
    const paths = Array.from({ length: 30 }, (_, index) => `/killed/${index}`);
    const answers = await Promise.all([
      ...paths.map((path) => get(path)),
      ...paths.map((path) => post(`${path}/upload`, 'x'.repeat(100_000))),
      ...paths.map((path) => post(`/ota${path}`, '{}')),
    ]);
    assert.deepEqual([...new Set(answers)].toSorted(), ['b', 'c']);
    for (const path of paths) {
      assert.equal(came(`GET ${path} 0`), 1, path);
      assert.equal(came(`POST ${path}/upload 100000`), 1, path);
      assert.equal(came(`POST /ota${path} 2`), 1, path);
    }
    const moved = await Promise.all(devices.map(shakeHands));
    for (const [index, home] of homes.entries()) {
      if (home === 'a') assert.ok(['b', 'c'].includes(moved[index] ?? ''));
      else assert.equal(moved[index], home);
    }
    await waitFor('a', 'down');
    const line = await gate.line(({ event }) => event === 'upstream-down');
    assert.equal(line.origin, first.origin);
  });

  await t.test('back: it is asked again', async () => {
    await first.start();
    await waitFor('a', 'well');
    assert.deepEqual(await Promise.all(devices.map(shakeHands)), homes);
  });

  await t.test('a broken answer: asked again where twice is once, and nowhere else', async () => {
    assert.equal(await get('/break/1'), '502');
    assert.equal(came('GET /break/1 0'), 3, 'each server once');
    assert.equal(await post('/break/2', 'x'), '502');
    assert.equal(came('POST /break/2 1'), 1);
    assert.equal(await post('/ota/break/3', '{}'), '502');
    assert.equal(came('POST /ota/break/3 2'), 1);
  });

  await t.test('hung: what may be sent twice is answered by another, and what may not is not sent twice', async () => {
    second.signal('SIGSTOP');
    t.after(() => second.signal('SIGCONT'));
    const paths = Array.from({ length: 9 }, (_, index) => `/hung/${index}`);
    const [gets, posts] = await Promise.all([
      Promise.all(paths.map((path) => get(path))),
      Promise.all(paths.map((path) => post(path, 'x'))),
    ]);
    for (const answer of gets) assert.ok(['a', 'c'].includes(answer), answer);
    for (const answer of posts) assert.ok(['a', 'c', '504'].includes(answer), answer);
    await waitFor('b', 'down');
    const afterwards = await get('/afterwards');
    assert.ok(['a', 'c'].includes(afterwards), afterwards);
    second.signal('SIGCONT');
    await waitFor('b', 'well');
    for (const path of paths) assert.equal(came(`POST ${path} 1`), 1, path);
  });

  await t.test('told in status and metrics', async () => {
    const { servers: told } = await gate.status();
    assert.ok((told.find(({ origin }) => origin === first.origin)?.failures ?? 0) > 0);
    const { stdout } = await gate.command('status');
    assert.match(stdout, /upstream .*failed \d+ time/);
  });
});

test('TLS, a Unix socket, a name, and who the client is', async (t) => {
  const root = issue({ name: 'Server Root', ca: true });
  const leaf = issue({ name: 'inner.test', hosts: ['inner.test'], by: root });
  const clientRoot = issue({ name: 'Client Root', ca: true });
  // Leaves of this kind are for servers alone.
  const client = issue({ name: 'the gate', ca: true, by: clientRoot });
  const secure = createHttpsServer(
    { key: leaf.keyPem, cert: leaf.pem, ca: clientRoot.pem, requestCert: true, rejectUnauthorized: true },
    (request, response) => response.end(`tls ${(request.socket as TLSSocket).getPeerCertificate().subject.CN}`),
  );
  const socketPath = join(tmpdir(), `otagate-server-${process.pid}.sock`);
  const local = createHttpServer((request, response) => response.end(`unix ${request.url}`));
  const plain = createHttpServer((_request, response) => response.end('plain'));
  const heads: Buffer[] = [];
  const telling = createTcpServer((socket) => {
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!bytes.toString('latin1').endsWith('\r\n\r\n')) return;
      heads.push(bytes);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntold');
    });
  });
  const [securePort, , plainPort, tellingPort] = [
    await listening(t, secure),
    await listening(t, local, socketPath),
    await listening(t, plain),
    await listening(t, telling),
  ];
  const nobody = await freePort();
  const gate = await gateFor(
    t,
    `domain: ota.test
limits: { connect: 1s }
upstreams:
  secure: { origins: "https://127.0.0.1:${securePort}", tls: { caFile: root.pem, serverName: inner.test, certFile: gate.pem, keyFile: gate.key } }
  local: "unix:${socketPath}"
  named: ["http://localhost:${nobody}", "http://localhost:${plainPort}"]
  telling: { origins: "http://127.0.0.1:${tellingPort}", proxyProtocol: v2 }
routes:
  - { name: secure, path: /secure, upstream: secure, plainHttp: always }
  - { name: local, path: /local, upstream: local, plainHttp: always }
  - { name: local-ota, path: /local-ota/, upstream: local, role: ota-check, plainHttp: always }
  - { name: named, path: /named, upstream: named, plainHttp: always }
  - { name: telling, path: /telling, upstream: telling, plainHttp: always }
  - { name: telling-ota, path: /telling-ota/, upstream: telling, role: ota-check, plainHttp: always }`,
    { files: { 'root.pem': root.pem, 'gate.pem': client.pem, 'gate.key': client.keyPem } },
  );
  const get = async (path: string): Promise<string> => {
    const { status, body } = await ask({ port: gate.http, from: LAN, withinMs: WITHIN_MS }, { path });
    return `${status} ${body}`;
  };

  await t.test('https with a CA, a name and a certificate of its own', async () => {
    assert.equal(await get('/secure'), '200 tls the gate');
  });

  await t.test('a Unix socket, for what is relayed and for the OTA check', async () => {
    assert.equal(await get('/local'), '200 unix /local');
    assert.equal(await get('/local-ota/'), '200 unix /local-ota/');
    const line = await gate.line(({ path }) => path === '/local-ota/');
    assert.equal(line.upstream, `unix:${socketPath}`);
    assert.deepEqual((await gate.status()).upstreams.local, [`unix:${socketPath}`]);
  });

  await t.test('a name, at the second server since nobody is at the first', async () => {
    assert.equal(await get('/named'), '200 plain');
  });

  await t.test('the PROXY protocol, each client on a connection of its own', async () => {
    assert.equal(await get('/telling'), '200 told');
    assert.equal(await get('/telling-ota/'), '200 told');
    for (const bytes of heads) {
      const header = readProxyHeader(bytes);
      assert.ok(header.kind === 'proxied');
      assert.equal(header.source.address, LAN);
      assert.match(bytes.subarray(header.length).toString('latin1'), /^GET \/telling/);
    }
    assert.equal(heads.length, 2);
  });
});

// Behind a real HAProxy that says by the PROXY protocol whose a connection is: that address is judged, and no other.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { readProxyHeader, writeProxyHeader } from '../../src/upstream/proxy-protocol.ts';
import { peer } from '../peer.ts';
import { within } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { startHaproxy } from '../rig/haproxy.ts';
import { freePort } from '../rig/mqtt.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody, LAN, OUTSIDE } from '../rig/test-device.ts';
import { ask, open, readReply, requestBytes } from '../rig/wire.ts';

const { skip } = peer('haproxy');
const PROXY = '127.0.0.3';
const UNLISTED = '127.0.0.4';
const WITHIN_MS = 15_000;
const PAGE = requestBytes({ path: '/' });
const CLIENT = { source: { address: LAN, port: 4711 }, destination: { address: '127.0.0.1', port: 80 } };

/** A plain TCP server that keeps the first bytes of each connection. */
async function listener(t: Pick<TestContext, 'after'>): Promise<{ port: number; first: Promise<Buffer> }> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', resolve);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, first: promise };
}

test('the PROXY protocol', { skip }, async (t) => {
  const java = await javaServer(t);
  const behind = await listener(t);
  const stream = await freePort();
  const yaml = (proxyProtocol: boolean): string => `domain: ota.test
trustedProxies: { from: [${PROXY}], proxyProtocol: ${proxyProtocol} }
streams: [{ listen: "127.0.0.1:${stream}", upstream: "127.0.0.1:${behind.port}", allow: ${OUTSIDE}, proxyProtocol: v2 }]
${fullPreset(java)}`;
  const gate = await gateFor(t, yaml(true));
  const doors = await startHaproxy(t, {
    http: { to: gate.http, as: PROXY, says: 'send-proxy-v2' },
    https: { to: gate.https, as: PROXY, says: 'send-proxy-v2' },
    old: { to: gate.http, as: PROXY, says: 'send-proxy' },
    silent: { to: gate.http, as: PROXY, says: '' },
    silentTls: { to: gate.https, as: PROXY, says: '' },
    unlisted: { to: gate.http, as: UNLISTED, says: 'send-proxy-v2' },
    unlistedTls: { to: gate.https, as: UNLISTED, says: 'send-proxy-v2' },
    stream: { to: stream, as: PROXY, says: 'send-proxy-v2' },
  });
  const tls = { ca: gate.root };
  const page = async (port: number, from: string): Promise<number> => (await ask({ port, from }, { path: '/' })).status;
  const seen = (): string | string[] | undefined => java.requests.at(-1)?.headers['x-real-ip'];
  const fails = (port: number, secure: boolean): Promise<void> =>
    assert.rejects(ask({ port, from: LAN, ...(secure ? { tls } : {}) }, { path: '/' }));
  /** Speaks to the gate's own port from an address. */
  const raw = async (from: string, ...parts: Buffer[]): Promise<number> => {
    const socket = await open({ port: gate.http, from, withinMs: WITHIN_MS });
    for (const part of parts) {
      socket.write(part);
      await sleep(30);
    }
    return (await readReply(socket)).status;
  };
  // Runs beside the rest: what a listed peer that says nothing gets.
  const slow = open({ port: gate.http, from: PROXY, withinMs: WITHIN_MS }).then((socket) =>
    once(socket.resume(), 'end'),
  );

  await t.test('the LAN policy sees the client, not the proxy', async () => {
    assert.equal(await page(doors.http, LAN), 200);
    assert.equal(seen(), LAN);
    assert.equal(await page(doors.http, OUTSIDE), 308);
    assert.equal(await page(doors.old, LAN), 200);
    assert.equal(await page(doors.old, OUTSIDE), 308);
    const check = { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() };
    assert.equal((await ask({ port: doors.http, from: OUTSIDE }, check)).status, 426);
    const line = await gate.line(({ status, path }) => status === 426 && path === '/xiaozhi/ota/');
    assert.equal(line.client, OUTSIDE);
  });

  await t.test('below TLS and HTTP/2 as well', async () => {
    assert.equal((await ask({ port: doors.https, from: OUTSIDE, tls }, { path: '/' })).status, 200);
    assert.equal(seen(), OUTSIDE);
    const session = connectHttp2(`https://ota.test:${doors.https}`, {
      createConnection: () => {
        const socket = connectTcp({ host: '127.0.0.1', port: doors.https, localAddress: OUTSIDE });
        return connectTls({ socket, servername: 'ota.test', ALPNProtocols: ['h2'], ca: gate.root });
      },
    });
    t.after(() => session.destroy());
    const request = session.request({ ':path': '/second', ':authority': 'ota.test' });
    await within('an answer by HTTP/2', once(request.resume(), 'end'), WITHIN_MS);
    assert.equal(java.requests.at(-1)?.url, '/second');
    assert.equal(seen(), OUTSIDE);
  });

  await t.test('what such a client says of itself counts for nothing', async () => {
    const forged = { 'X-Forwarded-For': LAN, 'X-Forwarded-Proto': 'https' };
    assert.equal((await ask({ port: doors.http, from: OUTSIDE }, { path: '/', headers: forged })).status, 308);
  });

  await t.test('a listed peer that sends none is refused', async () => {
    const before = java.requests.length;
    await fails(doors.silent, false);
    await fails(doors.silentTls, true);
    assert.equal(java.requests.length, before);
    const line = await gate.line(({ event }) => event === 'proxy-header');
    assert.equal(line.peer, PROXY);
  });

  await t.test('one that is not listed cannot send any', async () => {
    assert.equal((await ask({ port: doors.unlisted, from: LAN }, { path: '/' })).status, 400);
    await fails(doors.unlistedTls, true);
    assert.equal(await raw(OUTSIDE, Buffer.from(`PROXY TCP4 ${LAN} 127.0.0.1 4711 80\r\n`), PAGE), 400);
    assert.equal(await raw(LAN, PAGE), 200, 'and needs none');
  });

  await t.test('in pieces, with a request behind it, LOCAL, and without an address', async () => {
    const header = writeProxyHeader('v2', CLIENT);
    assert.equal(
      await raw(PROXY, header.subarray(0, 5), header.subarray(5, 20), Buffer.concat([header.subarray(20), PAGE])),
      200,
    );
    assert.equal(await raw(PROXY, Buffer.concat([writeProxyHeader('v1', CLIENT), PAGE])), 200);
    // The proxy itself, and nobody in particular: neither is on the LAN.
    assert.equal(await raw(PROXY, writeProxyHeader('v2', null), PAGE), 308);
    assert.equal(await raw(PROXY, writeProxyHeader('v1', null), PAGE), 308);
  });

  await t.test('a stream admits by it, and says it again to its server', async () => {
    const plain = await open({ port: doors.stream, from: LAN });
    await within('the end for a stranger', once(plain.resume(), 'close'), WITHIN_MS);
    const socket = await open({ port: doors.stream, from: OUTSIDE, tls });
    socket.write('hello');
    const bytes = await within('the first bytes', behind.first, WITHIN_MS);
    const header = readProxyHeader(bytes);
    assert.ok(header.kind === 'proxied');
    assert.deepEqual([header.source.address, header.source.port], [OUTSIDE, socket.localPort]);
    assert.deepEqual(header.destination, { address: '127.0.0.1', port: stream });
    socket.destroy();
  });

  await t.test('silence ends a connection; switched off, everybody speaks as usual', async () => {
    await within('the end of a silent connection', slow, WITHIN_MS);
    assert.equal((await gate.reload(yaml(false))).code, 0);
    assert.equal(await raw(LAN, PAGE), 200);
    assert.equal(await raw(PROXY, requestBytes({ path: '/', headers: { 'X-Forwarded-For': LAN } })), 200);
    assert.equal(await page(doors.http, LAN), 400);
  });
});

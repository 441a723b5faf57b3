// Tests the device's handshake and the chains that it takes.

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { SecureVersion, TlsOptions } from 'node:tls';
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import { issue, root } from './authority.ts';
import { reply, serve } from './wire.ts';

const OTA = 'https://ota.example.com/xiaozhi/ota/';
const OK = '{"firmware":{"version":"1.0.0","url":""}}';
const HOST = 'ota.example.com';

const top = { name: 'Test Root', keys: 0 };
const middle = { name: 'Test Middle', keys: 1 };
const gone = { name: 'Root That Is Gone', keys: 2 };
const topRoot = root(top.name, top.keys);
const goneRoot = root(gone.name, gone.keys);
const middleCa = issue({ ...middle, issuer: top, ca: true });
const topCross = issue({ ...top, issuer: gone, ca: true });
const leaf = issue({ name: HOST, keys: 2, issuer: top, hosts: [HOST] });
const deepLeaf = issue({ name: HOST, keys: 2, issuer: middle, hosts: [HOST] });

function device(port: number, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '2.0.0',
    board: 'b',
    trust: [topRoot.cert],
    lookup: () => '127.0.0.1',
    port: () => port,
    ...options,
  });
}

function chain(...parts: { cert: string; key: string }[]): TlsOptions {
  return { key: parts[0]?.key ?? '', cert: parts.map(({ cert }) => cert).join('') };
}

const expired = issue({ name: HOST, keys: 2, issuer: top, hosts: [HOST], years: -2 });
const otherName = issue({ name: HOST, keys: 2, issuer: top, hosts: ['other.example.com'] });
const wildcard = issue({ name: 'x', keys: 2, issuer: top, hosts: ['*.example.com'] });
const selfSigned = issue({ name: HOST, keys: 2, issuer: { name: HOST, keys: 2 }, hosts: [HOST] });
const noCa = issue({ ...middle, issuer: top, ca: false, hosts: ['middle.example.com'] });
const forged = issue({ name: HOST, keys: 2, issuer: { name: top.name, keys: 2 }, hosts: [HOST] });
const otherMiddle = issue({ ...middle, keys: 0, issuer: top, ca: true });
const forClients = issue({ name: HOST, keys: 2, issuer: top, hosts: [HOST], forClients: true });
const modem = { generation: 'modem' } as const;

const CHAINS: [string, TlsOptions, Partial<DeviceOptions>, boolean][] = [
  ['a leaf of a trusted root', chain(leaf), {}, true],
  ['a leaf, and the root with it', chain(leaf, topRoot), {}, true],
  ['a leaf with its intermediate', chain(deepLeaf, middleCa), {}, true],
  ['a leaf without its intermediate', chain(deepLeaf), {}, false],
  ['a wildcard', chain(wildcard), {}, true],
  ['an expired leaf', chain(expired), {}, true],
  ['another name', chain(otherName), {}, false],
  ['a self-signed leaf', chain(selfSigned), {}, false],
  ['a root that is not in the bundle', chain(leaf), { trust: [goneRoot.cert] }, false],
  ['a leaf signed by another key under the name of the root', chain(forged), {}, false],
  ['an intermediate of the right name that did not sign the leaf', chain(deepLeaf, otherMiddle), {}, false],
  ['a certificate for clients', chain(forClients), {}, false],
  ['an intermediate that is no CA', chain(deepLeaf, noCa), {}, false],
  ['a chain that ends in a cross-sign, before 2.4.2', chain(deepLeaf, middleCa, topCross), { version: '2.4.1' }, false],
  ['a chain that ends in a cross-sign, from 2.4.2 on', chain(deepLeaf, middleCa, topCross), { version: '2.4.2' }, true],
  ['a cross-sign whose root is in the bundle', chain(leaf, topCross), { trust: [goneRoot.cert] }, true],
  ['a self-signed leaf, for a modem', chain(selfSigned), modem, true],
  ['another name, for a modem', chain(otherName), modem, true],
];
for (const [what, options, who, good] of CHAINS) {
  test(`${what} is ${good ? 'taken' : 'refused with 32794'}`, async (t) => {
    const wire = await serve(t, reply(OK), options);
    const outcome = await device(wire.port, who).check(OTA);
    assert.equal(outcome.outcome, good ? 'current' : 'failed', JSON.stringify(outcome));
    if (outcome.outcome === 'failed') assert.equal(outcome.code, 32794);
    assert.equal(wire.requests.length, good ? 1 : 0, 'nothing is sent to a server that is not trusted');
  });
}

test('an address is looked for among the addresses of the certificate', async (t) => {
  const byAddress = issue({ name: 'x', keys: 2, issuer: top, ips: ['127.0.0.1'] });
  const wire = await serve(t, reply(OK), chain(byAddress));
  const one = device(wire.port);
  assert.equal((await one.check('https://127.0.0.1/xiaozhi/ota/')).outcome, 'current');
  assert.equal((await one.check('https://192.168.1.9/xiaozhi/ota/')).outcome, 'failed');
});

const SERVERS: [string, TlsOptions, boolean][] = [
  ['TLS 1.3 only', { minVersion: 'TLSv1.3' as SecureVersion }, false],
  ['ChaCha20 only', { ciphers: 'ECDHE-RSA-CHACHA20-POLY1305', maxVersion: 'TLSv1.2' }, false],
  ['CBC only', { ciphers: 'ECDHE-RSA-AES128-SHA256', maxVersion: 'TLSv1.2' }, false],
  ['no forward secrecy', { ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, false],
  ['AES-128-GCM', { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, true],
];
for (const [what, options, good] of SERVERS) {
  test(`a server with ${what} ${good ? 'is spoken to' : 'ends in 32794'}`, async (t) => {
    const wire = await serve(t, reply(OK), { ...chain(leaf), ...options });
    const outcome = await device(wire.port).check(OTA);
    assert.equal(outcome.outcome === 'failed' ? outcome.code : outcome.outcome, good ? 'current' : 32794);
  });
}

test('the ClientHello: TLS 1.2, SNI, four suites, no ALPN, no ticket, no session', async (t) => {
  const hellos = await helloServer(t);
  await device(hellos.port).check(OTA);
  await device(hellos.port).check('https://192.168.1.5/');
  const [byName, byAddress] = hellos.seen;
  assert.ok(byName !== undefined && byAddress !== undefined);
  assert.equal(byName.version, 0x0303);
  assert.equal(byName.sessionIdBytes, 0);
  assert.deepEqual(byName.suites, [0xc02c, 0xc030, 0xc02b, 0xc02f]);
  assert.equal(byName.extensions.get(0)?.subarray(5).toString(), HOST);
  for (const absent of [1, 16, 35, 41, 43, 51])
    assert.equal(byName.extensions.has(absent), false, `extension ${absent}`);
  assert.equal(byAddress.extensions.has(0), false, 'no SNI for an address');
});

test('every connection is a full handshake, even to a server that offers tickets', async (t) => {
  const wire = await serve(t, reply(OK), chain(leaf));
  const one = device(wire.port);
  await one.check(OTA);
  await one.check(OTA);
  assert.equal(wire.requests.length, 2);
});

test('silence within the handshake ends it; so does a server that speaks no TLS', async (t) => {
  const silent = createServer((socket) => keep(t, socket));
  const port = await listen(t, silent);
  const startedAt = performance.now();
  const outcome = await device(port, { handshakeMs: 100 }).check(OTA);
  assert.equal(outcome.outcome === 'failed' && outcome.code, 32794);
  assert.ok(performance.now() - startedAt < 1000);

  const plain = createServer((socket) => {
    keep(t, socket);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const other = await device(await listen(t, plain)).check(OTA);
  assert.equal(other.outcome === 'failed' && other.code, 32794);
});

type Hello = { version: number; sessionIdBytes: number; suites: number[]; extensions: Map<number, Buffer> };

async function helloServer(t: { after: (fn: () => void) => void }): Promise<{ port: number; seen: Hello[] }> {
  const seen: Hello[] = [];
  const server = createServer((socket) => {
    keep(t, socket);
    socket.once('data', (record: Buffer) => {
      seen.push(parseHello(record.subarray(9)));
      socket.destroy();
    });
  });
  return { port: await listen(t, server), seen };
}

// RFC 5246 section 7.4.1.2: version, random, session id, suites, compression, extensions.
function parseHello(body: Buffer): Hello {
  const sessionIdBytes = body.readUInt8(34);
  let at = 35 + sessionIdBytes;
  const suites: number[] = [];
  const suitesEnd = at + 2 + body.readUInt16BE(at);
  for (at += 2; at < suitesEnd; at += 2) suites.push(body.readUInt16BE(at));
  at += 1 + body.readUInt8(at) + 2;
  const extensions = new Map<number, Buffer>();
  while (at + 4 <= body.length) {
    const length = body.readUInt16BE(at + 2);
    extensions.set(body.readUInt16BE(at), body.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { version: body.readUInt16BE(0), sessionIdBytes, suites, extensions };
}

function keep(t: { after: (fn: () => void) => void }, socket: Socket): void {
  socket.on('error', () => {});
  t.after(() => socket.destroy());
}

async function listen(
  t: { after: (fn: () => void) => void },
  server: ReturnType<typeof createServer>,
): Promise<number> {
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

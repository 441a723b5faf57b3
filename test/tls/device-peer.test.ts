// Tests the check against mbedTLS itself: it finds a fault where a device refuses the chain, and none where one takes it.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { describeTlsError } from '../../src/tls/alert-words.ts';
import { checkForDevices } from '../../src/tls/device-check.ts';
import { bundleOf, bundleRoot } from '../../src/tls/esp-bundle.ts';
import { handshakeBytes } from '../../src/tls/served-chain.ts';
import { callAsDevice, type DeviceView, skip } from '../peers/device-tls.ts';
import { type Issued, issue, type Wish } from './issue.ts';

const HOST = 'ota.example.com';
const root = issue({ name: 'Root', ca: true });
const rsaRoot = issue({ name: 'RSA Root', key: 'rsa2048', ca: true });
const goneRoot = issue({ name: 'Root That Is Gone', ca: true });
const namesake = issue({ name: 'Root', ca: true });
const middle = issue({ name: 'Middle', ca: true, by: root });
const lower = issue({ name: 'Lower', ca: true, by: middle });
const rootCross = issue({ name: 'Root', keys: root.keys, ca: true, by: goneRoot });
const stranger = issue({ name: 'Stranger', ca: true, by: rsaRoot });
const roots = [root, rsaRoot];
const bundle = bundleOf(
  [{ date: '2024-01-01', source: 'test' }],
  roots.map(({ pem }) => bundleRoot(new X509Certificate(pem), [true])),
);

function leaf(by: Issued, wish: Partial<Wish> = {}): Issued {
  return issue({ name: HOST, hosts: [HOST], by, ...wish });
}

const manyHosts = Array.from({ length: 700 }, (_, index) => `device-${index}.${HOST}`);
const yesterday = new Date(Date.now() - 3_600_000);

// What mbedTLS says before 2.4.2, and from 2.4.2 on; null where it takes the chain. And the alert that a server sees.
type Row = [what: string, chain: Issued[], before: string | null, since: string | null, alert?: string];
const TABLE: Row[] = [
  ['a leaf of a root', [leaf(root)], null, null],
  ['a chain of three', [leaf(lower), lower, middle], null, null],
  ['the root served along', [leaf(middle), middle, root], null, null],
  ['RSA', [leaf(rsaRoot, { key: 'rsa2048' })], null, null],
  ['RSA 4096', [leaf(rsaRoot, { key: 'rsa4096' })], null, null],
  ['P-384', [leaf(root, { key: 'p384' })], null, null],
  ['an expired leaf', [leaf(root, { until: yesterday })], null, null],
  ['a wildcard', [leaf(root, { hosts: ['*.example.com'] })], null, null],
  ['a certificate that does not belong', [leaf(middle), middle, stranger], null, null],
  ['over 4 KB', [leaf(root, { hosts: [HOST, ...manyHosts.slice(0, 150)] })], null, null],
  ['over 16 KB', [leaf(root, { hosts: [HOST, ...manyHosts] })], '-0x7080', '-0x7080'],
  ['another name', [leaf(root, { hosts: ['other.example.com'] })], '-0x2700', '-0x2700', 'bad-certificate'],
  [
    'a wildcard for another label',
    [leaf(root, { hosts: ['*.ota.example.com'] })],
    '-0x2700',
    '-0x2700',
    'bad-certificate',
  ],
  ['no intermediate', [leaf(middle)], '-0x3000', '-0x2700', 'access-denied'],
  ['the wrong order', [leaf(lower), middle, lower], '-0x3000', '-0x2700', 'access-denied'],
  ['a root of another key', [leaf(namesake)], '-0x3000', '-0x2700', 'access-denied'],
  ['a private root', [leaf(goneRoot)], '-0x3000', '-0x2700', 'access-denied'],
  ['a trailing cross-sign', [leaf(middle), middle, rootCross], '-0x3000', null, 'access-denied'],
  ['RSA 1024', [leaf(root, { key: 'rsa1024' })], '-0x2700', '-0x2700', 'unsupported-certificate'],
  ['SHA-1', [leaf(middle, { hash: 'sha1' }), middle], '-0x2700', '-0x2700', 'certificate-unknown'],
];

for (const [what, chain, before, since, alert] of TABLE) {
  test(`${what}: ${before ?? 'taken'} before 2.4.2, ${since ?? 'taken'} since`, { skip }, async () => {
    const pem = chain.map(({ pem }) => pem).join('');
    const old = await meet(pem, chain[0]?.keyPem ?? '', 'bundle');
    const current = await meet(pem, chain[0]?.keyPem ?? '', 'roots');
    assert.equal(old.view.failed?.error ?? null, before, JSON.stringify(old.view));
    assert.equal(current.view.failed?.error ?? null, since, JSON.stringify(current.view));
    if (alert !== undefined) assert.deepEqual(old.reasons, [alert]);

    const faults = checkForDevices(pem, [HOST], 4096, { bundle }).filter(({ severity }) => severity === 'fault');
    assert.equal(faults.length > 0, before !== null, JSON.stringify(faults));
    if (before !== null) {
      assert.ok(
        faults.some(({ why }) => why.includes(before)),
        `${before} is what the finding names: ${JSON.stringify(faults)}`,
      );
    }

    const told = handshakeBytes(chain.map((one) => new X509Certificate(one.pem)));
    const came = old.view.handshake?.bytesIn ?? told;
    assert.ok(Math.abs(told - came) <= 16, `${told} bytes were told, ${came} came`);
  });
}

/** One handshake of the client with a server that serves this chain, and why the server says that it failed. */
async function meet(
  cert: string,
  key: string,
  trust: 'bundle' | 'roots',
): Promise<{ view: DeviceView; reasons: string[] }> {
  const reasons: string[] = [];
  const ended = Promise.withResolvers<void>();
  const sigalgs = 'ECDSA+SHA256:RSA+SHA256:ECDSA+SHA384:RSA+SHA384';
  // Below the security level of OpenSSL's default no RSA 1024 and no SHA-1 would be served.
  const server = createServer({ cert, key, sigalgs, ciphers: 'ALL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => {}).on('close', ended.resolve);
    socket.resume().end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  server.on('tlsClientError', (error) => {
    reasons.push(describeTlsError(error).reason);
    ended.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const rootsPem = roots.map(({ pem }) => pem).join('');
    const request = Buffer.from(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const view = await callAsDevice({ port, name: HOST, roots: rootsPem, request, trust });
    await ended.promise;
    return { view, reasons };
  } finally {
    server.close();
  }
}

// Tests what the check finds in a chain: one chain a row, with every finding that it brings.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { checkForDevices } from '../../src/tls/device-check.ts';
import { bundleOf, bundleRoot, espBundle } from '../../src/tls/esp-bundle.ts';
import { handshakeBytes } from '../../src/tls/served-chain.ts';
import { type Issued, issue, type Wish } from './issue.ts';

const HOST = 'ota.example.com';
const nowMs = Date.now();
const DAY = 86_400_000;

const root = issue({ name: 'Old Root', key: 'rsa2048', ca: true });
const ecRoot = issue({ name: 'Quick Root', ca: true });
const bigRoot = issue({ name: 'Large Root', key: 'p384', ca: true });
const newRoot = issue({ name: 'New Root', ca: true });
const oldRoot = issue({ name: 'Leaving Root', ca: true });
const goneRoot = issue({ name: 'Root That Is Gone', ca: true });
const otherKey = issue({ name: 'Old Root', ca: true });
const middle = issue({ name: 'Middle', ca: true, by: ecRoot });
const lower = issue({ name: 'Lower', ca: true, by: middle });
const lowest = issue({ name: 'Lowest', ca: true, by: lower });
const privateMiddle = issue({ name: 'Private Middle', ca: true, by: goneRoot });
const publicMiddle = issue({ name: 'Private Middle', ca: true, by: goneRoot, namesIssuer: true });
const sha1Root = issue({ name: 'SHA-1 Root', ca: true, hash: 'sha1' });
const largeMiddle = issue({ name: 'Large Middle', key: 'p384', ca: true, by: root });
const rootCross = issue({ name: root.name, keys: root.keys, ca: true, by: goneRoot });
const crossByNew = issue({ name: 'Quick Root', keys: ecRoot.keys, ca: true, by: newRoot });

const bundle = bundleOf(
  [
    { date: '2020-01-01', source: 'test' },
    { date: '2022-01-01', source: 'test' },
  ],
  [
    ...[root, ecRoot, bigRoot, sha1Root].map(({ pem }) => bundleRoot(new X509Certificate(pem), [true, true])),
    bundleRoot(new X509Certificate(newRoot.pem), [false, true]),
    bundleRoot(new X509Certificate(oldRoot.pem), [true, false]),
  ],
);

function leaf(by: Issued | undefined, wish: Partial<Wish> = {}): Issued {
  return issue({ name: HOST, hosts: [HOST], ...(by && { by }), ...wish });
}

const deep = leaf(middle);
const manyHosts = Array.from({ length: 700 }, (_, index) => `device-${index}.${HOST}`);

const TABLE: [what: string, chain: Issued[], expected: string[], names?: string[]][] = [
  ['a P-256 leaf of an old root', [leaf(ecRoot)], []],
  ['a leaf with its intermediate', [deep, middle], []],
  ['an RSA leaf of an RSA root', [leaf(root, { key: 'rsa2048' })], []],
  ['three certificates', [leaf(lower), lower, middle], []],
  ['four certificates', [leaf(lowest), lowest, lower, middle], ['warning chain-size']],
  ['the root served along', [deep, middle, ecRoot], ['note root-included']],
  ['another root of the same name', [leaf(otherKey)], ['fault issuer-unknown']],
  ['a leaf without its intermediate', [leaf(middle, { namesIssuer: true })], ['fault intermediate-missing']],
  ['a leaf of a private root', [leaf(goneRoot)], ['fault issuer-unknown']],
  ['a leaf and an intermediate of a private root', [leaf(privateMiddle), privateMiddle], ['fault issuer-unknown']],
  ['the same, which says where its issuer is', [leaf(publicMiddle), publicMiddle], ['fault issuer-unknown']],
  ['a root with a SHA-1 signature of its own, served along', [leaf(sha1Root), sha1Root], ['note root-included']],
  ['a leaf that signed itself', [leaf(undefined)], ['fault issuer-unknown']],
  ['a cross-sign at the end by a root that is gone', [leaf(root), rootCross], ['fault cross-sign']],
  [
    'a cross-sign at the end by a root that is there',
    [deep, middle, crossByNew],
    ['note cross-sign-needless', 'warning issuer-new'],
  ],
  ['a root that is new', [leaf(newRoot)], ['warning issuer-new']],
  ['a root that leaves', [leaf(oldRoot)], ['warning issuer-leaving']],
  ['a root that leaves, served along', [leaf(oldRoot), oldRoot], ['note root-included', 'warning issuer-leaving']],
  ['issuers in the wrong order', [leaf(lower), middle, lower], ['fault chain-order']],
  ['a certificate that does not belong', [deep, middle, largeMiddle], ['warning chain-stranger']],
  ['a P-384 leaf', [leaf(ecRoot, { key: 'p384' })], ['warning leaf-key']],
  ['a P-521 leaf', [leaf(ecRoot, { key: 'p521' })], ['warning leaf-key']],
  ['an RSA 4096 leaf', [leaf(ecRoot, { key: 'rsa4096' })], ['warning leaf-key']],
  ['an RSA 1024 leaf', [leaf(ecRoot, { key: 'rsa1024' })], ['fault leaf-key']],
  ['an Ed25519 leaf', [leaf(ecRoot, { key: 'ed25519' })], ['fault leaf-key']],
  ['an intermediate on P-384', [leaf(largeMiddle), largeMiddle], ['warning signature-slow']],
  ['a root on P-384', [leaf(bigRoot)], ['warning signature-slow']],
  ['a root on P-384 served along', [leaf(bigRoot), bigRoot], ['note root-included', 'warning signature-slow']],
  ['SHA-384 with a P-256 key is no slower', [leaf(ecRoot, { hash: 'sha384' })], []],
  ['SHA-1 under ECDSA', [leaf(ecRoot, { hash: 'sha1' })], ['fault signature-weak']],
  ['SHA-1 under RSA', [leaf(root, { hash: 'sha1' })], ['fault signature-weak']],
  ['another name', [leaf(ecRoot)], ['fault name-missing'], ['voice.example.com']],
  [
    'two names that are missing',
    [leaf(ecRoot)],
    ['fault name-missing', 'fault name-missing'],
    ['a.test', HOST, 'b.test'],
  ],
  ['a name in capitals', [leaf(ecRoot)], [], [HOST.toUpperCase()]],
  ['a wildcard', [leaf(ecRoot, { hosts: ['*.example.com'] })], [], [HOST, 'voice.example.com']],
  [
    'a wildcard is for one label',
    [leaf(ecRoot, { hosts: ['*.example.com'] })],
    ['fault name-missing'],
    ['a.b.example.com'],
  ],
  [
    'a wildcard is not for the name itself',
    [leaf(ecRoot, { hosts: ['*.example.com'] })],
    ['fault name-missing'],
    ['example.com'],
  ],
  ['no name but the common one', [issue({ name: HOST, by: ecRoot })], ['fault name-missing']],
  ['an expired leaf', [leaf(ecRoot, { until: new Date(nowMs - 1000) })], ['note expired']],
  ['a leaf from tomorrow on', [leaf(ecRoot, { from: new Date(nowMs + DAY) })], ['note not-yet-valid']],
  ['over 4 KB', [leaf(ecRoot, { hosts: [HOST, ...manyHosts.slice(0, 150)] })], ['warning chain-size']],
  ['over 16 KB', [leaf(ecRoot, { hosts: [HOST, ...manyHosts] })], ['fault chain-too-large']],
];

for (const [what, chain, expected, names = [HOST]] of TABLE) {
  test(`${what}: ${expected.join(', ') || 'nothing'}`, () => {
    const findings = checkForDevices(chain.map(({ pem }) => pem).join(''), names, 4096, { bundle, nowMs });
    assert.deepEqual(
      findings.map(({ severity, code }) => `${severity} ${code}`),
      expected,
      JSON.stringify(findings, null, 1),
    );
    for (const { what, why, remedy } of findings) assert.ok(what !== '' && why !== '' && remedy !== '');
  });
}

test('what is no certificate is a finding, never a throw', () => {
  const cut = leaf(ecRoot).pem.slice(0, 300);
  const garbled = leaf(ecRoot).pem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  for (const text of ['', 'hello', cut, garbled]) {
    const findings = checkForDevices(text, [HOST], 4096, { bundle, nowMs });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['chain-unreadable'],
    );
  }
});

test('records larger than 4 KB are warned about', () => {
  const codes = (recordBytes: number) =>
    checkForDevices(leaf(ecRoot).pem, [HOST], recordBytes, { bundle, nowMs }).map(({ code }) => code);
  assert.deepEqual(codes(4096), []);
  assert.deepEqual(codes(16_384), ['record-size']);
});

test('the finding on size tells the certificates, their bytes, and those of the handshake', () => {
  const chain = [leaf(lowest), lowest, lower, middle];
  const certificates = chain.map(({ pem }) => new X509Certificate(pem));
  const der = certificates.reduce((sum, { raw }) => sum + raw.length, 0);
  const [finding] = checkForDevices(chain.map(({ pem }) => pem).join(''), [HOST], 1024, { bundle, nowMs });
  assert.match(
    finding?.what ?? '',
    new RegExp(`4 certificates with ${der} bytes.* about ${handshakeBytes(certificates)}`),
  );
  assert.match(finding?.why ?? '', /larger than the records after it \(1024\)/);
});

test('the recorded bundle holds the roots of the authorities that people use', () => {
  const { bySubject, lists } = espBundle();
  const subjects = [...bySubject.keys()];
  for (const name of ['ISRG Root X1', 'ISRG Root X2', 'DigiCert Global Root G2', 'GTS Root R1', 'GTS Root R4']) {
    const subject = subjects.find((one) => one.endsWith(`CN=${name}`)) ?? '';
    assert.deepEqual(
      bySubject.get(subject)?.[0]?.on,
      lists.map(() => true),
      name,
    );
  }
  for (const [root] of bySubject.values()) {
    assert.match(root?.spkiSha256 ?? '', /^[0-9a-f]{64}$/);
    assert.equal(root?.on.length, lists.length);
  }
});

test('the recorded bundle agrees with Node’s own roots on nearly all of its newest list', () => {
  const { bySubject } = espBundle();
  const newest = [...bySubject.values()].flat().filter(({ on }) => on.at(-1));
  const own = rootCertificates.map((pem) => bundleRoot(new X509Certificate(pem), []));
  const shared = newest.filter((root) =>
    own.some(({ spkiSha256, subject, keyId, key }) => {
      const same = spkiSha256 === root.spkiSha256 && subject === root.subject;
      return same && keyId === root.keyId && key === root.key;
    }),
  );
  assert.ok(shared.length > 0.9 * newest.length, `${shared.length} of ${newest.length}`);
});

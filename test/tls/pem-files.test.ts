// Certificates of the operator are taken where they can be served, and refused with the file and the reason where not.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readPemFiles } from '../../src/tls/pem-files.ts';
import { issue, root } from '../device/authority.ts';

const NOW = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'otagate-pem-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ROOT = root('Test Root', 0);
const MIDDLE = issue({ name: 'Test Issuer', keys: 1, issuer: { name: 'Test Root', keys: 0 }, ca: true });
const wish = { name: 'ota.example.com', keys: 2, issuer: { name: 'Test Issuer', keys: 1 } };
const LEAF = issue({
  ...wish,
  hosts: ['OTA.example.com', '*.fw.example.com'],
  ips: ['192.168.1.5', '2001:db8:0:0::1'],
});
const EXPIRED = issue({ ...wish, hosts: ['ota.example.com'], years: -1 });
const NAMELESS = issue(wish);

const CUT = MIDDLE.cert.slice(0, MIDDLE.cert.length / 2);
const GARBAGE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

function encrypted(type: 'pkcs1' | 'pkcs8'): string {
  const key = createPrivateKey(LEAF.key);
  return key.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
}

const files = { cert: join(folder, 'chain.pem'), key: join(folder, 'chain.key') };

function read(cert: string, key: string, nowMs = NOW) {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return readPemFiles(files, nowMs);
}

describe('taken', () => {
  const fine: [what: string, cert: string, key?: string][] = [
    ['the leaf alone', LEAF.cert],
    ['the leaf and its issuer', LEAF.cert + MIDDLE.cert],
    ['the whole chain', LEAF.cert + MIDDLE.cert + ROOT.cert],
    ['text around the certificates', `# leaf\n${LEAF.cert}\n# issuer\n${MIDDLE.cert}bye\n`],
    ['line ends of Windows', (LEAF.cert + MIDDLE.cert).replace(/\r?\n/g, '\r\n')],
    ['line ends of Unix', (LEAF.cert + MIDDLE.cert).replaceAll('\r', '')],
    ['a key as PKCS#8', LEAF.cert, createPrivateKey(LEAF.key).export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a byte order mark', `\ufeff${LEAF.cert}`],
  ];
  for (const [what, cert, key = LEAF.key] of fine) {
    it(what, () => {
      const served = read(cert, key);
      assert.deepEqual(served, {
        names: ['ota.example.com', '*.fw.example.com', '192.168.1.5', '2001:db8::1'],
        certPem: cert,
        keyPem: key,
        publicChain: false,
      });
    });
  }

  it('a certificate without alternative names is for no name', () => {
    assert.deepEqual(read(NAMELESS.cert, NAMELESS.key).names, []);
  });
});

describe('refused', () => {
  const faults: [what: string, cert: string, key: string, message: RegExp][] = [
    [
      'the key of another certificate',
      LEAF.cert,
      MIDDLE.key,
      /chain\.key is not the key of the first certificate in .*chain\.pem/,
    ],
    ['the issuer first', MIDDLE.cert + LEAF.cert, LEAF.key, /chain\.key is not the key/],
    [
      'a gap in the chain',
      LEAF.cert + ROOT.cert,
      LEAF.key,
      /chain\.pem is out of order: certificate 2 did not issue certificate 1/,
    ],
    ['the root before the issuer', LEAF.cert + ROOT.cert + MIDDLE.cert, LEAF.key, /certificate 2 did not issue/],
    [
      'a foreign certificate at the end',
      LEAF.cert + MIDDLE.cert + LEAF.cert,
      LEAF.key,
      /certificate 3 did not issue certificate 2/,
    ],
    ['an empty chain', '', LEAF.key, /chain\.pem holds no certificate/],
    ['no certificate', 'hello', LEAF.key, /holds no certificate/],
    ['the key where the chain belongs', LEAF.key, LEAF.key, /holds no certificate/],
    ['a cut-off leaf', CUT, LEAF.key, /chain\.pem is cut off: certificate 1/],
    ['a cut-off issuer', LEAF.cert + CUT, LEAF.key, /is cut off: certificate 2/],
    ['a certificate that is none', GARBAGE, LEAF.key, /chain\.pem holds a certificate that cannot be read/],
    ['such an issuer', LEAF.cert + GARBAGE, LEAF.key, /cannot be read/],
    ['a key encrypted as PKCS#8', LEAF.cert, encrypted('pkcs8'), /chain\.key is encrypted/],
    ['a key encrypted the old way', LEAF.cert, encrypted('pkcs1'), /chain\.key is encrypted/],
    ['an empty key', LEAF.cert, '', /chain\.key holds no private key/],
    ['a cut-off key', LEAF.cert, LEAF.key.slice(0, 800), /chain\.key holds no private key/],
    ['a certificate where the key belongs', LEAF.cert, LEAF.cert, /chain\.key holds no private key/],
    ['an expired leaf', EXPIRED.cert + MIDDLE.cert, EXPIRED.key, /chain\.pem expired on \d{4}-01-01T00:00:00\.000Z/],
  ];
  for (const [what, cert, key, message] of faults) {
    it(what, () => assert.throws(() => read(cert, key), { code: 'TLS_MATERIAL', message }));
  }

  it('a leaf at the very moment of its end', () => {
    const endsMs = Date.UTC(new Date().getUTCFullYear() + 2, 0, 1);
    assert.equal(read(LEAF.cert, LEAF.key, endsMs - 1).names.length, 4);
    assert.throws(() => read(LEAF.cert, LEAF.key, endsMs), { code: 'TLS_MATERIAL' });
  });

  it('files that are not there, or no files', () => {
    writeFileSync(files.cert, LEAF.cert);
    const missing = { ...files, key: join(folder, 'missing.key') };
    assert.throws(() => readPemFiles(missing, NOW), { code: 'TLS_MATERIAL', message: /missing\.key cannot be read/ });
    mkdirSync(join(folder, 'sub'), { recursive: true });
    const subfolder = { ...files, cert: join(folder, 'sub') };
    assert.throws(() => readPemFiles(subfolder, NOW), { code: 'TLS_MATERIAL', message: /sub cannot be read/ });
  });
});

// PKCS#12 as the `openssl` command writes it: both kinds of key, old and new algorithms, every kind of passphrase.
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GateError } from '../../src/base/errors.ts';
import { readPkcs12 } from '../../src/tls/pkcs12.ts';
import { peer } from '../peer.ts';
import { chainFor, OPERATOR_ROOT } from '../rig/brought.ts';
import { openssl, pkcs12 } from '../rig/openssl.ts';

const { skip } = peer('openssl');
const folder = mkdtempSync(join(tmpdir(), 'otagate-p12-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CHAINS = { EC: chainFor('ec.test'), RSA: chainFor('rsa.test', 'rsa2048') };
const ALGORITHMS: Record<string, string[]> = {
  'as it comes (AES-256, SHA-256)': [],
  'as Windows 10 writes it (3DES, SHA-1)': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  'AES-128 and SHA-512': ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha512'],
  'certificates in the open': ['-certpbe', 'NONE'],
  'without a checksum': ['-nomac'],
};
const PASSPHRASES = ['', 'secret', 'with spaces and "quotes"', 'schlüssel', '密码', 'x'.repeat(200)];

function write(content: string | Uint8Array): string {
  const file = join(folder, 'x.p12');
  writeFileSync(file, content);
  return file;
}

/** Reads it, and looks whether the right things come out. */
function check(content: Uint8Array, pem: { cert: string; key: string }, passphrase?: string): void {
  const read = readPkcs12({ pkcs12: write(content), ...(passphrase === undefined ? {} : { passphrase }) });
  assert.equal(read.certPem, pem.cert);
  const spki = (key: string): string => createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(read.keyPem, spki(pem.key));
}

function failure(content: string | Uint8Array, passphrase?: string): string {
  let message = '';
  assert.throws(
    () => readPkcs12({ pkcs12: write(content), ...(passphrase === undefined ? {} : { passphrase }) }),
    (error) => {
      assert.ok(error instanceof GateError && error.code === 'TLS_MATERIAL', String(error));
      message = error.message;
      return message.startsWith(join(folder, 'x.p12'));
    },
  );
  return message;
}

for (const [kind, pem] of Object.entries(CHAINS)) {
  for (const [name, options] of Object.entries(ALGORITHMS)) {
    test(`${kind}, ${name}`, { skip }, () => check(pkcs12(pem, 'secret', options), pem, 'secret'));
  }
}

for (const passphrase of PASSPHRASES) {
  for (const [name, options] of Object.entries(ALGORITHMS).slice(0, 2)) {
    test(`the passphrase "${passphrase.slice(0, 30)}", ${name}`, { skip }, () => {
      check(pkcs12(CHAINS.EC, passphrase, options), CHAINS.EC, passphrase);
      assert.match(failure(pkcs12(CHAINS.EC, passphrase, options), `${passphrase}ü`), /the passphrase is wrong/);
    });
  }
}

test('no passphrase is the empty one', { skip }, () => {
  check(pkcs12(CHAINS.EC, ''), CHAINS.EC);
  check(pkcs12(CHAINS.RSA, '', ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac']), CHAINS.RSA);
  assert.match(failure(pkcs12(CHAINS.EC, 'secret')), /cannot be opened: no passphrase was given \(passphrase or/);
});

test('the chain is put in order, and what does not belong to it is left out', { skip }, () => {
  const [leaf = '', intermediate = ''] = CHAINS.EC.cert.split(/(?<=END CERTIFICATE-----\n)/);
  const mixed = { key: CHAINS.EC.key, cert: `${OPERATOR_ROOT}${intermediate}${CHAINS.RSA.cert}${leaf}` };
  const { certPem } = readPkcs12({ pkcs12: write(pkcs12(mixed, 'secret')), passphrase: 'secret' });
  assert.equal(certPem, `${leaf}${intermediate}${OPERATOR_ROOT}`);
});

test('what is missing or is no PKCS#12 is said', { skip }, () => {
  const whole = pkcs12(CHAINS.EC, 'secret');
  assert.match(failure(CHAINS.EC.cert, 'secret'), /cannot be read as PKCS#12/);
  assert.match(failure(whole.subarray(0, whole.length - 40), 'secret'), /cannot be read as PKCS#12/);
  assert.match(failure(new X509Certificate(CHAINS.EC.cert).raw, 'secret'), /cannot be opened/);
  const keyless = openssl(['pkcs12', '-export', '-nokeys', '-in', 'cert', '-passout', 'pass:secret'], CHAINS.EC);
  assert.match(failure(keyless, 'secret'), /holds no private key/);
  const lone = openssl(['pkcs12', '-export', '-nocerts', '-inkey', 'key', '-passout', 'pass:secret'], CHAINS.EC);
  assert.match(failure(lone, 'secret'), /holds no certificate that belongs to its key/);
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(damaged.readUInt8(300) ^ 1, 300);
  assert.match(failure(damaged, 'secret'), /cannot be (opened|read)/);
  assert.match(failure('', 'secret'), /cannot be read as PKCS#12/);
});

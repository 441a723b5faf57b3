// Owns tls.certificates: PEM pairs and PKCS#12, what each needs, and how they arrive.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, brief, configOf, faultsOf } from './checked.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-certificates-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file');
writeFileSync(file, 'x');

const entry = (rest: string): string => `${BASE}tls: { certificates: [{ ${rest} }] }\n`;

test('a pair and a PKCS#12 file, with and without a passphrase', () => {
  const table: [written: string, read: object][] = [
    [`cert: ${file}, key: ${file}`, { cert: file, key: file }],
    [`cert: ${file}, key: ${file}, passphrase: p`, { cert: file, key: file, passphrase: 'p' }],
    [`pkcs12: ${file}`, { pkcs12: file }],
    [
      `pkcs12: ${folder}/../${folder.split('/').at(-1)}/file, passphraseFile: ${file}`,
      { pkcs12: file, passphrase: 'x' },
    ],
  ];
  for (const [written, read] of table) {
    const config = configOf(entry(written));
    assert.deepEqual(config.tls.certificates, [read]);
    assert.deepEqual(configOf(printLongForm(config)), config);
  }
});

test('half an entry, and one that is two', () => {
  const table: [written: string, faults: string[]][] = [
    [`cert: ${file}`, ['key: is missing']],
    [`key: ${file}`, ['cert: is missing']],
    ['', ['cert: is missing', 'key: is missing']],
    [`pkcs12: ${file}, cert: ${file}, key: ${file}`, ['pkcs12: is there beside cert']],
    [`pkcs12: ${file}, key: ${file}`, ['pkcs12: is there beside key']],
    [`crt: ${file}, key: ${file}`, ['crt: is not a key known here']],
    ['pkcs12: /nowhere.p12', ['pkcs12: there is no such file']],
    [`pkcs12: ${folder}`, ['pkcs12: is a folder']],
    [`pkcs12: ${file}, passphrase: ""`, ['passphrase: is empty']],
  ];
  for (const [written, faults] of table) {
    assert.deepEqual(
      brief(faultsOf(entry(written))).map((line) => line.replace(/^.*certificates\[0\]\./, '')),
      faults,
      written,
    );
  }
});

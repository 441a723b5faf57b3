// Obtained certificates on disk: what is written comes back, and what is damaged is told, never served.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Obtained, readObtained, writeObtained } from '../../../src/tls/acme/certificate-files.ts';
import { issue } from '../issue.ts';

const DIRECTORY = 'https://ca.example.com/directory';
const FOLDER = 'certificates-v1';

function stateDir(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-kept-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function obtained(name: string, keyType: 'ecdsa' | 'rsa' = 'ecdsa'): Obtained {
  const ca = issue({ name: 'A CA', ca: true });
  const leaf = issue({ name, hosts: [name], by: ca, key: keyType === 'rsa' ? 'rsa2048' : 'p256' });
  return { name, keyType, directory: DIRECTORY, certPem: leaf.pem + ca.pem, keyPem: leaf.keyPem };
}

test('what was written comes back, for every kind of name', (t) => {
  const folder = stateDir(t);
  assert.deepEqual(readObtained(folder), { obtained: [], damaged: [] }, 'nothing yet');
  const all = [obtained('a.test'), obtained('a.test', 'rsa'), obtained('*.a.test'), obtained('2001:db8::1')];
  for (const one of all) writeObtained(folder, one);
  const { obtained: read, damaged } = readObtained(folder);
  assert.deepEqual(damaged, []);
  const byName = (one: Obtained, other: Obtained): number =>
    `${one.name}${one.keyType}` < `${other.name}${other.keyType}` ? -1 : 1;
  assert.deepEqual(read.sort(byName), all.sort(byName));
});

test('only this user may read them, from the first byte on', (t) => {
  const folder = stateDir(t);
  writeObtained(folder, obtained('a.test'));
  assert.equal(statSync(join(folder, FOLDER)).mode & 0o777, 0o700);
  for (const file of readdirSync(join(folder, FOLDER))) {
    assert.equal(statSync(join(folder, FOLDER, file)).mode & 0o777, 0o600);
  }
});

test('the next one takes the place of the last one', (t) => {
  const folder = stateDir(t);
  writeObtained(folder, obtained('a.test'));
  const next = obtained('a.test');
  writeObtained(folder, next);
  assert.deepEqual(readObtained(folder).obtained, [next]);
});

test('a file that is damaged in any way is told and passed over', (t) => {
  const folder = stateDir(t);
  const good = obtained('good.test');
  writeObtained(folder, good);
  writeObtained(folder, obtained('bad.test'));
  const file = join(folder, FOLDER, 'bad.test.ecdsa.pem');
  const text = readFileSync(file, 'utf8');
  const other = obtained('bad.test');
  const damages: Record<string, string> = {
    empty: '',
    'cut off in the key': text.slice(0, 150),
    'cut off in the certificate': text.slice(0, text.indexOf('-----END CERTIFICATE') - 50),
    'without its first line': text.slice(text.indexOf('\n') + 1),
    'with another first line': text.replace(/\{.*\}/, '{"name":1}'),
    'with half a first line': text.replace(/\{.*\}/, '{"name":"bad.test"'),
    'with a kind of key that is not known': text.replace('"ecdsa"', '"dsa"'),
    'with the key of another': text.replace(/-----BEGIN PRIVATE KEY[\s\S]*END PRIVATE KEY-----\n/, other.keyPem),
    'zeros, as a crash of the machine may leave': '\0'.repeat(text.length),
  };
  for (const [how, content] of Object.entries(damages)) {
    writeFileSync(file, content);
    const { obtained: read, damaged } = readObtained(folder);
    assert.deepEqual(read, [good], how);
    assert.equal(damaged.length, 1, how);
    assert.match(
      damaged[0] ?? '',
      /bad\.test\.ecdsa\.pem cannot be used \(.+\): a new certificate is ordered in its place$/,
      how,
    );
  }
});

test('what a crash leaves under its first name is not read', (t) => {
  const folder = stateDir(t);
  writeObtained(folder, obtained('a.test'));
  const file = join(folder, FOLDER, 'a.test.ecdsa.pem');
  copyFileSync(file, `${file}.123.tmp`);
  assert.equal(readObtained(folder).obtained.length, 1);
});

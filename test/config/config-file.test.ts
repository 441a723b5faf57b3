// Owns reading the file itself: each way that it can fail names the next step.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { defaultConfigFile, loadConfig } from '../../src/config/load.ts';
import { BASE, NOW } from './checked.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-config-'));
after(() => rmSync(folder, { recursive: true }));
const asRoot = process.getuid?.() === 0;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function only(path: string): string {
  const loaded = loadConfig(path, {}, NOW);
  if (loaded.ok) return assert.fail('it loaded');
  assert.equal(loaded.faults.length, 1);
  return formatFinding(loaded.faults[0] ?? assert.fail());
}

test('a file that is not there: how to make one', () => {
  const path = join(folder, 'none.yaml');
  assert.equal(
    only(path),
    `${path}: there is no such file, expected one made by: cp config/shortest.yaml ${path}; then set domain, email and upstream.host in it`,
  );
  assert.match(only(join(file('plain', BASE), 'otagate.yaml')), /part of the path is not a folder/);
  assert.equal(defaultConfigFile, 'config/otagate.yaml');
});

test('a folder, a loop of links, a pipe', () => {
  mkdirSync(join(folder, 'sub'));
  assert.match(only(join(folder, 'sub')), /is a folder, expected a file; did you mean ".*\/sub\/otagate\.yaml"/);
  symlinkSync('loop', join(folder, 'loop'));
  assert.match(only(join(folder, 'loop')), /cannot be read \(ELOOP\)/);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  assert.match(only(join(folder, 'pipe')), /is not a regular file/);
});

test('a file that this user may not read', { skip: asRoot && 'root may read everything' }, () => {
  const path = file('closed.yaml', BASE);
  chmodSync(path, 0);
  assert.match(only(path), /cannot be read by this user \(EACCES\), expected .*ls -l/);
});

test('empty, too large, in another encoding', () => {
  assert.match(only(file('empty.yaml', '')), /is empty, expected at least domain and upstream/);
  assert.match(only(file('blank.yaml', '\n \n')), /is empty/);
  assert.match(only(file('large.yaml', '#'.repeat(1024 * 1024 + 1))), /has 1048577 bytes, expected .*1 MiB at most/);
  assert.match(only(file('utf16.yaml', Buffer.from(`\ufeff${BASE}`, 'utf16le'))), /is not UTF-8/);
});

test('a byte order mark is no part of the first key, nor of its column', () => {
  const loaded = loadConfig(file('bom.yaml', `\ufeff${BASE}`), {}, NOW);
  assert.equal(loaded.ok, true);
  assert.match(
    only(file('bom-fault.yaml', `\ufeffdomain: a_b\n${BASE.split('\n')[1]}\n`)),
    /:1:9: domain: has an underscore/,
  );
});

test('relative paths start at the folder of the file', () => {
  mkdirSync(join(folder, 'conf'));
  file('a.pem', 'x');
  const path = file(
    'conf/otagate.yaml',
    `${BASE}tls: { certificates: [{ cert: ../a.pem, key: ../a.pem }] }\nlog: { file: gate.log }\n`,
  );
  const loaded = loadConfig(path, {}, NOW);
  if (!loaded.ok) return assert.fail(loaded.faults.map(formatFinding).join('\n'));
  assert.equal(loaded.config.file, path);
  assert.equal(loaded.config.stateDir, join(folder, 'data'));
  assert.deepEqual(loaded.config.tls.certificates, [{ cert: join(folder, 'a.pem'), key: join(folder, 'a.pem') }]);
  assert.equal(loaded.config.log.file, join(folder, 'conf/gate.log'));
});

test('certificate files that are folders', () => {
  const path = file('folder-cert.yaml', `${BASE}tls: { certificates: [{ cert: ., key: plain }] }\n`);
  assert.match(only(path), /:3:31: tls\.certificates\[0\]\.cert: is a folder/);
});

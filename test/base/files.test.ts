// A file is written whole or not at all, with its mode from the start, and leaves nothing beside it.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { ensurePrivateFolder, writeFileAtomic } from '../../src/base/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

it('writes text and bytes, private unless told', () => {
  const file = join(folder, 'a');
  writeFileAtomic(file, '固件');
  assert.equal(readFileSync(file, 'utf8'), '固件');
  assert.equal(mode(file), '600');
  writeFileAtomic(file, Uint8Array.of(0, 255), 0o644);
  assert.deepEqual([...readFileSync(file)], [0, 255]);
  assert.equal(mode(file), '644');
});

it('replaces a file with looser rights by one with its own', () => {
  const file = join(folder, 'loose');
  writeFileSync(file, 'old');
  chmodSync(file, 0o666);
  writeFileAtomic(file, 'new');
  assert.deepEqual([readFileSync(file, 'utf8'), mode(file)], ['new', '600']);
});

it('leaves the old content and no temporary file where it fails', () => {
  const inTheWay = join(folder, 'taken');
  mkdirSync(join(inTheWay, 'full'), { recursive: true });
  assert.throws(() => writeFileAtomic(inTheWay, 'x'), { code: /EISDIR|ENOTEMPTY|EEXIST|EPERM/ });
  assert.throws(() => writeFileAtomic(join(folder, 'missing', 'x'), 'x'), { code: 'ENOENT' });
  assert.deepEqual(readdirSync(inTheWay), ['full']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

it('makes a folder that only this user can enter, and is content where it is there', () => {
  const inner = join(folder, 'x', 'y');
  ensurePrivateFolder(inner);
  ensurePrivateFolder(inner);
  assert.equal(mode(inner), '700');
});

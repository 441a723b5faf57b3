// The state in SQLite keeps its keys across restarts, is private, and refuses files that it must not touch.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { freshFolder } from './fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

it('makes one key of 32 bytes at first use, and keeps it across restarts', () => {
  const folder = freshFolder();
  const first = openSqliteState(folder, NOW);
  const keys = first.sealKeys();
  assert.deepEqual(
    keys.map(({ id, key }) => [id, key.length]),
    [[1, 32]],
  );
  assert.deepEqual(
    first.sealKeys().map(({ key }) => Buffer.from(key)),
    [Buffer.from(keys[0]?.key ?? [])],
  );
  first.close();
  const second = openSqliteState(folder, NOW + 1);
  assert.deepEqual(
    second.sealKeys().map(({ key }) => Buffer.from(key)),
    [Buffer.from(keys[0]?.key ?? [])],
  );
  second.close();
});

it('makes another key in another place', () => {
  const keys = [freshFolder(), freshFolder()].map((folder) => {
    const state = openSqliteState(folder, NOW);
    const key = Buffer.from(state.sealKeys()[0]?.key ?? []).toString('hex');
    state.close();
    return key;
  });
  assert.notEqual(keys[0], keys[1]);
});

it('gives the newest key first', () => {
  const folder = freshFolder();
  const state = openSqliteState(folder, NOW);
  state.sealKeys();
  const other = new DatabaseSync(join(folder, 'state.sqlite'));
  other.prepare('INSERT INTO seal_key (id, key, made_ms) VALUES (?, ?, ?)').run(2, new Uint8Array(32), NOW + 1);
  other.prepare('INSERT INTO seal_key (id, key, made_ms) VALUES (?, ?, ?)').run(3, new Uint8Array(32), NOW - 1);
  other.close();
  assert.deepEqual(
    state.sealKeys().map(({ id }) => id),
    [2, 1, 3],
  );
  state.close();
});

it('is private, the files beside it too, also where it was not before', () => {
  const folder = freshFolder();
  const file = join(folder, 'state.sqlite');
  writeFileSync(file, '', { mode: 0o644 });
  const state = openSqliteState(folder, NOW);
  state.sealKeys();
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal(mode(name), '600', name);
  state.close();
});

describe('refuses, and leaves as it is,', () => {
  const files: [what: string, make: (file: string) => void, message: RegExp][] = [
    [
      'a file of something else',
      (file) => writeFileSync(file, 'not a database at all, but long enough to look at '.repeat(20)),
      /backup/,
    ],
    ['a database of something else', (file) => fill(file, 'CREATE TABLE photo (id INTEGER)'), /something else/],
    [
      'a database of something else that counts its versions below zero',
      (file) => fill(file, 'CREATE TABLE photo (id INTEGER); PRAGMA user_version = -1'),
      /something else/,
    ],
    [
      'a state of this version without its tables',
      (file) => fill(file, `CREATE TABLE x (y); PRAGMA user_version = ${SCHEMA_VERSION}`),
      /backup/,
    ],
    [
      'a state that a newer version wrote',
      (file) => fill(file, `CREATE TABLE x (y); PRAGMA user_version = ${SCHEMA_VERSION + 1}`),
      /newer otagate/,
    ],
    ['a state that was cut off', cutOff, /backup/],
  ];
  for (const [what, make, message] of files) {
    it(what, () => {
      const folder = freshFolder();
      const file = join(folder, 'state.sqlite');
      make(file);
      const before = readFileSync(file);
      const refused = (error: Error & { code?: string }) => {
        assert.equal(error.code, 'STATE_DAMAGED');
        assert.match(error.message, message);
        assert.ok(error.message.includes(file));
        return true;
      };
      assert.throws(() => openSqliteState(folder, NOW), refused);
      assert.deepEqual(tables(file), tablesOf(before, folder));
    });
  }

  it('a place where it cannot be made', () => {
    assert.throws(() => openSqliteState(join(freshFolder(), 'missing'), NOW), { code: 'STATE_DAMAGED' });
  });
});

function fill(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function cutOff(file: string): void {
  fill(file, 'CREATE TABLE x (y); PRAGMA user_version = 1');
  writeFileSync(file, readFileSync(file).subarray(0, 1000));
}

/** The tables in a file, or null where it is no database: journal mode aside, this is what must not change. */
function tables(file: string): unknown {
  const database = new DatabaseSync(file);
  try {
    return database.prepare('SELECT name FROM sqlite_schema').all();
  } catch {
    return null;
  } finally {
    database.close();
  }
}

function tablesOf(content: Buffer, folder: string): unknown {
  const copy = join(folder, 'copy.sqlite');
  writeFileSync(copy, content);
  return tables(copy);
}

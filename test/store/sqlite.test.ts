// The state in SQLite keeps its keys across restarts, is private, and refuses files that it must not touch.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { type SmallDisk, smallDisk } from '../rig/tmpfs.ts';
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

describe('a seal key of the wrong length', () => {
  const spoilt = (...keys: [id: number, key: string][]) => {
    const folder = freshFolder();
    openSqliteState(folder, NOW).close();
    for (const [id, key] of keys) {
      fill(join(folder, 'state.sqlite'), `INSERT INTO seal_key VALUES (${id}, x'${key}', ${NOW + id})`);
    }
    const told: unknown[] = [];
    const log = pino({}, { write: (line: string) => told.push(JSON.parse(line).event) });
    const state = openSqliteState(folder, NOW, log);
    return { folder, state, told };
  };

  it('is replaced by a new one where it is the only one, and told', () => {
    const { folder, state, told } = spoilt([1, '0102']);
    const keys = state.sealKeys();
    assert.deepEqual([keys.length, keys[0]?.key.length, told], [1, 32, ['seal-key-damaged']]);
    state.close();
    const again = openSqliteState(folder, NOW + 1);
    assert.deepEqual(Buffer.from(again.sealKeys()[0]?.key ?? []), Buffer.from(keys[0]?.key ?? []));
    again.close();
  });

  it('is passed over where there is another one: its links live on', () => {
    const { state, told } = spoilt([1, 'ab'.repeat(32)], [2, 'ab'.repeat(33)]);
    assert.deepEqual(
      state.sealKeys().map(({ id }) => id),
      [1],
    );
    assert.deepEqual(told, ['seal-key-damaged']);
    state.close();
  });
});

describe('on a disk that takes nothing', () => {
  const made = (t: TestContext) => {
    const disk = smallDisk(t, 4);
    if (disk !== null) {
      const state = openSqliteState(disk.folder, NOW);
      state.sealKeys();
      state.close();
    }
    return disk;
  };
  const fillUp = (disk: SmallDisk): void => {
    // The second one for what the first left of a page.
    for (const name of ['most', 'rest']) disk.fill(name, 8 * 1024 * 1024);
  };

  it('opens what is there, tells so, and keeps changes again when there is room', (t) => {
    const disk = made(t);
    if (disk === null) return;
    fillUp(disk);
    const told: unknown[] = [];
    const log = pino({}, { write: (line: string) => told.push(JSON.parse(line).event) });
    const state = openSqliteState(disk.folder, NOW, log);
    assert.equal(state.sealKeys().length, 1);
    assert.deepEqual(told, ['state-without-room']);
    const change = () => state.markClosed('yaml-1', NOW + 1000, NOW);
    assert.throws(change, /full/);
    disk.free('most');
    change();
    state.close();
  });

  it('says to make room where nothing can be read, and never to put another file in its place', (t) => {
    const disk = made(t);
    if (disk === null) return;
    const version3 = 'PRAGMA user_version = 3; DROP TABLE rollout; DROP TABLE rollout_member; DROP TABLE fleet';
    fill(join(disk.folder, 'state.sqlite'), version3);
    fillUp(disk);
    assert.throws(() => openSqliteState(disk.folder, NOW), wellButStuck);
    disk.free('most');
    disk.remount('ro');
    assert.throws(() => openSqliteState(disk.folder, NOW), wellButStuck);
    disk.remount('rw');
  });

  function wellButStuck(error: Error): true {
    assert.match(
      error.message,
      /state\.sqlite .*: .*leave it where it is: make room on its disk, or let this user write/,
    );
    assert.doesNotMatch(error.message, /backup|afresh/);
    return true;
  }
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
    ['a state with a page that is none, whatever table it is of', spoilPages, /is damaged.*backup/],
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

/** All but the first one, which holds the schema. */
function spoilPages(file: string): void {
  openSqliteState(dirname(file), NOW).close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xaa, 4096));
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

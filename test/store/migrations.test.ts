// A state of an older version is brought up to date as a whole or not at all, and keeps what is in it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { migrate, SCHEMA_VERSION, versionOf } from '../../src/store/migrations.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { freshFolder } from './fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);

/** The schema as version 1 wrote it. */
const VERSION_1 = `
  CREATE TABLE seal_key (id INTEGER PRIMARY KEY, key BLOB NOT NULL, made_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE opening (
    id TEXT PRIMARY KEY, route TEXT NOT NULL, networks TEXT NOT NULL,
    opened_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE closed_mark (opening TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;
  PRAGMA user_version = 1;
`;
const ROWS = `
  INSERT INTO seal_key VALUES (7, x'${'ab'.repeat(32)}', ${NOW});
  INSERT INTO opening VALUES ('a1', 'ota', '203.0.113.0/24', ${NOW}, ${NOW + 1000}, 'batch');
  INSERT INTO closed_mark VALUES ('yaml-1', ${NOW + 1000});
`;

function withDatabase<T>(file: string, act: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return act(database);
  } finally {
    database.close();
  }
}

const schemaOf = (file: string): unknown =>
  withDatabase(file, (database) => database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all());

it('keeps the rows of version 1, and has a catalogue then', () => {
  const folder = freshFolder();
  const file = join(folder, 'state.sqlite');
  withDatabase(file, (database) => database.exec(VERSION_1 + ROWS));
  const state = openSqliteState(folder, NOW);
  assert.deepEqual(
    state.sealKeys().map(({ id, key }) => [id, Buffer.from(key).toString('hex')]),
    [[7, 'ab'.repeat(32)]],
  );
  assert.deepEqual(state.openings(), [
    {
      id: 'a1',
      route: 'ota',
      from: ['203.0.113.0/24'],
      openedMs: NOW,
      startMs: null,
      untilMs: NOW + 1000,
      reason: 'batch',
      openedBy: 'command line',
      closeAfter: { devices: null, idleMs: null },
      upgraded: 0,
      lastUsedMs: null,
    },
  ]);
  assert.deepEqual(state.closedMarks(NOW), new Set(['yaml-1']));
  assert.deepEqual([state.catalogue.images(), state.catalogue.names()], [[], []]);
  state.close();
  assert.equal(withDatabase(file, versionOf), SCHEMA_VERSION);
});

it('ends with the same tables, whether it began with version 1 or with nothing', () => {
  const [older, fresh] = [freshFolder(), freshFolder()].map((folder) => join(folder, 'state.sqlite'));
  if (older === undefined || fresh === undefined) return assert.fail();
  withDatabase(older, (database) => {
    database.exec(VERSION_1);
    migrate(database);
  });
  withDatabase(fresh, migrate);
  assert.deepEqual(schemaOf(older), schemaOf(fresh));
});

it('changes nothing where a step fails, and says so', () => {
  const folder = freshFolder();
  const file = join(folder, 'state.sqlite');
  // The second table of version 2 is in the way, so that the first one is made already when the step fails.
  withDatabase(file, (database) => database.exec(`${VERSION_1}${ROWS} CREATE TABLE firmware_name (x);`));
  const before = schemaOf(file);
  assert.throws(() => openSqliteState(folder, NOW), {
    code: 'STATE_DAMAGED',
    message: /state\.sqlite has version 1 .*cannot be brought to version \d.*nothing in it was changed/,
  });
  assert.deepEqual(schemaOf(file), before);
  assert.equal(withDatabase(file, versionOf), 1);
});

it('leaves a state that is up to date alone, even where it cannot be written', () => {
  const folder = freshFolder();
  openSqliteState(folder, NOW).close();
  const file = join(folder, 'state.sqlite');
  const readOnly = new DatabaseSync(file, { readOnly: true });
  migrate(readOnly);
  readOnly.close();
});

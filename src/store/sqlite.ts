// Owns the state in a SQLite file, the default keeping.
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorText, GateError } from '../base/errors.ts';
import type { Catalogue } from './catalogue.ts';
import { migrate, SCHEMA_VERSION, versionOf } from './migrations.ts';
import { sqliteCatalogue } from './sqlite-catalogue.ts';
import { sqliteOpenings } from './sqlite-openings.ts';
import { sqliteRollouts } from './sqlite-rollouts.ts';
import type { State } from './state.ts';
import { inTransaction } from './transaction.ts';

/**
 * Opens `stateDir/state.sqlite`, makes it where it is missing, and brings one of an older version up to date.
 * @throws {GateError} STATE_DAMAGED for a file that is no state of ours, or that a newer version wrote
 */
export function openSqliteState(stateDir: string, nowMs: number): State {
  const file = join(stateDir, 'state.sqlite');
  const { database, catalogue } = open(file);
  return {
    sealKeys: () => {
      const rows = database.prepare('SELECT id, key FROM seal_key ORDER BY made_ms DESC, id DESC').all();
      if (rows.length === 0) {
        const key = randomBytes(32);
        database.prepare('INSERT INTO seal_key (id, key, made_ms) VALUES (1, ?, ?)').run(key, nowMs);
        return [{ id: 1, key }];
      }
      return rows.map((row) => ({ id: Number(row.id), key: row.key as Uint8Array }));
    },
    keepSealKeys: (keys, madeMs) =>
      inTransaction(database, () => {
        database.exec('DELETE FROM seal_key');
        const insert = database.prepare('INSERT INTO seal_key (id, key, made_ms) VALUES (?, ?, ?)');
        for (const [index, { id, key }] of keys.entries()) insert.run(id, key, madeMs - index);
      }),
    ...sqliteOpenings(database),
    catalogue,
    rollouts: sqliteRollouts(database),
    close: () => database.close(),
  };
}

function open(file: string): { database: DatabaseSync; catalogue: Catalogue } {
  let database: DatabaseSync | undefined;
  let [failure, remedy] = ['cannot be opened', 'restore it from a backup, or move it away to start afresh'];
  try {
    database = new DatabaseSync(file);
    chmodSync(file, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
    // In this order: another process may be making it at this moment.
    const empty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
    const version = versionOf(database);
    if (version < 0 || (version === 0 && !empty)) throw new TypeError('it is a database of something else');
    if (version > SCHEMA_VERSION) {
      throw new GateError(
        'STATE_DAMAGED',
        `${file} has version ${version} of the state, this otagate knows ${SCHEMA_VERSION}: run the newer otagate, or move the file away to start afresh`,
        { fault: 'gate' },
      );
    }
    if (version > 0 && version < SCHEMA_VERSION) {
      failure = `has version ${version} of the state and cannot be brought to version ${SCHEMA_VERSION}`;
      remedy = `nothing in it was changed; make room if the disk is full, else ${remedy}`;
    }
    migrate(database);
    return { database, catalogue: sqliteCatalogue(database) };
  } catch (error) {
    database?.close();
    if (error instanceof GateError) throw error;
    throw new GateError('STATE_DAMAGED', `${file} ${failure} (${errorText(error)}): ${remedy}`, {
      fault: 'gate',
      cause: error,
    });
  }
}

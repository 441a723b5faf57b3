// Owns the state in a SQLite file, the default keeping.
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Catalogue } from './catalogue.ts';
import { migrate, SCHEMA_VERSION, versionOf } from './migrations.ts';
import { sqliteCatalogue } from './sqlite-catalogue.ts';
import { nextStep, saysNoRoom } from './sqlite-failure.ts';
import { sqliteOpenings } from './sqlite-openings.ts';
import { sqliteRollouts } from './sqlite-rollouts.ts';
import type { State } from './state.ts';
import { inTransaction } from './transaction.ts';

const RESTORE = 'restore it from a backup, or move it away to start afresh';
const KEY_BYTES = 32;

/**
 * Opens `stateDir/state.sqlite`, makes it where it is missing, and brings one of an older version up to date. `log` hears
 * of what the gate can go on with.
 * @throws {GateError} STATE_DAMAGED for a file that is no state of ours, is damaged, cannot be worked on, or that a newer
 * version wrote; the message has the next step
 */
export function openSqliteState(stateDir: string, nowMs: number, log: Log | null = null): State {
  const file = join(stateDir, 'state.sqlite');
  const { database, catalogue } = open(file, log);
  tellSpoiltKeys(database, file, log);
  const keepSealKeys: State['keepSealKeys'] = (keys, madeMs) =>
    inTransaction(database, () => {
      database.exec('DELETE FROM seal_key');
      const insert = database.prepare('INSERT INTO seal_key (id, key, made_ms) VALUES (?, ?, ?)');
      for (const [index, { id, key }] of keys.entries()) insert.run(id, key, madeMs - index);
    });
  return {
    sealKeys: () => {
      const rows = database
        .prepare('SELECT id, key FROM seal_key WHERE length(key) = ? ORDER BY made_ms DESC, id DESC')
        .all(KEY_BYTES);
      if (rows.length > 0) return rows.map((row) => ({ id: Number(row.id), key: row.key as Uint8Array }));
      const made = [{ id: 1, key: randomBytes(KEY_BYTES) }];
      keepSealKeys(made, nowMs);
      return made;
    },
    keepSealKeys,
    ...sqliteOpenings(database),
    catalogue,
    rollouts: sqliteRollouts(database),
    close: () => database.close(),
  };
}

type Opened = { database: DatabaseSync; catalogue: Catalogue };

function open(file: string, log: Log | null): Opened {
  try {
    return openLocking(file, 'NORMAL');
  } catch (error) {
    if (!saysNoRoom(error instanceof GateError ? error.cause : error)) throw error;
    // What several processes share of a database is a file beside it, for which a full disk has no room. For one process
    // alone it is in memory: so the gate serves by what it has, and closing an opening fails as on a disk that fills later.
    const opened = openLocking(file, 'EXCLUSIVE');
    log?.error(
      { event: 'state-without-room', file, detail: errorText(error) },
      `the disk of ${file} is full: the gate serves, but changes of its state are not kept; make room, then start it anew, before which no backup can be made`,
    );
    return opened;
  }
}

function openLocking(file: string, locking: 'NORMAL' | 'EXCLUSIVE'): Opened {
  let database: DatabaseSync | undefined;
  let [failure, otherwise] = ['cannot be opened', ''];
  try {
    database = new DatabaseSync(file);
    chmodSync(file, 0o600);
    database.exec(`PRAGMA locking_mode = ${locking}`);
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
    // Else a damaged page is met by whoever reads it first, in the middle of the work.
    const found = String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
    if (found !== 'ok') throw new TypeError(`it is damaged: ${found.replaceAll(/\s+/g, ' ')}`);
    if (version > 0 && version < SCHEMA_VERSION) {
      failure = `has version ${version} of the state and cannot be brought to version ${SCHEMA_VERSION}`;
      otherwise = 'nothing in it was changed; ';
    }
    migrate(database);
    return { database, catalogue: sqliteCatalogue(database) };
  } catch (error) {
    database?.close();
    if (error instanceof GateError) throw error;
    throw new GateError(
      'STATE_DAMAGED',
      `${file} ${failure} (${errorText(error)}): ${otherwise}${nextStep(error, RESTORE)}`,
      { fault: 'gate', cause: error },
    );
  }
}

/**
 * A key of another length seals nothing and opens nothing: no link lives by it. So it is passed over, and a new one made
 * where it was the only one; to refuse the start would cost all that the state holds beside it.
 */
function tellSpoiltKeys(database: DatabaseSync, file: string, log: Log | null): void {
  const spoilt = database.prepare('SELECT id FROM seal_key WHERE length(key) <> ?').all(KEY_BYTES);
  if (spoilt.length === 0) return;
  log?.error(
    { event: 'seal-key-damaged', file, ids: spoilt.map(({ id }) => Number(id)) },
    `${file} holds ${spoilt.length} seal keys that are none: links that were handed out under them are dead, and those from now on are sealed by another one; restore the file from a backup if the old links matter`,
  );
}

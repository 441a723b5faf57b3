// Owns the file of the device history: its schema, how it is opened, and what is done with a damaged one.
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorText } from '../base/errors.ts';
import { saysDamage } from './sqlite-failure.ts';

const SCHEMA_VERSION = 1;
// Entries of proven devices are one long log: written at its end, forgotten at its beginning, each with the id of the
// one before it of the same device. An index by device would be written all over the place, and be as large again.
// AUTOINCREMENT: an id that was forgotten must not come back as another device's.
const SCHEMA = `
  CREATE TABLE device (
    device TEXT PRIMARY KEY, proven INTEGER NOT NULL, board TEXT NOT NULL, version TEXT NOT NULL, client TEXT NOT NULL,
    scheme TEXT NOT NULL, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, state TEXT NOT NULL,
    offered TEXT, why TEXT, failures INTEGER NOT NULL, memory TEXT NOT NULL, last_entry INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, before INTEGER, device TEXT NOT NULL, at_ms INTEGER NOT NULL,
    event TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;
  CREATE TABLE claim_entry (
    device TEXT NOT NULL, id INTEGER NOT NULL, at_ms INTEGER NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (device, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE outcome (
    device TEXT NOT NULL, version TEXT NOT NULL, board TEXT NOT NULL, result TEXT NOT NULL, because TEXT NOT NULL,
    network TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (device, version)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outcome_share ON outcome (board, version, result, because, network);
  CREATE TABLE entry_count (entries INTEGER NOT NULL) STRICT;
  INSERT INTO entry_count VALUES (0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
// What a page of devices, and the devices of one batch, are read from.
const CACHE_KIB = 16 * 1024;

// SQLITE_PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.
const PASSING: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 10, 13, 14, 15]);

/** The file is no history that this otagate can read. */
export class HistoryDamaged extends Error {
  override readonly name = 'HistoryDamaged';
}

/** Opens the file, and makes it where it is missing. @throws {HistoryDamaged}, or SQLite's error for a place that cannot be used */
export function openHistoryFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    if (file !== ':memory:') chmodSync(file, 0o600);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 20; PRAGMA cache_size = -${CACHE_KIB};`,
    );
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    const empty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
    if (version === 0 && empty) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    else if (version !== SCHEMA_VERSION)
      throw new HistoryDamaged(`it has version ${version} of the history, this otagate knows ${SCHEMA_VERSION}`);
    return database;
  } catch (error) {
    database.close();
    throw isDamage(error) ? new HistoryDamaged(errorText(error), { cause: error }) : error;
  }
}

/** Whether an error of SQLite says that the file is broken, and not that the disk is full or the file is in use. */
export function isDamage(error: unknown): boolean {
  return error instanceof HistoryDamaged || saysDamage(error);
}

/** Whether the disk or another process keeps a change from being written: the same one may be written later. */
export function isPassing(error: unknown): boolean {
  const { errcode } = error instanceof Error ? (error as Error & { errcode?: unknown }) : {};
  return typeof errcode === 'number' && PASSING.has(errcode & 0xff);
}

/** Puts a damaged file where it can be looked at; one that was there before is replaced. Gives its new place. */
export function moveAside(file: string): string {
  const place = `${file}.damaged`;
  renameSync(file, place);
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
  return place;
}

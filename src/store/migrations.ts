// Owns the versions of the SQLite schema, and the way from each to the next.
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './transaction.ts';

/** What makes version 1 of an empty file, version 2 of version 1, and so on. What was released is never changed. */
const STEPS = [
  `
  CREATE TABLE seal_key (id INTEGER PRIMARY KEY, key BLOB NOT NULL, made_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE opening (
    id TEXT PRIMARY KEY, route TEXT NOT NULL, networks TEXT NOT NULL,
    opened_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE closed_mark (opening TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;
  `,
  `
  CREATE TABLE firmware_image (
    sha256 TEXT PRIMARY KEY, kind TEXT NOT NULL, length INTEGER NOT NULL, file_name TEXT NOT NULL,
    content_type TEXT NOT NULL, facts TEXT NOT NULL, pinned INTEGER NOT NULL,
    added_ms INTEGER NOT NULL, offered_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE firmware_name (
    name TEXT PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES firmware_image (sha256) ON DELETE CASCADE,
    checked_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, memo TEXT NOT NULL
  ) STRICT;
  CREATE INDEX firmware_name_image ON firmware_name (sha256);
  CREATE INDEX firmware_name_used ON firmware_name (used_ms);
  `,
  `
  ALTER TABLE opening ADD COLUMN start_ms INTEGER;
  ALTER TABLE opening ADD COLUMN opened_by TEXT NOT NULL DEFAULT 'command line';
  ALTER TABLE opening ADD COLUMN close_devices INTEGER;
  ALTER TABLE opening ADD COLUMN close_idle_ms INTEGER;
  ALTER TABLE opening ADD COLUMN upgraded INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE opening ADD COLUMN last_used_ms INTEGER;
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE TABLE seen_time (
    one INTEGER PRIMARY KEY CHECK (one = 1), now_ms INTEGER NOT NULL, boot_id TEXT, uptime_ms INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE rollout (name TEXT PRIMARY KEY, started_ms INTEGER NOT NULL, kept TEXT NOT NULL) STRICT;
  CREATE TABLE rollout_member (
    rollout TEXT NOT NULL, device TEXT NOT NULL, PRIMARY KEY (rollout, device)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE fleet (
    board TEXT PRIMARY KEY, came_from TEXT NOT NULL, goes_to TEXT NOT NULL, since_ms INTEGER NOT NULL
  ) STRICT;
  `,
];

/** The version that this otagate reads and writes. */
export const SCHEMA_VERSION = STEPS.length;

/** The version of a database; 0 where it is empty or of something else. */
export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

/** Brings an empty or older database to `SCHEMA_VERSION`, or leaves it as it is and throws. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) >= SCHEMA_VERSION) return;
  inTransaction(database, () => {
    // Asked once more, under the lock: another process may have been quicker.
    for (const step of STEPS.slice(versionOf(database))) database.exec(step);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

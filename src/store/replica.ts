// Owns this machine's copy of all that is shared, in a SQLite file of its own: each record with the version that it is
// known by, and whether it still has to be told.
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorText, GateError } from '../base/errors.ts';
import { inTransaction } from './transaction.ts';

/** A part of the state by its name (`opening/open-1f2e3d4c`), as JSON can hold it; null: it was removed. */
export type StateRecord = { name: string; value: unknown };

export type ReplicaRow = StateRecord & {
  /** 0: not known to the others. */
  version: number;
  /** How often it was changed here since it was told last. */
  untold: number;
};

/** Where this machine stands; texts, kept across restarts. */
export type ReplicaNote = 'machine' | 'epoch' | 'seq' | 'journal';

const VERSION = 1;
const SCHEMA = `
  CREATE TABLE record (
    name TEXT PRIMARY KEY, value TEXT, version INTEGER NOT NULL, untold INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX record_untold ON record (untold) WHERE untold > 0;
  CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

export class Replica {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof statements>;
  /** True where there was no copy before. */
  readonly isNew: boolean;

  /** Opens `stateDir/replica.sqlite`. @throws {GateError} STATE_DAMAGED */
  constructor(stateDir: string) {
    const file = join(stateDir, 'replica.sqlite');
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file);
      chmodSync(file, 0o600);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
      const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
      this.isNew = version === 0;
      if (version === 0) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
      else if (version !== VERSION) throw new Error(`it has version ${version}, this otagate knows ${VERSION}`);
      this.#sql = statements(database);
      this.#database = database;
    } catch (error) {
      database?.close();
      throw new GateError(
        'STATE_DAMAGED',
        `${file} cannot be used (${errorText(error)}): move it away, and this machine takes a new copy from Redis`,
        { fault: 'gate', cause: error },
      );
    }
    if (this.note('machine') === null) this.setNote('machine', randomBytes(6).toString('hex'));
  }

  read(name: string): ReplicaRow | null {
    const row = this.#sql.read.get(name);
    return row === undefined ? null : rowOf(row);
  }

  /** All whose name begins so and that were not removed, in the order of their names. */
  list(prefix: string): ReplicaRow[] {
    return this.#sql.list.all(prefix, `${prefix}\uffff`).map(rowOf);
  }

  /** All of them, also those that were removed, in portions. */
  *all(): Generator<ReplicaRow> {
    for (let last = ''; ; ) {
      const rows = this.#sql.after.all(last).map(rowOf);
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.name;
    }
  }

  /** Changes a record here; it counts as untold. False where it says the same already. */
  change(name: string, value: unknown): boolean {
    const text = write(value);
    const before = this.#sql.read.get(name);
    if (before === undefined ? value === null : before.value === text) return false;
    this.#sql.change.run(name, text);
    return true;
  }

  /** Takes what the others know. */
  take(name: string, value: unknown, version: number): void {
    this.#sql.take.run(name, write(value), version);
  }

  /** Keeps this machine's own value, and builds it upon this version of the others. */
  rebase(name: string, version: number): void {
    this.#sql.rebase.run(version, name);
  }

  /** The others know it now; what was changed meanwhile is told again. */
  told(name: string, version: number, untold: number): void {
    this.#sql.told.run(version, untold, name);
  }

  forget(name: string): void {
    this.#sql.forget.run(name);
  }

  untold(limit: number): ReplicaRow[] {
    return this.#sql.untold.all(limit).map(rowOf);
  }

  counts(): { records: number; untold: number } {
    const { records, untold } = this.#sql.counts.get() ?? {};
    return { records: Number(records), untold: Number(untold) };
  }

  note(name: ReplicaNote): string | null {
    const row = this.#sql.note.get(name);
    return row === undefined ? null : String(row.value);
  }

  setNote(name: ReplicaNote, value: string): void {
    this.#sql.setNote.run(name, value);
  }

  /** Several writes of which all are kept or none. */
  atOnce<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }

  close(): void {
    this.#database.close();
  }
}

function statements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text);
  return {
    read: sql('SELECT * FROM record WHERE name = ?'),
    list: sql('SELECT * FROM record WHERE name >= ? AND name < ? AND value IS NOT NULL ORDER BY name'),
    after: sql('SELECT * FROM record WHERE name > ? ORDER BY name LIMIT 500'),
    change: sql(`INSERT INTO record VALUES (?, ?, 0, 1)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value, untold = untold + 1`),
    take: sql('REPLACE INTO record VALUES (?, ?, ?, 0)'),
    rebase: sql('UPDATE record SET version = ? WHERE name = ?'),
    told: sql('UPDATE record SET version = ?, untold = untold - ? WHERE name = ?'),
    forget: sql('DELETE FROM record WHERE name = ?'),
    untold: sql('SELECT * FROM record WHERE untold > 0 LIMIT ?'),
    counts: sql(`SELECT count(value) AS records, count(*) FILTER (WHERE untold > 0) AS untold FROM record`),
    note: sql('SELECT value FROM note WHERE name = ?'),
    setNote: sql('REPLACE INTO note VALUES (?, ?)'),
  };
}

function rowOf({ name, value, version, untold }: Record<string, unknown>): ReplicaRow {
  return {
    name: String(name),
    value: value === null ? null : JSON.parse(String(value)),
    version: Number(version),
    untold: Number(untold),
  };
}

function write(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

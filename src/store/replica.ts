// Owns this machine's copy of all that is shared, in a SQLite file of its own: each record with the version that it is
// known by, and whether it still has to be told.
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorText, GateError } from '../base/errors.ts';
import { nextStep } from './sqlite-failure.ts';

/** A part of the state by its name (`opening/open-1f2e3d4c`), as JSON can hold it; null: it was removed. */
export type StateRecord = { name: string; value: unknown };

export type ReplicaRow = StateRecord & {
  /** 0: not known to the others. */
  version: number;
  /** How often it was changed here since it was told last. */
  untold: number;
};

/** Where this machine stands; texts, kept across restarts. */
export type ReplicaNote = 'machine' | 'epoch' | 'seq' | 'last' | 'heard' | 'journal' | 'read';

const VERSION = 1;
// Past it, a change fails as the disk fails it.
const MAX_HELD = 10_000;
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
  readonly #onUnwritten: (error: unknown) => void;
  /** What the disk has not taken yet: it counts as if it stood there. Null: forgotten. */
  readonly #held = new Map<string, ReplicaRow | null>();
  readonly #heldNotes = new Map<ReplicaNote, string>();
  /** True where there was no copy before. */
  readonly isNew: boolean;

  /**
   * Opens `stateDir/replica.sqlite`. What cannot be written later is held in memory, and `onUnwritten` hears of it: a
   * machine that starts anew without it reads it in Redis.
   * @throws {GateError} STATE_DAMAGED
   */
  constructor(stateDir: string, onUnwritten: (error: unknown) => void = () => {}) {
    this.#onUnwritten = onUnwritten;
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
        `${file} cannot be used (${errorText(error)}): ${nextStep(error, 'move it away, and this machine takes a new copy from Redis')}`,
        { fault: 'gate', cause: error },
      );
    }
    if (this.note('machine') === null) this.setNote('machine', randomBytes(6).toString('hex'));
  }

  read(name: string): ReplicaRow | null {
    const held = this.#held.get(name);
    if (held !== undefined) return held;
    const row = this.#sql.read.get(name);
    return row === undefined ? null : rowOf(row);
  }

  /** All whose name begins so and that were not removed, in the order of their names. */
  list(prefix: string): ReplicaRow[] {
    const rows = this.#sql.list.all(prefix, `${prefix}\uffff`).map(rowOf);
    if (this.#held.size === 0) return rows;
    const held = this.#heldRows().filter(({ name, value }) => name.startsWith(prefix) && value !== null);
    return [...rows.filter(({ name }) => !this.#held.has(name)), ...held].sort(byName);
  }

  /** All of them, also those that were removed, in portions. */
  *all(): Generator<ReplicaRow> {
    yield* this.#heldRows();
    for (let last = ''; ; ) {
      const rows = this.#sql.after.all(last).map(rowOf);
      yield* rows.filter(({ name }) => !this.#held.has(name));
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.name;
    }
  }

  /** Changes a record here; it counts as untold. False where it says the same already. */
  change(name: string, value: unknown): boolean {
    const before = this.read(name);
    if (before === null ? value === null : write(before.value) === write(value)) return false;
    this.#put({ name, value, version: before?.version ?? 0, untold: (before?.untold ?? 0) + 1 });
    return true;
  }

  /** Takes what the others know. */
  take(name: string, value: unknown, version: number): void {
    this.#put({ name, value, version, untold: 0 });
  }

  /** Keeps this machine's own value, and tells it as a change that is built upon this version of the others. */
  retell(name: string, version: number): void {
    const row = this.read(name);
    if (row !== null) this.#put({ ...row, version, untold: Math.max(1, row.untold) });
  }

  /** The others know it now; what was changed meanwhile is told again. */
  told(name: string, version: number, untold: number): void {
    const row = this.read(name);
    if (row !== null) this.#put({ ...row, version, untold: row.untold - untold });
  }

  forget(name: string): void {
    this.#hold(this.#held, name, null, () => this.#sql.forget.run(name));
  }

  untold(limit: number): ReplicaRow[] {
    const rows = this.#sql.untold.all(limit + this.#held.size).map(rowOf);
    if (this.#held.size === 0) return rows;
    const held = this.#heldRows().filter(({ untold }) => untold > 0);
    return [...held, ...rows.filter(({ name }) => !this.#held.has(name))].slice(0, limit);
  }

  counts(): { records: number; untold: number } {
    const { records, untold } = this.#sql.counts.get() ?? {};
    const counts = { records: Number(records), untold: Number(untold) };
    for (const [name, held] of this.#held) {
      const written = this.#sql.read.get(name);
      for (const [row, sign] of [[held, 1] as const, [written === undefined ? null : rowOf(written), -1] as const]) {
        if (row !== null && row.value !== null) counts.records += sign;
        if (row !== null && row.untold > 0) counts.untold += sign;
      }
    }
    return counts;
  }

  note(name: ReplicaNote): string | null {
    const held = this.#heldNotes.get(name);
    if (held !== undefined) return held;
    const row = this.#sql.note.get(name);
    return row === undefined ? null : String(row.value);
  }

  setNote(name: ReplicaNote, value: string): void {
    this.#hold(this.#heldNotes, name, value, () => this.#sql.setNote.run(name, value));
  }

  /** Writes what is held, as far as the disk takes it. Never throws. */
  writeHeld(): void {
    try {
      for (const [name, row] of this.#held) {
        if (row === null) this.#sql.forget.run(name);
        else this.#write(row);
        this.#held.delete(name);
      }
      for (const [name, value] of this.#heldNotes) {
        this.#sql.setNote.run(name, value);
        this.#heldNotes.delete(name);
      }
    } catch (error) {
      this.#onUnwritten(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #put(row: ReplicaRow): void {
    this.#hold(this.#held, row.name, row, () => this.#write(row));
  }

  #write({ name, value, version, untold }: ReplicaRow): void {
    this.#sql.put.run(name, write(value), version, untold);
  }

  #hold<Name, What>(held: Map<Name, What>, name: Name, what: What, writeIt: () => void): void {
    try {
      writeIt();
      held.delete(name);
    } catch (error) {
      if (held.size >= MAX_HELD && !held.has(name)) throw error;
      held.set(name, what);
      this.#onUnwritten(error);
    }
  }

  #heldRows(): ReplicaRow[] {
    return [...this.#held.values()].filter((row) => row !== null);
  }
}

function statements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text);
  return {
    read: sql('SELECT * FROM record WHERE name = ?'),
    list: sql('SELECT * FROM record WHERE name >= ? AND name < ? AND value IS NOT NULL ORDER BY name'),
    after: sql('SELECT * FROM record WHERE name > ? ORDER BY name LIMIT 500'),
    put: sql('REPLACE INTO record VALUES (?, ?, ?, ?)'),
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

function byName(a: ReplicaRow, b: ReplicaRow): number {
  return a.name < b.name ? -1 : 1;
}

function write(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

// Owns the device history in a SQLite file of its own, so that it can neither slow nor endanger the state.
import type { DatabaseSync } from 'node:sqlite';
import type { DeviceRecord, DeviceRow } from '../ota/device-record.ts';
import { DeviceIndex, type Indexed } from './device-index.ts';
import {
  type DeviceEvent,
  type HeldOutcome,
  HISTORY_BOUNDS,
  type History,
  type HistoryBounds,
  type HistoryChange,
  MAX_PAGE,
  type OutcomeShare,
} from './history.ts';
import { openHistoryFile } from './history-file.ts';
import { historyStatements, readEvent, readIndexed, readRecord, readRow, writeRecord } from './history-statements.ts';
import { countOutcomes } from './outcome-share.ts';
import { inTransaction } from './transaction.ts';

// Versions that are counted of one device.
const OUTCOMES_OF_DEVICE = 8;
const EXPORT_PORTION = 500;

/**
 * Opens the history in this file (`:memory:` for one that ends with the process), and makes it where it is missing.
 * Reads all devices once, about a third of a second for 100,000.
 * @throws {HistoryDamaged}, or SQLite's error for a place that cannot be used
 */
export function openSqliteHistory(file: string, bounds: HistoryBounds = HISTORY_BOUNDS): History {
  const database = openHistoryFile(file);
  try {
    return new SqliteHistory(database, bounds);
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteHistory implements History {
  readonly #database: DatabaseSync;
  readonly #bounds: HistoryBounds;
  readonly #index: DeviceIndex;
  readonly #sql: ReturnType<typeof historyStatements>;
  #entries: number;

  constructor(database: DatabaseSync, bounds: HistoryBounds) {
    this.#database = database;
    this.#bounds = bounds;
    this.#sql = historyStatements(database);
    this.#entries = Number(this.#sql.entries.get()?.entries);
    this.#index = new DeviceIndex(indexed(this.#sql.everyDevice.iterate()));
  }

  read(device: string): DeviceRecord | null {
    const row = this.#sql.device.get(device);
    return row === undefined ? null : readRecord(row);
  }

  row(device: string): DeviceRow | null {
    const row = this.#sql.device.get(device);
    return row === undefined ? null : readRow(row);
  }

  write(changes: readonly HistoryChange[]): void {
    const leaving = this.#leaving(changes);
    const before = this.#entries;
    this.#atOnce(() => {
      for (const device of leaving) this.#forget(device);
      for (const change of changes) this.#writeOne(change);
      // As fast as entries come in, they must be able to go.
      this.#forgetOldest(Number.NEGATIVE_INFINITY, 2 * (this.#entries - before));
    });
    for (const device of leaving) this.#index.remove(device);
    for (const { record } of changes) this.#index.put(record);
  }

  list(query: Parameters<History['list']>[0]): ReturnType<History['list']> {
    const bounded = { ...query, limit: Math.min(query.limit, MAX_PAGE) };
    const { total, devices } = this.#index.find(bounded);
    const rows = devices.map((device) => this.row(device)).filter((row) => row !== null);
    return { total, devices: rows, boards: this.#index.boards(), versions: this.#index.versions() };
  }

  timeline(device: string, page: { before: number | null; limit: number }): DeviceEvent[] {
    const limit = Math.min(page.limit, MAX_PAGE);
    const row = this.#sql.device.get(device);
    if (row === undefined) return [];
    if (row.proven === 0)
      return this.#sql.claimEntries.all(device, page.before ?? Number.MAX_SAFE_INTEGER, limit).map(readEvent);
    let id = row.last_entry;
    if (page.before !== null) {
      const last = this.#sql.entry.get(page.before);
      id = last?.device === device ? last.before : null;
    }
    const events: DeviceEvent[] = [];
    while (id !== null && events.length < limit) {
      const entry = this.#sql.entry.get(Number(id));
      // What comes before was forgotten.
      if (entry === undefined) break;
      events.push(readEvent(entry));
      id = entry.before;
    }
    return events;
  }

  *rows(): Generator<DeviceRow> {
    for (let last = ''; ; ) {
      const rows = this.#sql.devicesAfter.all(last, EXPORT_PORTION).map(readRow);
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.device;
    }
  }

  share(board: string, version: string, held: readonly HeldOutcome[] = []): OutcomeShare {
    return countOutcomes(this.#sql, board, version, held);
  }

  sweep(nowMs: number, maxRows: number): number {
    const before = this.#entries;
    this.#atOnce(() => this.#forgetOldest(nowMs - this.#bounds.keepMs, maxRows));
    return before - this.#entries;
  }

  counts(): ReturnType<History['counts']> {
    return { ...this.#index.counts, entries: this.#entries };
  }

  close(): void {
    this.#database.close();
  }

  /** Those that have to go, so that the bounds hold after these changes. */
  #leaving(changes: readonly HistoryChange[]): string[] {
    const { proven, claims } = this.#index.counts;
    let [newProven, newClaims] = [0, 0];
    for (const { record } of changes) {
      const kind = this.#index.kindOf(record.device);
      if (record.proven && kind !== 'proven') newProven += 1;
      if (!record.proven && kind === null) newClaims += 1;
      if (record.proven && kind === 'claim') newClaims -= 1;
    }
    const touched = new Set(changes.map(({ record }) => record.device));
    return [
      ...this.#index.oldest('proven', proven + newProven - this.#bounds.proven, touched),
      ...this.#index.oldest('claim', claims + newClaims - this.#bounds.claims, touched),
    ];
  }

  /** A proven device's entries stay in the log until they are too old: nothing leads to them. */
  #forget(device: string): void {
    this.#sql.forgetDevice.run(device);
    this.#sql.forgetClaimEntries.run(device, Number.MAX_SAFE_INTEGER);
    this.#sql.forgetOutcomes.run(device);
  }

  #writeOne({ record, entries, outcomes }: HistoryChange): void {
    const { device, proven } = record;
    let last: number | null = null;
    if (proven) {
      const row = this.#sql.lastEntry.get(device);
      last = row?.last_entry == null ? null : Number(row.last_entry);
      if (row?.proven === 0) last = this.#moveOver(device);
      for (const entry of entries)
        last = this.#append(device, last, entry.atMs, entry.event, JSON.stringify(entry.detail));
    } else if (entries.length > 0) {
      let id = Number(this.#sql.lastClaimEntry.get(device)?.id ?? 0);
      for (const { atMs, event, detail } of entries) {
        id += 1;
        this.#sql.addClaimEntry.run(device, id, atMs, event, JSON.stringify(detail));
      }
      this.#sql.forgetClaimEntries.run(device, id - this.#bounds.entriesOfClaim);
    }
    this.#sql.putDevice.run(...writeRecord(record, last));
    for (const { version, board, result, because, network, atMs } of outcomes)
      this.#sql.putOutcome.run(device, version, board ?? '', result, because ?? '', network, atMs);
    if (outcomes.length > 0) this.#sql.trimOutcomes.run(device, device, OUTCOMES_OF_DEVICE);
  }

  /** What was kept of a claim becomes a part of the log. */
  #moveOver(device: string): number | null {
    let last: number | null = null;
    for (const entry of this.#sql.claimEntries.all(device, Number.MAX_SAFE_INTEGER, MAX_PAGE).reverse())
      last = this.#append(device, last, Number(entry.at_ms), String(entry.event), String(entry.detail));
    this.#sql.forgetClaimEntries.run(device, Number.MAX_SAFE_INTEGER);
    return last;
  }

  #append(device: string, before: number | null, atMs: number, event: string, detail: string): number {
    this.#entries += 1;
    return Number(this.#sql.addEntry.run(before, device, atMs, event, detail).lastInsertRowid);
  }

  /** All of the work, or nothing of it. */
  #atOnce(work: () => void): void {
    const before = this.#entries;
    try {
      inTransaction(this.#database, () => {
        work();
        this.#sql.setEntries.run(this.#entries);
      });
    } catch (error) {
      this.#entries = before;
      throw error;
    }
  }

  /** The oldest entries: those over the bound, and those from before this time. */
  #forgetOldest(beforeMs: number, maxRows: number): void {
    const over = this.#entries - this.#bounds.entries;
    if (maxRows <= 0 || (over <= 0 && beforeMs < 0)) return;
    let upTo: unknown = null;
    let count = 0;
    for (const { id, at_ms } of this.#sql.oldestEntries.iterate(maxRows)) {
      if (count >= over && Number(at_ms) >= beforeMs) break;
      upTo = id;
      count += 1;
    }
    if (upTo !== null) this.#entries -= Number(this.#sql.forgetEntries.run(Number(upTo)).changes);
  }
}

function* indexed(rows: Iterable<Record<string, unknown>>): Generator<Indexed> {
  for (const row of rows) yield readIndexed(row);
}

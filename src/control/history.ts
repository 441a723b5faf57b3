// Owns the device history in control: takes what gates saw, writes it in batches, answers questions. Nothing that
// happens to it touches anything else: what cannot be written is dropped and counted.
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GateEvent } from '../link/events.ts';
import type { DeviceRow, Observation } from '../ota/device-record.ts';
import { observe } from '../ota/outcome.ts';
import {
  type DeviceEvent,
  type DevicePage,
  type DeviceQuery,
  HISTORY_BOUNDS,
  type History,
  type HistoryBounds,
  type HistoryChange,
  type OutcomeShare,
} from '../store/history.ts';
import { isDamage, moveAside } from '../store/history-file.ts';
import { openSqliteHistory } from '../store/sqlite-history.ts';
import { clientNetwork, observationOf } from './observation.ts';

export type HistoryOptions = {
  stateDir: string;
  log: Log;
  clock?: Clock;
  bounds?: HistoryBounds;
  /** Hears of every device that has news, once they are written. */
  onDevice?: (row: DeviceRow) => void;
  /** Room on the disk of `stateDir`. */
  freeBytes?: () => number;
};

type Waiting = { device: string; seen: Observation };

const FILE = 'history.sqlite';
const WRITE_EVERY_MS = 1_000;
const WRITE_AT = 1_000;
// A batch is written in one go: so many that nobody else in control waits long for their turn.
const BATCH = 250;
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 60_000;
// More than come in at the bound; so few that a clock which is wrong for an hour does not cost everything.
const SWEEP_ROWS = 500;
// The state, the certificates and the firmware need the rest of the disk more.
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 10_000;
const COMPLAIN_EVERY_MS = 60_000;
// Each gate sends its events on its own, within a fraction of a second.
const OUT_OF_ORDER_MS = 2_000;
/** Without a disk, in memory. */
const SMALL_BOUNDS: HistoryBounds = { ...HISTORY_BOUNDS, proven: 5_000, claims: 1_000, entries: 50_000 };

export class DeviceHistory {
  readonly #options: Required<HistoryOptions>;
  #store: History;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #sweeping: NodeJS.Timeout;
  #dropped = 0;
  #complainedMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #hasRoom = true;

  /** Never throws: without a file that can be used, the history is kept in memory. */
  constructor(options: HistoryOptions) {
    const { stateDir } = options;
    this.#options = {
      clock: systemClock,
      bounds: HISTORY_BOUNDS,
      onDevice: () => {},
      freeBytes: () => freeBytes(stateDir),
      ...options,
    };
    this.#store = this.#open();
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  /** Observations that were lost: to a full disk, or to more news than can be written. */
  get dropped(): number {
    return this.#dropped;
  }

  get counts(): { proven: number; claims: number; entries: number } {
    return this.#store.counts();
  }

  observe(event: GateEvent): void {
    const found = observationOf(event);
    if (found !== null) this.see(found.device, found.seen);
  }

  /** Takes what was seen of a device. It is written within a second, and read back at once. */
  see(device: string, seen: Observation): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ device, seen });
    if (this.#waiting.length === WRITE_AT) this.#schedule(0);
    else if (this.#timer === undefined) this.#schedule(WRITE_EVERY_MS);
  }

  list(query: DeviceQuery): DevicePage {
    return this.#ask((store) => store.list(query));
  }

  /** A device and its history, newest first; `before` is the id of the last entry of the page before. Null where it is not known. */
  one(
    device: string,
    page: { before: number | null; limit: number } = { before: null, limit: 500 },
  ): (DeviceRow & { events: DeviceEvent[] }) | null {
    return this.#ask((store) => {
      const row = store.row(device);
      return row === null ? null : { ...row, events: store.timeline(device, page) };
    });
  }

  /** Every device, in the order of their names. */
  all(): Iterable<DeviceRow> {
    return this.#ask((store) => store.rows());
  }

  /** How a version does on a board: only devices that used their sealed link count. */
  share(board: string, version: string): OutcomeShare {
    return this.#ask((store) => store.share(board, version));
  }

  /** Writes all that waits. */
  flush(): void {
    while (this.#waiting.length > 0) this.#writeBatch();
  }

  close(): void {
    clearInterval(this.#sweeping);
    this.flush();
    clearTimeout(this.#timer);
    this.#store.close();
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writeBatch();
      if (this.#waiting.length > 0) this.#schedule(0);
    }, afterMs).unref();
  }

  #writeBatch(): void {
    const batch = this.#waiting.splice(0, BATCH);
    if (batch.length === 0) return;
    try {
      if (!this.#roomLeft()) throw new Error(`less than ${MIN_FREE_BYTES} bytes are free on the disk`);
      const changes = changesOf(this.#store, inOrder(batch));
      this.#store.write(changes);
      for (const { record } of changes) this.#options.onDevice(rowOf(record));
    } catch (error) {
      this.#dropped += batch.length;
      this.#onTrouble(error);
    }
  }

  #sweep(): void {
    try {
      this.#store.sweep(this.#options.clock(), SWEEP_ROWS);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  #ask<T>(question: (store: History) => T): T {
    this.flush();
    try {
      return question(this.#store);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#onTrouble(error);
      return question(this.#store);
    }
  }

  #onTrouble(error: unknown): void {
    if (isDamage(error)) {
      this.#store.close();
      this.#store = this.#open(error);
      return;
    }
    const nowMs = this.#options.clock();
    // The clock may have been set back.
    if (Math.abs(nowMs - this.#complainedMs) < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = nowMs;
    this.#options.log.error(
      { event: 'history-failed', dropped: this.#dropped, detail: errorText(error) },
      `the device history cannot be written (${errorText(error)}): ${this.#dropped} observations are lost so far; all else goes on`,
    );
  }

  #roomLeft(): boolean {
    const nowMs = this.#options.clock();
    if (Math.abs(nowMs - this.#lookedMs) >= LOOK_EVERY_MS) {
      this.#lookedMs = nowMs;
      this.#hasRoom = this.#options.freeBytes() >= MIN_FREE_BYTES;
    }
    return this.#hasRoom;
  }

  /** What cannot be read is moved aside, and begun afresh: nothing depends on it. */
  #open(damage: unknown = null): History {
    const { stateDir, log, bounds } = this.#options;
    const file = join(stateDir, FILE);
    try {
      if (damage === null) {
        try {
          return openSqliteHistory(file, bounds);
        } catch (error) {
          if (!isDamage(error)) throw error;
          damage = error;
        }
      }
      const place = moveAside(file);
      log.error(
        { event: 'history-damaged', place, detail: errorText(damage) },
        `${file} cannot be read (${errorText(damage)}): it is now ${place}, and the device history begins afresh`,
      );
      return openSqliteHistory(file, bounds);
    } catch (error) {
      log.error(
        { event: 'history-in-memory', detail: errorText(error) },
        `${file} cannot be used (${errorText(error)}): the device history is kept in memory, until the next start`,
      );
      return openSqliteHistory(':memory:', SMALL_BOUNDS);
    }
  }
}

/** What these observations come to, one change for each device. */
function changesOf(store: History, batch: readonly Waiting[]): HistoryChange[] {
  const changes = new Map<string, HistoryChange>();
  for (const { device, seen } of batch) {
    const known = changes.get(device);
    const { record, entries, outcome } = observe(known?.record ?? store.read(device), device, seen);
    const outcomes = outcome === null ? [] : [{ ...outcome, network: clientNetwork(outcome.client) }];
    changes.set(device, {
      record,
      entries: [...(known?.entries ?? []), ...entries],
      outcomes: [...(known?.outcomes ?? []), ...outcomes],
    });
  }
  return [...changes.values()];
}

/** Puts right what came out of order by a little. By more, the clock was set, and the order of arrival counts. */
function inOrder(batch: Waiting[]): Waiting[] {
  for (const [index, item] of batch.entries()) {
    let to = index;
    for (; to > 0; to -= 1) {
      const before = batch[to - 1];
      const aheadMs = before === undefined ? 0 : before.seen.atMs - item.seen.atMs;
      if (before === undefined || aheadMs <= 0 || aheadMs > OUT_OF_ORDER_MS) break;
      batch[to] = before;
    }
    batch[to] = item;
  }
  return batch;
}

function rowOf({ memory: _, ...row }: HistoryChange['record']): DeviceRow {
  return row;
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // Whether it can be written will be seen.
    return Number.POSITIVE_INFINITY;
  }
}

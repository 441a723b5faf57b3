// Owns the device history in control: takes what gates saw, writes it in batches, answers questions. Nothing that
// happens to its file touches anything else: what cannot be written is held in memory, and what is too much is counted.
import { type Clock, systemClock } from '../base/clock.ts';
import { freeBytes } from '../base/disk.ts';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GateEvent } from '../link/events.ts';
import { clientNetwork } from '../ota/client-network.ts';
import type { DeviceRecord, DeviceRow, Observation } from '../ota/device-record.ts';
import type { FailedBefore } from '../ota/offer-case.ts';
import {
  type CountedOutcome,
  type DeviceEvent,
  type DevicePage,
  type DeviceQuery,
  HISTORY_BOUNDS,
  type History,
  type HistoryBounds,
  type HistoryChange,
  MAX_PAGE,
  type OutcomeShare,
} from '../store/history.ts';
import { isDamage, isPassing } from '../store/history-file.ts';
import { HeldChanges } from './held-changes.ts';
import { Observations, type Observed } from './history-batch.ts';
import { observationOf } from './observation.ts';
import { openHistory, reopenHistory } from './open-history.ts';

export type HistoryOptions = {
  stateDir: string;
  log: Log;
  clock?: Clock;
  bounds?: HistoryBounds;
  /** Hears of every device that has news, once they are written or held; `own` where some of them came to this machine. */
  onDevice?: (row: DeviceRow, own: boolean) => void;
  /** Hears of every outcome that counts, once it is written or held. */
  onOutcome?: (outcome: CountedOutcome) => void;
  /** Room on the disk of `stateDir`. */
  freeBytes?: () => number;
};

const WRITE_EVERY_MS = 1_000;
const WRITE_AT = 1_000;
// Written in one go: so many that nobody else in control waits long for their turn.
const BATCH = 100;
// As fast as news come in, those that are held must be able to go.
const HELD_BATCH = 2 * BATCH;
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 60_000;
// More than come in where the bound is reached; so few that a clock which is wrong for an hour does not cost everything.
const SWEEP_ROWS = 500;
// The state, the certificates and the firmware need the rest of the disk more.
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 10_000;
const COMPLAIN_EVERY_MS = 60_000;

export class DeviceHistory {
  readonly #options: Required<HistoryOptions>;
  readonly #sweeping: NodeJS.Timeout;
  #store: History;
  readonly #observations = new Observations();
  readonly #held = new HeldChanges();
  #waiting: Observed[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #complainedMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #hasRoom = true;

  /** Opens `stateDir/history.sqlite`. Never throws: without a file that can be used, the history is kept in memory. */
  constructor(options: HistoryOptions) {
    const { stateDir, log } = options;
    this.#options = {
      clock: systemClock,
      bounds: HISTORY_BOUNDS,
      onDevice: () => {},
      onOutcome: () => {},
      freeBytes: () => freeBytes(stateDir),
      ...options,
    };
    this.#store = openHistory(stateDir, log, this.#options.bounds);
    this.#sweeping = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  /** Observations that were lost: because more came than can be written, or held where the disk takes nothing. */
  get dropped(): number {
    return this.#dropped;
  }

  get counts(): { proven: number; claims: number; entries: number } {
    return this.#store.counts();
  }

  /** `own`: seen by a gate of this machine. */
  observe(event: GateEvent, own = true): void {
    const found = observationOf(event);
    if (found !== null) this.see(found.device, found.seen, own);
  }

  /** Takes what was seen of a device. It is written within a second; a question before that has it written at once. */
  see(device: string, seen: Observation, own = true): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ device, seen, own });
    if (this.#waiting.length === WRITE_AT) this.#schedule(0);
    else if (this.#timer === undefined) this.#schedule(WRITE_EVERY_MS);
  }

  list(query: DeviceQuery): DevicePage {
    return this.#ask((store) => store.list(query));
  }

  /**
   * A device and its history, newest first, or null for one that is not known. `before` is the id of the last event of
   * the page before.
   */
  one(
    device: string,
    page: { before: number | null; limit: number } = { before: null, limit: MAX_PAGE },
  ): (DeviceRow & { events: DeviceEvent[] }) | null {
    return this.#ask((store) => {
      const held = this.#held.read(device);
      const row = held === null ? store.row(device) : rowOf(held);
      return row === null ? null : { ...row, events: store.timeline(device, page) };
    });
  }

  /** Every device, in the order of their names. */
  all(): Iterable<DeviceRow> {
    return this.#ask((store) => store.rows());
  }

  /** How a version does on a board: only devices that used a link that was sealed for them count. */
  share(board: string, version: string): OutcomeShare {
    return this.#ask((store) => store.share(board, version, this.#held.outcomesOf(version)));
  }

  /**
   * How often a device has failed to upgrade to this version, told by links that were sealed for it, and from the network
   * that this client is in; null for not once.
   * What was seen in the last second may be missing. Never throws: without a history, nothing is held against a device.
   */
  failedBefore(device: string, version: string, client: string): FailedBefore | null {
    const network = clientNetwork(client);
    const failed = this.record(device)?.memory.failed.find((one) => one.network === network && one.version === version);
    return failed === undefined ? null : { times: failed.times, lastMs: failed.lastMs };
  }

  /** What is known of a device, without what was seen in the last second. Never throws: null where it cannot be read. */
  record(device: string): DeviceRecord | null {
    try {
      return this.#read(device);
    } catch (error) {
      this.#onTrouble(error);
      return null;
    }
  }

  /** Writes all that waits, as far as the disk takes it. */
  flush(): void {
    while (this.#waiting.length > 0) this.#takeBatch();
    while (this.#held.size > 0 && this.#writeHeld());
  }

  /** Forgets a small portion of what is too old. Runs by itself. */
  sweep(): void {
    try {
      this.#store.sweep(this.#options.clock(), SWEEP_ROWS);
    } catch (error) {
      this.#onTrouble(error);
    }
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
      const written = this.#waiting.length > 0 ? this.#takeBatch() : this.#writeHeld();
      if (this.#waiting.length > 0) this.#schedule(0);
      else if (this.#held.size > 0) this.#schedule(written ? 0 : WRITE_EVERY_MS);
    }, afterMs).unref();
  }

  /** Takes the next that wait: from here on they count, written or not. True where all that it tried to write is written. */
  #takeBatch(): boolean {
    const batch = this.#waiting.splice(0, BATCH);
    if (batch.length === 0) return true;
    let changes: HistoryChange[];
    try {
      changes = this.#observations.changesOf({ read: (device) => this.#read(device) }, batch);
    } catch (error) {
      this.#observations.forget();
      this.#dropped += batch.length;
      this.#onTrouble(error);
      return false;
    }
    this.#dropped += this.#held.take(changes);
    const written = this.#writeHeld();
    const own = new Set(batch.flatMap((one) => (one.own ? [one.device] : [])));
    for (const { record, outcomes } of changes) {
      this.#options.onDevice(rowOf(record), own.has(record.device));
      for (const outcome of outcomes) this.#options.onOutcome(outcome);
    }
    return written;
  }

  /** Writes a portion of what is held; false where it stays held. */
  #writeHeld(): boolean {
    const changes = this.#held.first(HELD_BATCH);
    try {
      if (!this.#roomLeft()) throw new NoRoom(`less than ${MIN_FREE_BYTES} bytes are free on the disk`);
      if (changes.length > 0) this.#store.write(changes);
      this.#held.forget(changes);
      return true;
    } catch (error) {
      // What is refused for itself would be refused again, and keep all others from being written.
      if (!(error instanceof NoRoom) && !isPassing(error) && !isDamage(error)) {
        this.#observations.forget();
        this.#held.forget(changes);
        this.#dropped += changes.length;
      }
      this.#onTrouble(error);
      return false;
    }
  }

  /** What is held is newer than what is written. */
  #read(device: string): DeviceRecord | null {
    return this.#held.read(device) ?? this.#store.read(device);
  }

  #ask<T>(question: (store: History) => T): T {
    // As much as does not make the asker wait.
    for (let written = 0; written < WRITE_AT; written += BATCH) this.#takeBatch();
    try {
      return question(this.#store);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#onTrouble(error);
      return question(this.#store);
    }
  }

  #onTrouble(error: unknown): void {
    const { stateDir, log, bounds, clock } = this.#options;
    if (isDamage(error)) {
      this.#store.close();
      this.#store = reopenHistory(stateDir, log, bounds, error);
      return;
    }
    // In both directions: the clock may have been set back.
    if (Math.abs(clock() - this.#complainedMs) < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = clock();
    log.error(
      { event: 'history-failed', held: this.#held.size, dropped: this.#dropped, detail: errorText(error) },
      `the device history cannot be written (${errorText(error)}): news of ${this.#held.size} devices are held in memory until it can, and count there for rollouts and offers; ${this.#dropped} observations are lost so far`,
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
}

function rowOf({ memory: _, ...row }: DeviceRecord): DeviceRow {
  return row;
}

class NoRoom extends Error {}

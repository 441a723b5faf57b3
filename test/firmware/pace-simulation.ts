// Owns a virtual clock, lanes on it that ask, sleep and send as the gate's downloads do, and what is asked of them all.
import assert from 'node:assert/strict';
import { Pacer, type Rates } from '../../src/firmware/pace.ts';
import { seeded } from '../policy/random.ts';

export const PORTION_BYTES = 16 * 1024;
/** Of the total, at once. */
export const BURST_S = 0.05;
export const SHORT_GAP_MS = 4_500;

export type Sent = { atMs: number; lane: SimulatedLane; bytes: number };

export type SimulatedLane = {
  key: string;
  joinedMs: number;
  /** When admission said: begin. */
  begunMs: number | null;
  leftMs: number | null;
  sentMs: number[];
  bytes: number;
  leave: () => void;
};

const CHUNK_BYTES = 64 * 1024;

type Timer = { atMs: number; run: () => void };

/** The clock moves from timer to timer. It does not begin at 0, as no monotonic clock need. */
export class Simulation {
  nowMs = 86_400_123.456;
  readonly pacer = new Pacer(() => this.nowMs);
  readonly sent: Sent[] = [];
  readonly lanes: SimulatedLane[] = [];
  /** How often a lane was told to wait. */
  waits = 0;
  #timers: Timer[] = [];
  readonly #lateMs: (() => number) | null;

  /** `lateMs`: what a timer of whole milliseconds is late by; left out, timers are exact to the fraction. */
  constructor(rates: Rates, lateMs: (() => number) | null = null) {
    this.pacer.set(rates);
    this.#lateMs = lateMs;
  }

  after(ms: number, run: () => void): void {
    const timer = { atMs: this.nowMs + ms, run };
    let at = this.#timers.push(timer) - 1;
    for (let up = (at - 1) >> 1; at > 0 && timer.atMs < this.#at(up).atMs; at = up, up = (at - 1) >> 1) {
      this.#timers[at] = this.#at(up);
      this.#timers[up] = timer;
    }
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let first = this.#timers[0]; first !== undefined && first.atMs <= untilMs; first = this.#timers[0]) {
      this.#takeFirst();
      this.nowMs = Math.max(this.nowMs, first.atMs);
      first.run();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** The process stands still: nothing runs, and then everything that was due does. */
  freeze(ms: number): void {
    this.nowMs += ms;
  }

  /** A lane that sends `totalBytes`, no faster than its device takes them (bytes a second). */
  join(key: string, { totalBytes = Infinity, deviceTakes = Infinity } = {}): SimulatedLane {
    const lane = this.pacer.join(key);
    const simulated: SimulatedLane = {
      key,
      joinedMs: this.nowMs,
      begunMs: null,
      leftMs: null,
      sentMs: [],
      bytes: 0,
      leave: () => {
        if (simulated.leftMs !== null) return;
        simulated.leftMs = this.nowMs;
        lane.leave();
      },
    };
    this.lanes.push(simulated);
    /** Sends what it may; gives the ms until it is to go on, or null at its end. */
    const send = (): number | null => {
      if (simulated.begunMs === null) {
        const waitMs = lane.admission();
        if (waitMs > 0) return this.#timer(waitMs);
        simulated.begunMs = this.nowMs;
      }
      for (;;) {
        const wanted = Math.min(CHUNK_BYTES, totalBytes - simulated.bytes);
        if (wanted <= 0) return null;
        const taken = lane.take(wanted);
        if ('waitMs' in taken) return this.#timer(taken.waitMs);
        if (!Number.isInteger(taken.bytes) || taken.bytes < 1 || taken.bytes > wanted) {
          throw new RangeError(`${taken.bytes} of ${wanted} bytes`);
        }
        simulated.bytes += taken.bytes;
        simulated.sentMs.push(this.nowMs);
        this.sent.push({ atMs: this.nowMs, lane: simulated, bytes: taken.bytes });
        if (deviceTakes < Infinity) return (taken.bytes / deviceTakes) * 1000;
      }
    };
    const step = (): void => {
      if (simulated.leftMs !== null) return;
      const ms = send();
      if (ms === null) simulated.leave();
      else this.after(ms, step);
    };
    step();
    return simulated;
  }

  /** The most that left within `windowMs`, of what `of` picks. */
  most(windowMs: number, of: (sent: Sent) => boolean = () => true): number {
    const sent = this.sent.filter(of);
    let first = 0;
    let sum = 0;
    let most = 0;
    for (const { atMs, bytes } of sent) {
      sum += bytes;
      for (let oldest = sent[first]; oldest && oldest.atMs < atMs - windowMs; oldest = sent[first]) {
        sum -= oldest.bytes;
        first += 1;
      }
      most = Math.max(most, sum);
    }
    return most;
  }

  /** All that left in the last `ms`. */
  sum(ms: number, of: (sent: Sent) => boolean = () => true): number {
    const fromMs = this.nowMs - ms;
    return this.sent.reduce((sum, sent) => (sent.atMs > fromMs && of(sent) ? sum + sent.bytes : sum), 0);
  }

  /** The longest time without a byte that any lane has seen, from its join to its end or now. */
  longestGapMs(): number {
    return Math.max(...this.lanes.map((lane) => longest([lane.joinedMs, ...lane.sentMs, lane.leftMs ?? this.nowMs])));
  }

  /** The longest time between two bytes that any lane has seen. */
  longestPauseMs(): number {
    return Math.max(...this.lanes.map(({ sentMs }) => longest(sentMs)));
  }

  /** What a timer makes of `ms`. */
  #timer(ms: number): number {
    this.waits += 1;
    if (!(ms > 0)) throw new RangeError(`told to sleep ${ms} ms`);
    return this.#lateMs === null ? ms : Math.ceil(ms) + this.#lateMs();
  }

  #at(index: number): Timer {
    const timer = this.#timers[index];
    if (timer === undefined) throw new RangeError(`no timer ${index}`);
    return timer;
  }

  #takeFirst(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    let at = 0;
    for (;;) {
      let least = 2 * at + 1;
      if (least >= this.#timers.length) break;
      if (least + 1 < this.#timers.length && this.#at(least + 1).atMs < this.#at(least).atMs) least += 1;
      if (this.#at(least).atMs >= last.atMs) break;
      this.#timers[at] = this.#at(least);
      at = least;
    }
    this.#timers[at] = last;
  }
}

function longest(moments: readonly number[]): number {
  return moments.reduce((most, atMs, index) => Math.max(most, atMs - (moments[index - 1] ?? atMs)), 0);
}

export function close(actual: number, expected: number, share: number, what: string): void {
  const off = Math.abs(actual / expected - 1);
  assert.ok(off <= share, `${what}: ${actual} instead of ${expected}, ${(100 * off).toFixed(1)} % off`);
}

export function atMost(actual: number, bound: number, what: string): void {
  assert.ok(actual <= bound, `${what}: ${actual}, ${bound} at most`);
}

/** The total in any five seconds: and, of what wins over it, `extraBytes`. */
export function keepsTotal(simulation: Simulation, total: number, extraBytes = 0): void {
  const bound = total * (5 + BURST_S) + PORTION_BYTES + extraBytes;
  atMost(simulation.most(5_000), bound, `bytes in five seconds at ${total} B/s`);
}

export function lateBy(mostMs: number, seed = 1): () => number {
  const random = seeded(seed);
  return () => random.below(mostMs + 1);
}

export function joinAll(simulation: Simulation, count: number): void {
  for (let index = 0; index < count; index += 1) simulation.join(`device ${index}`);
}

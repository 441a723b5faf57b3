// Owns a clock for deadlines: it never goes back, and never slower than real time, whatever happens to the machine's own.
import { type Clock, machineClock } from './clock.ts';

/**
 * Milliseconds since the epoch. A wall clock that is set back leaves it running on; one that is set forward takes it
 * along. So nothing that ends at a moment lives longer than the time it was given.
 */
export class SteadyClock {
  readonly #wall: Clock;
  readonly #monotonic: Clock;
  #baseMs: number;
  #baseMonotonicMs: number;

  /** `monotonic` counts milliseconds from anywhere. */
  constructor(wall: Clock = Date.now, monotonic: Clock = machineClock) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#baseMs = wall();
    this.#baseMonotonicMs = monotonic();
  }

  now(): number {
    const wallMs = this.#wall();
    const monotonicMs = this.#monotonic();
    const runMs = this.#baseMs + (monotonicMs - this.#baseMonotonicMs);
    if (wallMs <= runMs) return Math.floor(runMs);
    this.#baseMs = wallMs;
    this.#baseMonotonicMs = monotonicMs;
    return wallMs;
  }

  /** It is at least so late: somebody else has seen this moment already. */
  atLeast(ms: number): void {
    const nowMs = this.now();
    if (ms <= nowMs) return;
    this.#baseMs = ms;
    this.#baseMonotonicMs = this.#monotonic();
  }

  /** How far the wall clock is behind. */
  get behindMs(): number {
    return Math.max(0, this.now() - this.#wall());
  }
}

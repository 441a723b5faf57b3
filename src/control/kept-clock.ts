// Owns control's clock: one that never goes back, not even across a restart.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { machineClock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { SteadyClock } from '../base/steady-clock.ts';
import type { State } from '../store/state.ts';

const KEEP_MS = 30_000;
// A clock that is corrected by the network's time is off by less.
const TOLD_MS = 5_000;
const JUMP_MS = 500;

export class KeptClock {
  readonly #clock = new SteadyClock();
  readonly #state: State;
  readonly #log: Log;
  readonly #bootId = readBootId();
  /** True where the time since the last run cannot be known: the clock went back, and the machine was off. */
  readonly lostTime: boolean;
  #looked: { nowMs: number; monotonicMs: number };
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
    const seen = state.seenTime();
    const sameRun = seen !== null && seen.bootId !== null && seen.bootId === this.#bootId;
    // The machine counts its own run, whatever is done to its clock.
    const atLeastMs = seen === null ? 0 : seen.nowMs + (sameRun ? Math.max(0, uptime() * 1000 - seen.uptimeMs) : 0);
    this.lostTime = !sameRun && atLeastMs > Date.now() + TOLD_MS;
    this.#clock.atLeast(Math.floor(atLeastMs));
    // From the beginning: a jump before the first look is one, too.
    this.#looked = { nowMs: this.now(), monotonicMs: machineClock() };
  }

  now(): number {
    return this.#clock.now();
  }

  /** It is at least so late: another machine has seen this moment already. */
  atLeast(ms: number): void {
    this.#clock.atLeast(ms);
  }

  /** Whether it has jumped ahead since the last look: the gates, which count on from what they were told, must hear. */
  hasJumped(): boolean {
    const nowMs = this.now();
    const monotonicMs = machineClock();
    const ahead = nowMs - this.#looked.nowMs - (monotonicMs - this.#looked.monotonicMs);
    this.#looked = { nowMs, monotonicMs };
    return ahead > JUMP_MS;
  }

  start(): void {
    this.keep();
    this.#timer = setInterval(() => this.keep(), KEEP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.keep();
  }

  /** Writes down how late it is, and tells of a clock that is behind what was seen already. */
  keep(): void {
    const nowMs = this.now();
    const { behindMs } = this.#clock;
    if (behindMs > TOLD_MS && !this.#told) {
      this.#log.warn(
        { event: 'clock-behind', behindMs, seen: new Date(nowMs).toISOString() },
        `this machine's clock is ${Math.round(behindMs / 1000)} s behind a time that was seen already: openings count by that time, so that none lasts longer than it was given`,
      );
    }
    this.#told = behindMs > TOLD_MS;
    try {
      this.#state.seeTime({ nowMs, bootId: this.#bootId, uptimeMs: Math.floor(uptime() * 1000) });
    } catch (error) {
      this.#log.warn({ event: 'time-not-kept', detail: errorText(error) }, 'the latest time seen cannot be written');
    }
  }
}

function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

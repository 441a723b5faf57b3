// Owns telling of a trouble that comes again and again: once when it begins, and once when it is over, with its number.
import type { Log } from './log.ts';

const QUIET_MS = 10_000;

export type Trouble = { event: string; words: string; level?: 'warn' | 'error' };

export class RepeatedTrouble {
  readonly #log: Log;
  readonly #trouble: Trouble;
  #times = 0;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, trouble: Trouble) {
    this.#log = log;
    this.#trouble = trouble;
  }

  /** It has come. `facts` are told of the first time. */
  again(facts: Record<string, string>): void {
    this.#times += 1;
    this.#lastMs = performance.now();
    if (this.#timer !== undefined) return;
    const { event, words, level = 'warn' } = this.#trouble;
    this.#log[level]({ event, ...facts }, words);
    this.#timer = setInterval(() => this.#look(), QUIET_MS / 2).unref();
  }

  /** Tells the end now. */
  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { event, words } = this.#trouble;
    this.#log.info({ event: `${event}-over`, times: this.#times }, `over, after ${this.#times} times: ${words}`);
    this.#times = 0;
  }

  #look(): void {
    if (performance.now() - this.#lastMs >= QUIET_MS) this.close();
  }
}

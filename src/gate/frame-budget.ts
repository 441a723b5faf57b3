// Owns the bound on frames that ask for work and carry nothing: PING and SETTINGS, each of which must be answered.

// Browsers send a PING in most of a minute, and SETTINGS once.
const MAX_FRAMES = 100;
const WITHIN_MS = 10_000;

export class FrameBudget {
  #spent = 0;
  #sinceMs = 0;

  /** Whether one more is within the bound. `nowMs` is of a clock that never goes back. */
  spend(nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= WITHIN_MS) {
      this.#sinceMs = nowMs;
      this.#spent = 0;
    }
    this.#spent += 1;
    return this.#spent <= MAX_FRAMES;
  }
}

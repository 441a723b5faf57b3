// Owns what control told lately of links that can be asked for again: good for ten minutes where control is silent, and
// for as long as control said where it is not.
import { LRUCache } from 'lru-cache';
import type { FirmwareAsk } from '../link/firmware.ts';

const LATELY_MS = 10 * 60_000;
const MAX_LINKS = 1_000;

type Told<T> = { it: T; untilMs: number; turn: number };

export class LatelyTold<T extends object> {
  readonly #told = new LRUCache<string, Told<T>>({ max: MAX_LINKS, ttl: LATELY_MS });
  #turn = 0;

  /** What is for one client alone is not kept. `holdsMs`: for how long control need not be asked again. */
  keep(ask: FirmwareAsk, it: T, holdsMs: number): void {
    if (ask.authorization === null)
      this.#told.set(keyOf(ask), { it, untilMs: performance.now() + holdsMs, turn: this.#turn });
  }

  of(ask: FirmwareAsk): T | null {
    return this.#of(ask)?.it ?? null;
  }

  /** What control would say again. */
  held(ask: FirmwareAsk): T | null {
    const told = this.#of(ask);
    return told !== null && told.turn === this.#turn && performance.now() < told.untilMs ? told.it : null;
  }

  forget(ask: FirmwareAsk): void {
    this.#told.delete(keyOf(ask));
  }

  /** Control would say something else by now: it is asked again. */
  letGo(): void {
    this.#turn += 1;
  }

  #of(ask: FirmwareAsk): Told<T> | null {
    return ask.authorization === null ? (this.#told.get(keyOf(ask)) ?? null) : null;
  }
}

function keyOf({ stored, upstream, url, host, hint }: FirmwareAsk): string {
  return JSON.stringify([stored, upstream, url, host, hint?.board, hint?.version]);
}

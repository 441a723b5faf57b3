// Owns what control told lately of links that can be asked for again: good for ten minutes where control is silent.
import { LRUCache } from 'lru-cache';
import type { FirmwareAsk } from '../link/firmware.ts';

const LATELY_MS = 10 * 60_000;
const MAX_LINKS = 1_000;

export class LatelyTold<T extends object> {
  readonly #told = new LRUCache<string, T>({ max: MAX_LINKS, ttl: LATELY_MS });

  /** What is for one client alone is not kept. */
  keep(ask: FirmwareAsk, told: T): void {
    if (ask.authorization === null) this.#told.set(keyOf(ask), told);
  }

  of(ask: FirmwareAsk): T | null {
    return ask.authorization === null ? (this.#told.get(keyOf(ask)) ?? null) : null;
  }

  forget(ask: FirmwareAsk): void {
    this.#told.delete(keyOf(ask));
  }
}

function keyOf({ stored, upstream, url, host, hint }: FirmwareAsk): string {
  return JSON.stringify([stored, upstream, url, host, hint?.board, hint?.version]);
}

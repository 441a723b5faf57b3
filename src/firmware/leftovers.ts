// Owns the partial files that wait to be gone on with: one for each name, a bounded number of them, for a bounded time.
import { rmSync } from 'node:fs';
import { standsAlone } from './link-identity.ts';
import { memoFile, type PartialMemo } from './partial.ts';

export type Leftover = { file: string; memo: PartialMemo };

const MAX_LEFTOVERS = 16;
// A one-time link lives for a day, and so does a partial file that any link of its promise goes on with.
const LIFE_MS = 24 * 3_600_000;
// One that stands for a single link waits for that device alone, which asks again within minutes or by another link.
const ALONE_LIFE_MS = 10 * 60_000;

export class Leftovers {
  readonly #byName = new Map<string, Leftover>();

  /** Takes over what earlier processes left, the youngest last. */
  constructor(found: readonly Leftover[], nowMs: number) {
    for (const one of found) this.put(one);
    this.sweep(nowMs);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Adds one in place of the one that had its name; past the bound the oldest goes. One without a name goes at once. */
  put(leftover: Leftover): void {
    const { name } = leftover.memo;
    if (name === null) {
      discard(leftover);
      return;
    }
    const before = this.#byName.get(name);
    this.#byName.delete(name);
    this.#byName.set(name, leftover);
    if (before !== undefined && before.file !== leftover.file) discard(before);
    for (const oldest of this.#byName.keys()) {
      if (this.#byName.size <= MAX_LEFTOVERS) break;
      this.#drop(oldest);
    }
  }

  /** Gives one away: its files are the caller's from now on. One that does not fit goes, and the answer is null. */
  take(name: string, fits: (memo: PartialMemo) => boolean = () => true): Leftover | null {
    const leftover = this.#byName.get(name);
    this.#byName.delete(name);
    if (leftover === undefined) return null;
    if (fits(leftover.memo)) return leftover;
    discard(leftover);
    return null;
  }

  #drop(name: string): void {
    this.take(name, () => false);
  }

  /** Removes those that nobody came for. */
  sweep(nowMs: number): void {
    for (const [name, { memo }] of this.#byName) {
      const lifeMs = standsAlone(name) ? ALONE_LIFE_MS : LIFE_MS;
      // A clock that was set back makes it no younger than new.
      if (Math.abs(nowMs - memo.startedMs) >= lifeMs) this.#drop(name);
    }
  }
}

/** What cannot be removed is looked at again at the next start. */
function discard({ file }: Leftover): void {
  for (const path of [file, memoFile(file)]) {
    try {
      rmSync(path, { force: true });
    } catch {
      // a file system that is read-only
    }
  }
}

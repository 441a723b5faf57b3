// Owns what each one-time link was found to mean: it is asked about once, however often its device comes with it.
import { LRUCache } from 'lru-cache';
import type { Fill } from './fill.ts';
import type { CacheTotals } from './fills.ts';
import { type Found, HOLDS_MS } from './found.ts';
import type { Library } from './library.ts';
import type { PassingImages } from './passing.ts';

type Known =
  | { kind: 'asking'; found: Promise<Found> }
  | { kind: 'fill'; fill: Fill }
  | { kind: 'image'; sha256: string }
  | { kind: 'passing'; id: string };

const MAX_LINKS = 20_000;

export type KnownLinksParts = { library: Library; passing: PassingImages; totals: CacheTotals };

export class KnownLinks {
  readonly #known = new LRUCache<string, Known>({ max: MAX_LINKS });
  readonly #parts: KnownLinksParts;

  constructor(parts: KnownLinksParts) {
    this.#parts = parts;
  }

  /**
   * What a link leads to, as far as that is still there; else what `look` finds, which uses the link up by one GET. Who
   * asks while it looks waits for the same.
   */
  async find(link: string, look: () => Promise<Found>): Promise<Found> {
    for (let known = this.#known.get(link); known !== undefined; known = this.#known.get(link)) {
      const found = await this.#again(known);
      if (found !== null) return found;
      if (this.#known.peek(link) === known) this.#known.delete(link);
    }
    const asking: Known = { kind: 'asking', found: look() };
    this.#known.set(link, asking);
    try {
      const found = await asking.found;
      this.#note(link, asking, found);
      return found;
    } catch (error) {
      this.#replace(link, asking, null);
      throw error;
    }
  }

  /** The image that a link led to, as far as it is whole and here. */
  imageOf(link: string): string | null {
    const known = this.#known.peek(link);
    return known?.kind === 'image' ? known.sha256 : null;
  }

  /** Null where it is there no longer. Throws what the ask that runs throws. */
  async #again(known: Known): Promise<Found | null> {
    const { library, passing, totals } = this.#parts;
    switch (known.kind) {
      case 'asking': {
        const found = await known.found;
        totals.joined += 1;
        return found.how === 'miss' ? { ...found, how: 'joined' } : found;
      }
      case 'fill':
        if (known.fill.state.kind === 'failed') return null;
        totals.joined += 1;
        return { kind: 'fill', fill: known.fill, how: 'joined' };
      case 'image':
        if (!(await library.check(known.sha256))) return null;
        totals.hits += 1;
        return { kind: 'image', sha256: known.sha256, how: 'hit', holdsMs: HOLDS_MS };
      case 'passing': {
        const image = passing.get(known.id, Date.now());
        if (image === undefined) return null;
        totals.hits += 1;
        return { kind: 'passing', image, how: 'hit' };
      }
    }
  }

  #note(link: string, asking: Known, found: Found): void {
    const known = knownAs(found);
    this.#replace(link, asking, known);
    if (known.kind !== 'fill') return;
    const { fill } = known;
    void fill.done.then((end) => {
      const sha256 = end.kind === 'whole' ? end.verdict.sha256 : null;
      const stored = sha256 !== null && this.#parts.library.image(sha256) !== undefined;
      const whole: Known = stored ? { kind: 'image', sha256 } : { kind: 'passing', id: fill.id };
      this.#replace(link, known, sha256 === null ? null : whole);
    });
  }

  #replace(link: string, before: Known, after: Known | null): void {
    if (this.#known.peek(link) !== before) return;
    if (after === null) this.#known.delete(link);
    else this.#known.set(link, after);
  }
}

function knownAs(found: Found): Exclude<Known, { kind: 'asking' }> {
  switch (found.kind) {
    case 'image':
      return { kind: 'image', sha256: found.sha256 };
    case 'passing':
      return { kind: 'passing', id: found.image.id };
    case 'fill':
      return { kind: 'fill', fill: found.fill };
  }
}

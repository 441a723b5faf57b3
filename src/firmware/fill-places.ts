// Owns the places from which a fill can fetch: one stable link, or several one-time links of the same image, each of
// which is good for three GETs.
import { GateError } from '../base/errors.ts';
import type { Place } from './fetch.ts';

// Two at most, and the second only after a failure: the device that the link was made for keeps one for itself.
const GETS_EACH = 2;
const MAX_PLACES = 8;

export class FillPlaces {
  readonly #oneTime: boolean;
  readonly #places: { place: Place; gets: number }[];

  /** `asked`: the first place was asked already. */
  constructor(first: Place, oneTime: boolean, asked: boolean) {
    this.#oneTime = oneTime;
    this.#places = [{ place: first, gets: asked ? 1 : 0 }];
  }

  /** Another link of the same image. Past a number, the oldest but one goes. */
  offer(place: Place): void {
    if (!this.#oneTime || this.#places.some((known) => known.place.url.href === place.url.href)) return;
    if (this.#places.length >= MAX_PLACES) this.#places.splice(1, 1);
    this.#places.push({ place, gets: 0 });
  }

  hasMore(): boolean {
    return this.#next() !== undefined;
  }

  /** Asks at the place that was asked least; one that is dead is dropped for the next. Throws what the last one threw. */
  async ask<T>(open: (place: Place) => Promise<T>): Promise<T> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const known = next;
      known.gets += 1;
      try {
        return await open(known.place);
      } catch (error) {
        if (!(error instanceof GateError && error.code === 'FIRMWARE_LINK_DEAD')) throw error;
        this.#places.splice(this.#places.indexOf(known), 1);
        if (!this.hasMore()) throw error;
      }
    }
    throw new GateError(
      'FIRMWARE_LINK_DEAD',
      'every one-time link of this firmware is used up: the next check brings a new one',
      {
        fault: 'upstream',
        status: 404,
      },
    );
  }

  #next(): { place: Place; gets: number } | undefined {
    const usable = this.#places.filter(({ gets }) => !this.#oneTime || gets < GETS_EACH);
    return usable.sort((a, b) => a.gets - b.gets)[0];
  }
}

// Owns the first question about a link: how many of them run at a time, and what waits for its turn.
import pLimit from 'p-limit';
import { HEAD_BYTES } from '../ota/image.ts';
import { type Place, peek, type Reply } from './fetch.ts';
import { tooManyFills } from './fill-faults.ts';
import type { Link } from './found.ts';

// Links that nothing is known of are looked at one by one, and a herd of them must not take every connection.
const MAX_LOOKS = 8;
const MAX_WAITING = 10_000;
// What many wait for is asked for at once.
const MAX_ASKING = 64;

export class FirstReplies {
  readonly #fetch: (place: Place) => Promise<Reply>;
  readonly #looks = pLimit(MAX_LOOKS);
  #asking = 0;

  constructor(fetch: (place: Place) => Promise<Reply>) {
    this.#fetch = fetch;
  }

  /** The reply to a one-time link comes with its first bytes. @throws {GateError} FIRMWARE_NO_ROOM, UPSTREAM_* */
  async ask({ place, oneTime, promise }: Link): Promise<Reply> {
    if (oneTime && promise === null) {
      if (this.#looks.pendingCount >= MAX_WAITING) throw tooManyFills();
      return this.#looks(() => this.#withHead(place));
    }
    if (this.#asking >= MAX_ASKING) throw tooManyFills();
    this.#asking += 1;
    try {
      return oneTime ? await this.#withHead(place) : await this.#fetch(place);
    } finally {
      this.#asking -= 1;
    }
  }

  /** By its first bytes, an image is recognised that is here already, or on its way. */
  async #withHead(place: Place): Promise<Reply> {
    const reply = await this.#fetch(place);
    await peek(reply, HEAD_BYTES);
    return reply;
  }
}

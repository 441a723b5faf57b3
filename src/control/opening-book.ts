// Owns what of openings is written: it holds before it is written, and what the disk does not take is tried again.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { State } from '../store/state.ts';

type Use = { upgraded: number; lastUsedMs: number | null };

export class OpeningBook {
  readonly #state: State;
  readonly #log: Log;
  /** How openings were used, as far as it is not written; as many as there are openings. */
  readonly #uses = new Map<string, Use>();
  #toldUses = false;

  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
  }

  /** Notes what became of an opening that lasts. */
  use(id: string, { upgraded, lastUsedMs }: Use): void {
    this.#uses.set(id, { upgraded, lastUsedMs });
    this.#writeUses();
  }

  /** Writes what waits, as far as the disk takes it. Never throws. */
  write(): void {
    this.#writeUses();
  }

  #writeUses(): void {
    try {
      for (const [id, { upgraded, lastUsedMs }] of this.#uses) {
        this.#state.noteOpening(id, upgraded, lastUsedMs);
        this.#uses.delete(id);
      }
      this.#toldUses = false;
    } catch (error) {
      if (this.#toldUses) return;
      this.#toldUses = true;
      this.#log.warn(
        { event: 'opening-not-noted', ids: [...this.#uses.keys()], detail: errorText(error) },
        `how many devices upgraded through an opening cannot be written (${errorText(error)}): it counts on, but a restart of the gate would forget it; make room on the disk of stateDir`,
      );
    }
  }
}

// Owns what of openings is written: it counts before it is written, and what the disk does not take is tried again.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { State } from '../store/state.ts';
import type { AuditWhat, Who } from './admin/audit.ts';
import type { Audit } from './audit.ts';

type Use = { upgraded: number; lastUsedMs: number | null };

export type Entry = { what: AuditWhat; who: Who; detail: string };

type Closing = {
  declared: boolean;
  untilMs: number;
  /** Null once the audit trail has it. */
  entry: Entry | null;
  told: boolean;
};

export class OpeningBook {
  readonly #state: State;
  readonly #audit: Audit;
  readonly #log: Log;
  /** Openings that are closed or over, as far as it is not written; as many as there are openings. */
  readonly #closings = new Map<string, Closing>();
  /** How openings were used, as far as it is not written. */
  readonly #uses = new Map<string, Use>();
  #toldUses = false;

  constructor(state: State, audit: Audit, log: Log) {
    this.#state = state;
    this.#audit = audit;
    this.#log = log;
  }

  /** It is closed from here on. The next `write` writes it, and what the audit trail is to say of it. */
  close(id: string, declared: boolean, untilMs: number, entry: Entry | null): void {
    this.#uses.delete(id);
    this.#closings.set(id, { declared, untilMs, entry, told: false });
  }

  /** Whether it was closed, and that is not written yet: after a restart, it would be open. */
  isClosed(id: string): boolean {
    return this.#closings.has(id);
  }

  /** Notes what became of an opening that lasts. */
  use(id: string, { upgraded, lastUsedMs }: Use): void {
    if (this.#closings.has(id)) return;
    this.#uses.set(id, { upgraded, lastUsedMs });
    this.#writeUses();
  }

  /** Writes what waits, as far as the disk takes it. Never throws. */
  write(nowMs: number): void {
    for (const [id, closing] of this.#closings) this.#writeClosing(id, closing, nowMs);
    this.#writeUses();
  }

  #writeClosing(id: string, closing: Closing, nowMs: number): void {
    const { declared, untilMs, entry } = closing;
    if (entry !== null) this.#audit.note(entry.what, entry.who, entry.detail);
    closing.entry = null;
    try {
      if (!declared) this.#state.removeOpening(id);
      else if (untilMs > nowMs) this.#state.markClosed(id, untilMs, nowMs);
      this.#closings.delete(id);
      if (closing.told) this.#log.info({ event: 'closing-written', id }, `that opening ${id} is closed is written now`);
    } catch (error) {
      // One that is over is over after a restart, too.
      if (closing.told || untilMs <= nowMs) return;
      closing.told = true;
      const until = new Date(untilMs).toISOString();
      this.#log.error(
        { event: 'closing-not-written', id, until, detail: errorText(error) },
        `opening ${id} is closed, but that cannot be written (${errorText(error)}): until there is room, a restart of the gate may open it again until ${until}; make room on the disk of stateDir, or make it writable`,
      );
    }
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

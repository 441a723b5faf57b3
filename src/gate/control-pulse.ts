// Owns the question whether control still answers: one that waits for its disk answers nobody until that is done. It is
// asked only while somebody waits for an answer.
import type { ToControl } from '../link/messages.ts';

/** As long as nobody minds. Control answers a pulse within milliseconds, whatever else it has to do. */
export const SILENCE_MS = 500;

/** For whoever waits for control. */
export type Silence = Pick<ControlPulse, 'whenSilent'>;

export const NEVER_SILENT: Silence = { whenSilent: () => ({ stop: () => {} }) };

export class ControlPulse {
  readonly #send: (message: ToControl) => Promise<void>;
  readonly #onSilent: () => void;
  /** Those who want to know; null while nothing is asked. */
  #asked: ((answers: boolean) => void)[] | null = null;
  #late: NodeJS.Timeout | undefined;
  /** It did not answer when it was asked last, and was not heard since. */
  #isSilent = false;

  /** `onSilent` hears it again and again for as long as it lasts and somebody waits. */
  constructor(send: (message: ToControl) => Promise<void>, onSilent: () => void) {
    this.#send = send;
    this.#onSilent = onSilent;
  }

  /** Whether it answers now: false after `SILENCE_MS` without a word. Never rejects. */
  answers(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#asked !== null) {
        this.#asked.push(resolve);
        return;
      }
      this.#asked = [resolve];
      this.#late = setTimeout(() => this.#settle(false), SILENCE_MS).unref();
      // One that is gone is not silent: who waits for it hears of that.
      this.#send({ kind: 'pulse' }).catch(() => this.#settle(true));
    });
  }

  /** It has answered. */
  onPulse(): void {
    this.#isSilent = false;
    this.#settle(true);
  }

  /**
   * Calls `then` once control is found to be silent, at once where that is known; not any more after `stop`.
   */
  whenSilent(then: () => void): { stop: () => void } {
    let stopped = false;
    const look = async (): Promise<void> => {
      const answers = await this.answers();
      if (stopped) return;
      if (answers) timer = later();
      else then();
    };
    const later = (): NodeJS.Timeout => setTimeout(() => void look(), SILENCE_MS).unref();
    const again = (): void => {
      if (this.#isSilent) then();
      else timer = later();
    };
    let timer = this.#isSilent ? setTimeout(again, AGAIN_MS).unref() : later();
    if (this.#isSilent) void this.answers();
    return {
      stop: () => {
        stopped = true;
        clearTimeout(timer);
      },
    };
  }

  #settle(answers: boolean): void {
    const asked = this.#asked;
    if (asked === null) return;
    this.#asked = null;
    clearTimeout(this.#late);
    if (!answers) {
      this.#isSilent = true;
      this.#onSilent();
    }
    for (const tell of asked) tell(answers);
  }
}

// Time for an answer that is there already.
const AGAIN_MS = 50;

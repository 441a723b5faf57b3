// Owns the questions of this gate that control has not answered yet. None is waited for long: a device waits behind it.
import type { FirmwareAsk } from '../link/firmware.ts';
import type { ToControl } from '../link/messages.ts';
import type { Question, Reply } from '../link/questions.ts';
import type { OfferedImage } from '../ota/offer-case.ts';
import { NEVER_SILENT, type Silence } from './control-pulse.ts';
import { LatelyTold } from './lately-told.ts';

/** As long as a check may take longer for it. A device gives up after 10 s at the least. */
export const PATIENCE_MS = 2_000;
// Past it, a check goes on without the answer.
const MAX_WAITING = 10_000;

export class Questions {
  readonly #send: (message: ToControl) => Promise<void>;
  readonly #waiting = new Map<number, (reply: Reply | null) => void>();
  readonly #patienceMs: number;
  #pulse: Silence = NEVER_SILENT;
  readonly #lately = new LatelyTold<OfferedImage>();
  #lastId = 0;

  constructor(send: (message: ToControl) => Promise<void>, patienceMs = PATIENCE_MS) {
    this.#send = send;
    this.#patienceMs = patienceMs;
  }

  /** From now on, offers go by what was told lately where control is silent. */
  goBy(pulse: Silence): void {
    this.#pulse = pulse;
  }

  /**
   * What control says, or null where it does not say it in time, or is gone; where it is silent, what it said of the image
   * lately. Never rejects.
   */
  ask<About extends Question['about']>(
    question: Extract<Question, { about: About }>,
  ): Promise<Extract<Reply, { about: About }> | null> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(null);
    this.#lastId += 1;
    const id = this.#lastId;
    const ask = askOf(question);
    return new Promise((resolve) => {
      const settle = (reply: Reply | null): void => {
        clearTimeout(timer);
        silent.stop();
        if (ask !== null && reply?.about === 'offer' && reply.image.kind === 'app')
          this.#lately.keep(ask, reply.image, 0);
        this.#waiting.delete(id);
        resolve(reply?.about === question.about ? (reply as Extract<Reply, { about: About }>) : null);
      };
      const timer = setTimeout(settle, this.#patienceMs, null);
      const silent = this.#pulse.whenSilent(() => {
        const image = ask === null ? null : this.#lately.of(ask);
        settle(image === null ? null : { about: 'offer', image, failed: null });
      });
      this.#waiting.set(id, settle);
      this.#send({ kind: 'question', id, question }).catch(() => settle(null));
    });
  }

  onReply(id: number, reply: Reply): void {
    this.#waiting.get(id)?.(reply);
  }
}

function askOf(question: Question): FirmwareAsk | null {
  return question.about === 'offer' ? question.ask : null;
}

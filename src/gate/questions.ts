// Owns the questions of this gate that control has not answered yet. None is waited for long: a device waits behind it.
import type { ToControl } from '../link/messages.ts';
import type { Question, Reply } from '../link/questions.ts';

/** As long as a check may take longer for it. A device gives up after 10 s at the least. */
export const PATIENCE_MS = 2_000;
// Past it, a check goes on without the answer.
const MAX_WAITING = 10_000;

export class Questions {
  readonly #send: (message: ToControl) => Promise<void>;
  readonly #waiting = new Map<number, (reply: Reply | null) => void>();
  readonly #patienceMs: number;
  #lastId = 0;

  constructor(send: (message: ToControl) => Promise<void>, patienceMs = PATIENCE_MS) {
    this.#send = send;
    this.#patienceMs = patienceMs;
  }

  /** What control says, or null where it does not say it in time, or is gone. Never rejects. */
  ask<About extends Question['about']>(
    question: Extract<Question, { about: About }>,
  ): Promise<Extract<Reply, { about: About }> | null> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(null);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const settle = (reply: Reply | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply?.about === question.about ? (reply as Extract<Reply, { about: About }>) : null);
      };
      const timer = setTimeout(settle, this.#patienceMs, null);
      this.#waiting.set(id, settle);
      this.#send({ kind: 'question', id, question }).catch(() => settle(null));
    });
  }

  onReply(id: number, reply: Reply): void {
    this.#waiting.get(id)?.(reply);
  }
}

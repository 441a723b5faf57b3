// Owns the bounded way of log lines from a gate to control, for those who look at the log from afar.

// More lines a second than anybody reads; the log itself has them all.
const MAX_LINES = 100;
const EVERY_MS = 500;

export type LogBatch = { lines: string[]; dropped: number };

export class LogTap {
  readonly #send: (batch: LogBatch) => Promise<void>;
  #lines: string[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (batch: LogBatch) => Promise<void>) {
    this.#send = send;
  }

  /** Takes a line of JSON. Past 100 in half a second, lines are dropped and counted. */
  readonly take = (json: string): void => {
    this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS).unref();
    if (this.#lines.length < MAX_LINES) this.#lines.push(json);
    else this.#dropped += 1;
  };

  #flush(): void {
    this.#timer = undefined;
    const batch = { lines: this.#lines, dropped: this.#dropped };
    this.#lines = [];
    this.#dropped = 0;
    this.#send(batch).catch(() => {}); // control is gone, and nobody looks
  }
}

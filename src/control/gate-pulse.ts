// Owns the question which gates still answer: one that hangs keeps its sockets, and who comes by them waits in vain.
const EVERY_MS = 5_000;
// A slow machine under a load of handshakes, or a gate that collects garbage, answers sooner than that; after these it is
// asked once more.
const SILENT_LOOKS = 3;

/** One gate process, as long as it lives. */
export type AskedGate = {
  /** Sends a question that is answered at once by one that is not held up. */
  ask: () => void;
  /** It has not answered, and is not asked any more. */
  onSilent: () => void;
};

type Asked = { waits: boolean; silentLooks: number };

export class GatePulse {
  readonly #everyMs: number;
  readonly #asked = new Map<AskedGate, Asked>();
  #timer: NodeJS.Timeout | undefined;
  #lookedMs = 0;

  constructor(everyMs: number = EVERY_MS) {
    this.#everyMs = everyMs;
  }

  start(): void {
    this.#lookedMs = performance.now();
    this.#timer ??= setInterval(() => this.look(performance.now()), this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#asked.clear();
  }

  /** Asks it from the next look on. */
  add(gate: AskedGate): void {
    if (!this.#asked.has(gate)) this.#asked.set(gate, { waits: false, silentLooks: 0 });
  }

  remove(gate: AskedGate): void {
    this.#asked.delete(gate);
  }

  /** It said something, whatever it was. */
  heard(gate: AskedGate): void {
    const asked = this.#asked.get(gate);
    if (asked) Object.assign(asked, { waits: false, silentLooks: 0 });
  }

  /**
   * Counts the time since the last look where a gate was asked then and said nothing, and asks again. A look that comes
   * late counts nothing: this process, or the whole machine, stood still, and answers may lie there unread.
   */
  look(nowMs: number): void {
    const onTime = nowMs - this.#lookedMs < 1.2 * this.#everyMs;
    this.#lookedMs = nowMs;
    for (const [gate, asked] of this.#asked) {
      if (asked.waits && onTime) asked.silentLooks += 1;
      if (asked.silentLooks > SILENT_LOOKS) {
        this.#asked.delete(gate);
        gate.onSilent();
      } else {
        asked.waits = true;
        gate.ask();
      }
    }
  }
}

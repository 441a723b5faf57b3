// Owns the line to the gate's events: it is opened anew when it breaks or falls silent, from where it stopped.
import { EventStreamReader, type StreamMessage } from './event-stream.ts';

/** `silent`: nothing was heard yet, or the line is broken and is tried again. */
export type LineState = 'silent' | 'live';

export type LiveParts = {
  open: (lastEventId: string, signal: AbortSignal) => Promise<Response>;
  onMessage: (message: StreamMessage) => void;
  onState: (state: LineState) => void;
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
// The gate says something every 15 s. A line that is silent for longer than twice that leads nowhere.
const SILENCE_MS = 35_000;

export class Live {
  readonly #parts: LiveParts;
  #lastEventId = '';
  #stopped = new AbortController();
  #wake: () => void = () => {};

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopped = new AbortController();
    void this.#run(this.#stopped.signal);
  }

  stop(): void {
    this.#stopped.abort();
    this.#wake();
  }

  /** Tries again at once, where it waits. */
  hurry(): void {
    this.#wake();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopped.aborted) {
      const heard = await this.#listen(stopped);
      if (stopped.aborted) return;
      this.#parts.onState('silent');
      pauseMs = heard ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await this.#pause(pauseMs);
    }
  }

  /** Reads until the line breaks; says whether there was one at all. */
  async #listen(stopped: AbortSignal): Promise<boolean> {
    const cut = new AbortController();
    const onStop = (): void => cut.abort();
    stopped.addEventListener('abort', onStop, { once: true });
    let silence = setTimeout(onStop, SILENCE_MS);
    let heard = false;
    try {
      const reply = await this.#parts.open(this.#lastEventId, cut.signal);
      const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventStreamReader();
      heard = true;
      this.#parts.onState('live');
      for (;;) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) return true;
        clearTimeout(silence);
        silence = setTimeout(onStop, SILENCE_MS);
        for (const message of events.push(piece.value)) {
          if (message.id !== '') this.#lastEventId = message.id;
          this.#parts.onMessage(message);
        }
      }
    } catch {
      return heard;
    } finally {
      clearTimeout(silence);
      stopped.removeEventListener('abort', onStop);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

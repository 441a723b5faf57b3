// Owns the bytes of a reply as they come: what has come is there, though the connection broke behind it.
import type { Readable } from 'node:stream';

// Past this, the upstream waits until somebody reads.
const MAX_QUEUED_BYTES = 256 * 1024;

export class BodyBytes {
  readonly #body: Readable;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Set when nothing more will come. */
  #end: { error: unknown } | null = null;
  #wake: (() => void) | null = null;

  /** A stream that breaks throws away what nobody has taken yet, so all is taken at once. */
  constructor(body: Readable) {
    this.#body = body;
    body.on('data', (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
      if (this.#queuedBytes >= MAX_QUEUED_BYTES) body.pause();
      this.#wake?.();
    });
    const finish = (error: unknown): void => {
      this.#end ??= { error };
      this.#wake?.();
    };
    body.on('end', () => finish(null));
    body.on('error', finish);
    body.on('close', () => finish(Object.assign(new Error('the body was ended'), { code: 'ECONNRESET' })));
  }

  /** The next bytes; null behind the last ones. One reader at a time. Throws what the connection throws. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length;
        if (this.#body.isPaused() && this.#queuedBytes < MAX_QUEUED_BYTES) this.#body.resume();
        return chunk;
      }
      if (this.#end?.error === null) return null;
      if (this.#end !== null) throw this.#end.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  /** Hangs up where not all has come. */
  abort(): void {
    this.#queue.length = 0;
    this.#body.destroy();
  }
}

// Owns one question to an upstream whose answer is read whole: by undici's dispatch, which makes no streams for it.
import type { Dispatcher, Pool } from 'undici';
import { GateError } from '../base/errors.ts';

export type Question = {
  path: string;
  method: Dispatcher.HttpMethod;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer | null;
  headersTimeout: number;
  bodyTimeout: number;
  /** Of the answer's body. */
  maxBytes: number;
};

/** `rawHeaders`: names and values in turn, as they came. */
export type Answer = { status: number; rawHeaders: string[]; body: Buffer; firstByteMs: number };

/** A question on its way: `answer` rejects with REPLY_TOO_LARGE, with undici's errors, or with what `abort` was given. */
export class Asking implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #startedMs = performance.now();
  readonly #maxBytes: number;
  readonly #settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  #controller: Dispatcher.DispatchController | null = null;
  #aborted: Error | null = null;
  #status = 0;
  #rawHeaders: string[] = [];
  #firstByteMs = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(pool: Pool, { maxBytes, ...question }: Question) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#settle = { resolve, reject };
    this.#maxBytes = maxBytes;
    try {
      pool.dispatch(question, this);
    } catch (error) {
      reject(error);
    }
  }

  /** Nobody wants the answer any more. */
  abort(why: Error): void {
    this.#aborted = why;
    this.#controller?.abort(why);
    this.#settle.reject(why);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted !== null) controller.abort(this.#aborted);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Interim ones (RFC 9110 section 15.2) are not the answer.
    if (status < 200 && status !== 101) return;
    this.#status = status;
    this.#firstByteMs = performance.now() - this.#startedMs;
    this.#rawHeaders = textsOf(controller.rawHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#chunks.push(chunk);
      return;
    }
    const message = `the upstream's reply has more than ${this.#maxBytes} bytes`;
    controller.abort(new GateError('REPLY_TOO_LARGE', message, { fault: 'upstream' }));
  }

  onResponseEnd(): void {
    const [first = Buffer.alloc(0)] = this.#chunks;
    const body = this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks);
    this.#settle.resolve({
      status: this.#status,
      rawHeaders: this.#rawHeaders,
      body,
      firstByteMs: this.#firstByteMs,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle.reject(error);
  }
}

/** undici gives them as bytes. */
function textsOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : [];
}

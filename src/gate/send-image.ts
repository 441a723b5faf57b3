// Owns the sending of an image's bytes to a device: at its pace, behind a fill where one runs, and never complete-looking
// where it was cut.
import type { ErrorCode } from '../base/errors.ts';
import type { GrowingFile } from '../firmware/growing-file.ts';
import type { Lane } from '../firmware/pace.ts';
import type { ClientResponse } from './client.ts';
import { passing } from './passing-bytes.ts';
import { endAfterRest } from './rest.ts';

export type ImagePart = { file: GrowingFile; bytes: Buffer | null; start: number; end: number };

/** `gapMs`: the longest time in which the device waited for bytes of ours. */
export type SendEnd = { gapMs: number } & ({ kind: 'complete' } | ({ kind: 'cut' } & Cut));

const DISK_READ_BYTES = 256 * 1024;
// A plain socket copies nothing, so large pieces cost least; the client's silence is counted from piece to piece.
const PLAIN_WRITE_BYTES = 1024 * 1024;
// Of a client of which nothing is known yet. Who takes a piece within the time gets one twice as large.
const FIRST_PLAIN_BYTES = 64 * 1024;
const FIRST_TLS_BYTES = 16 * 1024;
const AT_ONCE_MS = 20;

export type SendOptions = {
  /**
   * How much may be written at a time over TLS, or null for a plain connection. All that is written to a TLS socket is
   * encrypted at once, and waits as a copy: a slow device must not hold the image.
   */
  tlsWriteBytes: (() => number) | null;
  idleMs: number;
  onBytes: (bytes: number) => void;
};

/**
 * Sends a part, behind a head that was written already. `idleMs` without progress on the client's side ends it.
 * `onBytes` hears of every piece. Never throws.
 */
export async function sendImage(
  response: ClientResponse,
  part: ImagePart,
  lane: Lane,
  options: SendOptions,
): Promise<SendEnd> {
  const { file, end } = part;
  const flow = new Flow(response, options.idleMs, options.tlsWriteBytes !== null);
  let pieceBytes = options.tlsWriteBytes === null ? FIRST_PLAIN_BYTES : FIRST_TLS_BYTES;
  let gapMs = 0;
  let lastMs = performance.now();
  const cut = (how: Cut): SendEnd => {
    // So that nobody takes a part for the whole.
    response.destroy();
    return { kind: 'cut', gapMs, ...how };
  };
  try {
    for (let offset = part.start; offset < end; ) {
      const limit = Math.min(end, file.sendable);
      if (offset >= limit) {
        const waited = await flow.orGone(nextBytes(file, offset));
        if (waited !== 'news') return cut(waited);
        continue;
      }
      const most = Math.min(
        part.bytes === null ? DISK_READ_BYTES : PLAIN_WRITE_BYTES,
        options.tlsWriteBytes?.() ?? PLAIN_WRITE_BYTES,
      );
      const grant = lane.take(Math.min(most, pieceBytes, limit - offset));
      if ('waitMs' in grant) {
        const slept = await flow.orGone(sleep(Math.ceil(grant.waitMs)));
        if (slept !== 'news') return cut(slept);
        continue;
      }
      const chunk = part.bytes?.subarray(offset, offset + grant.bytes) ?? (await file.read(offset, grant.bytes));
      if (part.bytes === null) passing(chunk.length);
      if (chunk.length === 0) return cut({ code: 'INTERNAL', detail: 'the file of this image is too short' });
      offset += chunk.length;
      options.onBytes(chunk.length);
      const writtenMs = performance.now();
      gapMs = Math.max(gapMs, writtenMs - lastMs);
      const written = await (offset === end ? flow.last(chunk) : flow.write(chunk));
      if (written !== 'news') return cut(written);
      lastMs = performance.now();
      if (lastMs - writtenMs < AT_ONCE_MS) pieceBytes = Math.min(pieceBytes * 2, PLAIN_WRITE_BYTES);
    }
    return { kind: 'complete', gapMs };
  } catch (error) {
    return cut({ code: 'INTERNAL', detail: error instanceof Error ? error.message : String(error) });
  } finally {
    flow.stop();
  }
}

type Cut = { code: ErrorCode; detail: string };
type Step = 'news' | Cut;

const LEFT: Cut = { code: 'CLIENT_GONE', detail: 'the device left' };

/** Resolves when bytes past `offset` may be sent. */
async function nextBytes(file: GrowingFile, offset: number): Promise<Step> {
  while (file.sendable <= offset) {
    if (file.state.kind === 'failed') return { code: file.state.code, detail: file.state.detail };
    await file.changed();
  }
  return 'news';
}

function sleep(ms: number): Promise<Step> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'news'));
}

/** The client's side: whether it takes what it is sent, and whether it is still there. */
class Flow {
  readonly #idleMs: number;
  readonly #alone: boolean;
  readonly #response: ClientResponse;
  #begun = false;
  #wake: ((step: Step) => void) | null = null;
  /** One for all pieces, begun anew with each; counts only while the client has something to take. */
  #late: NodeJS.Timeout | undefined;
  #isTimed = false;
  #gone = false;
  readonly #onDrain = (): void => this.#wake?.('news');
  readonly #onTaken = (error?: Error | null): void => (error ? this.#onClose() : this.#onDrain());
  readonly #onClose = (): void => {
    this.#gone = true;
    this.#wake?.(LEFT);
  };

  /** `alone`: each piece until the kernel has taken it. A stream would let several wait, over TLS each as a copy. */
  constructor(response: ClientResponse, idleMs: number, alone: boolean) {
    this.#idleMs = idleMs;
    this.#alone = alone;
    this.#response = response;
    this.#gone = response.destroyed;
    response.on('drain', this.#onDrain).on('close', this.#onClose).on('error', this.#onClose);
  }

  orGone(news: Promise<Step>): Promise<Step> {
    if (this.#gone) return Promise.resolve(LEFT);
    return Promise.race([news, this.#next(false)]);
  }

  write(chunk: Buffer): Promise<Step> {
    if (this.#gone) return Promise.resolve(LEFT);
    const response = this.#response;
    if (!this.#alone) return response.write(chunk) ? Promise.resolve('news') : this.#next(true);
    // Behind the head with the first piece, the bytes are the connection's: a response would cork each one, and let it
    // wait for the end of the turn.
    const to = this.#begun ? (response.socket ?? response) : response;
    this.#begun = true;
    // It broke, or its client has left: the response hears of that later, and a write would seem to be taken.
    if (!to.writable) return Promise.resolve(LEFT);
    const taken = this.#next(true);
    to.write(chunk, this.#onTaken);
    return taken;
  }

  /** With the last bytes, the end: done when all of it has left. */
  last(chunk: Buffer): Promise<Step> {
    if (this.#gone) return Promise.resolve(LEFT);
    const response = this.#response;
    response.off('drain', this.#onDrain); // what counts now is that all of it has left
    const finished = this.#next(true);
    response.once('finish', this.#onDrain);
    void endAfterRest(response, chunk);
    return finished;
  }

  stop(): void {
    this.#wake = null;
    clearTimeout(this.#late);
    this.#response.off('drain', this.#onDrain).off('close', this.#onClose).off('finish', this.#onDrain);
  }

  #next(isTimed: boolean): Promise<Step> {
    this.#isTimed = isTimed;
    if (isTimed) this.#late = this.#late?.refresh() ?? setTimeout(() => this.#onLate(), this.#idleMs);
    return new Promise((resolve) => {
      this.#wake = (step) => {
        this.#wake = null;
        resolve(step);
      };
    });
  }

  #onLate(): void {
    if (this.#isTimed) this.#wake?.({ code: 'CLIENT_GONE', detail: 'the device takes no more bytes' });
  }
}

// Owns one HTTP/2 response as the rest of the gate writes it: like one of HTTP/1.1, whole or visibly cut.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import type { ClientRequest, ClientResponse } from './client.ts';
import { endToEnd } from './headers.ts';

const { NGHTTP2_NO_ERROR } = constants;

// A reset overtakes the end of the answer, where that still waits to be sent.
const LAST_FRAME_MS = 500;

type Written = (error?: Error | null) => void;

export class Http2Response extends Writable implements ClientResponse {
  readonly req: ClientRequest;
  headersSent = false;
  /** Means nothing here: a stream is never used again. */
  shouldKeepAlive = true;
  readonly #stream: ServerHttp2Stream;
  /** HEAD, 204 and 304 are over with their head. */
  #bodiless = false;

  constructor(stream: ServerHttp2Stream, request: ClientRequest) {
    super({ highWaterMark: 64 * 1024 });
    this.#stream = stream;
    this.req = request;
    // What could not be written is told by 'close'; without a listener it would end the process.
    this.on('error', () => {});
    stream.on('close', () => this.destroy());
  }

  writeHead(status: number, reasonOrHeaders: string | string[], more?: string[]): this {
    // There are no reason phrases in HTTP/2.
    const headers = typeof reasonOrHeaders === 'string' ? (more ?? []) : reasonOrHeaders;
    const list = [':status', String(status)];
    for (const [name, value] of endToEnd(headers)) list.push(name.toLowerCase(), value);
    this.headersSent = true;
    if (this.#stream.closed) return this;
    this.#bodiless = this.req.method === 'HEAD' || status === 204 || status === 304;
    this.#stream.respond(list, { endStream: this.#bodiless });
    return this;
  }

  /** The head goes out at once in any case. */
  flushHeaders(): void {}

  writeContinue(): void {
    if (!this.#stream.closed) this.#stream.additionalHeaders({ ':status': 100 });
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Written): void {
    if (this.#bodiless) done();
    else if (!this.#stream.closed) this.#stream.write(chunk, encoding, done); // else 'close' is on its way
  }

  override _final(done: Written): void {
    if (this.#bodiless) done();
    else if (!this.#stream.closed) this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: Written): void {
    const stream = this.#stream;
    // A client that still sends has had its answer (RFC 9113 section 8.1); one that has not gets no whole-looking part.
    const isWhole = this.writableFinished;
    if (isWhole && !this.req.complete) setTimeout(() => stream.close(NGHTTP2_NO_ERROR), LAST_FRAME_MS).unref();
    // Closing would send the end of the stream before its reset.
    else if (!isWhole) stream.destroy(new Error('cut'));
    done(error);
  }
}

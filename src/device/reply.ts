// Owns how the device reads an HTTP reply, byte by byte, with the faults of each generation's parser.

import type { Quirks } from './generation.ts';

export type ReplyState =
  | 'status-line'
  | 'headers'
  | 'body'
  | 'chunk-size'
  | 'chunk-data'
  | 'trailer'
  | 'complete'
  | 'error';

/** The device has some 40 KB to spare; a longer head ends in an allocation that fails. */
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * A parser for one reply, fed with what one read from the socket gave. It mirrors http_client.cc
 * (ProcessReceivedData): the first status line is final, even a 1xx one; the last header of a name wins;
 * without a length the body lasts until the connection ends.
 */
export class ReplyReader {
  state: ReplyState = 'status-line';
  status = -1;
  /** 0 where there is none, where it is no number, and where the body is chunked. */
  contentLength = 0;
  chunked = false;
  /** Body bytes so far. */
  received = 0;
  because = '';
  readonly #quirks: Pick<Quirks, 'generation' | 'caseSensitiveHeaders' | 'chunkBug'>;
  readonly #headers = new Map<string, string>();
  #pending: Buffer = Buffer.alloc(0);
  #headBytes = 0;
  #chunkLeft = 0;
  #skipLineEnd = false;

  constructor(quirks: Pick<Quirks, 'generation' | 'caseSensitiveHeaders' | 'chunkBug'>) {
    this.#quirks = quirks;
  }

  get headRead(): boolean {
    return this.state !== 'status-line' && this.state !== 'headers' && this.state !== 'error';
  }

  /** Whether nothing is missing should the connection end now. */
  get whole(): boolean {
    if (this.chunked) return this.state === 'complete';
    return this.headRead && (this.contentLength === 0 || this.received >= this.contentLength);
  }

  /** Takes the bytes of one read and gives the body bytes in them. */
  push(segment: Buffer): Buffer {
    this.#pending = this.#pending.length === 0 ? segment : Buffer.concat([this.#pending, segment]);
    const body: Buffer[] = [];
    while (this.#pending.length > 0 && this.state !== 'complete' && this.state !== 'error') {
      if (!this.#step(body)) break;
    }
    if (this.state === 'body' && this.contentLength > 0 && this.received >= this.contentLength) this.state = 'complete';
    return body.length === 1 ? (body[0] ?? Buffer.alloc(0)) : Buffer.concat(body);
  }

  // One turn of the machine; false where it needs more bytes.
  #step(body: Buffer[]): boolean {
    if (this.state === 'body') {
      // The firmware's own client keeps whatever comes with the last bytes, even past Content-Length.
      const limit =
        this.#quirks.generation === 'legacy' && this.contentLength > 0
          ? this.contentLength - this.received
          : Number.POSITIVE_INFINITY;
      this.#take(Math.min(limit, this.#pending.length), body);
      return this.state === 'body' && limit > 0;
    }
    if (this.state === 'chunk-data') {
      this.#chunkLeft -= this.#take(Math.min(this.#pending.length, this.#chunkLeft), body);
      if (this.#chunkLeft === 0) this.#endChunk();
      return true;
    }
    const line = this.#line();
    if (this.#headBytes + (line === undefined ? this.#pending.length : 0) > MAX_HEAD_BYTES) {
      this.#fail('the head of the reply, or a line of its chunks, is too long');
      return false;
    }
    if (line === undefined) return false;
    if (this.state === 'status-line') this.#readStatus(line);
    else if (this.state === 'headers') this.#readHeader(line);
    else if (this.state === 'chunk-size') this.#readChunkSize(line);
    else if (line === '') this.state = 'complete';
    return true;
  }

  #readStatus(line: string): void {
    const text = line.trim().split(/\s+/)[1] ?? '';
    const status = Number(text);
    if (!/^[0-9]+$/.test(text) || status < 100 || status > 999) this.#fail(`no status in "${line.slice(0, 60)}"`);
    else {
      this.status = status;
      this.state = 'headers';
    }
  }

  #readHeader(line: string): void {
    if (line !== '') {
      const colon = line.indexOf(':');
      if (colon < 0) {
        this.#fail(`a header line without a colon: "${line.slice(0, 60)}"`);
        return;
      }
      const name = line.slice(0, colon).trim();
      this.#headers.set(this.#quirks.caseSensitiveHeaders ? name : name.toLowerCase(), line.slice(colon + 1).trim());
      return;
    }
    this.chunked = this.#header('Transfer-Encoding')?.includes('chunked') ?? false;
    const length = this.#header('Content-Length') ?? '';
    if (!this.chunked && /^[0-9]+$/.test(length)) this.contentLength = Number(length);
    this.state = this.chunked ? 'chunk-size' : 'body';
  }

  #header(name: string): string | undefined {
    return this.#headers.get(this.#quirks.caseSensitiveHeaders ? name : name.toLowerCase());
  }

  #readChunkSize(line: string): void {
    if (this.#skipLineEnd && line === '') {
      this.#skipLineEnd = false;
      return;
    }
    const text = (line.split(';')[0] ?? '').trim();
    // An empty line counts as size 0 in the firmware: so the body ends there, and what follows is taken for trailers.
    this.#chunkLeft = /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : 0;
    this.state = this.#chunkLeft === 0 ? 'trailer' : 'chunk-data';
  }

  // The CRLF behind a chunk is skipped only where it came in the same read as the end of the chunk.
  #endChunk(): void {
    this.state = 'chunk-size';
    if (this.#pending.length >= 2 && this.#pending[0] === 13 && this.#pending[1] === 10) {
      this.#pending = this.#pending.subarray(2);
    } else {
      this.#skipLineEnd = !this.#quirks.chunkBug;
    }
  }

  #take(count: number, body: Buffer[]): number {
    body.push(this.#pending.subarray(0, count));
    this.#pending = this.#pending.subarray(count);
    this.received += count;
    return count;
  }

  #line(): string | undefined {
    const end = this.#pending.indexOf(10);
    if (end < 0) return undefined;
    const line = this.#pending.subarray(0, end > 0 && this.#pending[end - 1] === 13 ? end - 1 : end).toString('latin1');
    this.#pending = this.#pending.subarray(end + 1);
    if (!this.headRead) this.#headBytes += end + 1;
    return line;
  }

  #fail(because: string): void {
    this.state = 'error';
    this.because = because;
  }
}

// Owns one HTTP/2 request as the rest of the gate reads it: like one of HTTP/1.1, which is also how it goes upstream.
import { EventEmitter } from 'node:events';
import { constants, type IncomingHttpHeaders as Http2Headers, type ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { ClientRequest, ClientSocket } from './client.ts';

export class Http2Request extends Readable implements ClientRequest {
  readonly httpVersion = '2.0';
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  readonly url: string;
  readonly headers: ClientRequest['headers'];
  readonly rawHeaders: string[];
  readonly socket: ClientSocket;
  readonly mayAsk: (host: string) => boolean;
  complete: boolean;
  readonly #stream: ServerHttp2Stream;
  #isRead = false;

  constructor(
    stream: ServerHttp2Stream,
    headers: Http2Headers,
    raw: readonly string[],
    remoteAddress: string | undefined,
    mayAsk: (host: string) => boolean,
  ) {
    super({ autoDestroy: false });
    this.#stream = stream;
    this.method = headers[':method'] ?? '';
    this.url = headers[':path'] ?? ''; // CONNECT has none, and is refused for that
    this.rawHeaders = plainHeaders(raw);
    this.complete = stream.endAfterHeaders;
    this.headers = withBody(headers, this.complete);
    this.socket = new StreamSocket(stream, remoteAddress);
    this.mayAsk = mayAsk;
    stream.on('end', () => {
      // One that the client took back ends in the same way: only its state tells a whole body from a part.
      if (stream.aborted || stream.closed) return;
      this.complete = true;
      this.push(null);
    });
    // Node takes a stream that nobody reads for done with once its answer is written, and resets it before the answer's
    // last frame has left.
    if (this.complete) stream.resume();
    else stream.pause();
    // Without an end: who waits for the body hears 'close'.
    stream.on('close', () => this.destroy());
  }

  override _read(): void {
    if (!this.#isRead) {
      this.#isRead = true;
      this.#stream.on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) this.#stream.pause();
      });
    }
    this.#stream.resume();
  }
}

/**
 * The fields without pseudo-headers, which HTTP/1.1 has no place for. `:authority` becomes Host, and one that says
 * something else stays beside it: two hosts are refused (RFC 9113 section 8.3.1). Crumbs of cookies are joined
 * (section 8.2.3), since upstreams read the first one only.
 */
function plainHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  const cookies: string[] = [];
  const hosts = new Set<string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    if (name === ':authority' || name === 'host') hosts.add(value.toLowerCase());
    else if (name === 'cookie') cookies.push(value);
    else if (!name.startsWith(':')) kept.push(name, value);
  }
  for (const host of hosts) kept.push('host', host);
  if (cookies.length > 0) kept.push('cookie', cookies.join('; '));
  return kept;
}

/** A body without a length is framed by HTTP/2 itself. By HTTP/1.1 it is chunked, and is read as such from here on. */
function withBody(headers: Http2Headers, isWhole: boolean): ClientRequest['headers'] {
  const plain: ClientRequest['headers'] = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':')) plain[name] = value;
  }
  const host = headers[':authority'] ?? headers.host;
  if (host !== undefined) plain.host = host;
  if (!isWhole && headers['content-length'] === undefined) plain['transfer-encoding'] = 'chunked';
  return plain;
}

/** What others ask of a connection, for one stream of it. */
class StreamSocket extends EventEmitter implements ClientSocket {
  readonly remoteAddress: string | undefined;
  readonly encrypted = true;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, remoteAddress: string | undefined) {
    super();
    this.#stream = stream;
    this.remoteAddress = remoteAddress;
    stream.once('close', () => this.emit('close'));
  }

  get writable(): boolean {
    return !this.#stream.closed;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}

// Owns the HTTP/2 connections of a listener: TLS sockets that chose h2, their streams handed to the pipeline, their bounds.
import {
  constants,
  type IncomingHttpHeaders as Http2Headers,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { covers } from '../tls/choose.ts';
import { FrameBudget } from './frame-budget.ts';
import { Http2Request } from './http2-request.ts';
import { Http2Response } from './http2-response.ts';
import { type Gate, onRequest } from './pipeline.ts';

// Browsers open a hundred at most, however many they may; each can become a connection to an upstream.
const MAX_STREAMS = 100;
// One upload that an upstream takes slowly must not stop the others on its connection.
const STREAM_WINDOW_BYTES = 256 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 256;

const OPTIONS = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: MAX_HEADER_BYTES,
    enablePush: false,
  },
  maxHeaderListPairs: MAX_HEADERS,
  // Streams that nghttp2 itself found malformed, or past the bounds above.
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Rapid reset (CVE-2023-44487): a page that is left takes back what it asked for, once.
  streamResetBurst: 200,
  streamResetRate: 20,
  // An upstream may send a field twice that should be there once; by HTTP/1.1 it goes through as well.
  strictSingleValueFields: false,
};

// As for HTTP/1.1: browsers keep a connection about a minute.
const KEEP_ALIVE_MS = 65_000;
const PARTING_MS = 2_000;

const { NGHTTP2_ENHANCE_YOUR_CALM } = constants;

export class Http2Front {
  readonly #gate: Gate;
  readonly #log: Log;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(gate: Gate, log: Log) {
    this.#gate = gate;
    this.#log = log;
  }

  /** Takes over a socket that chose h2. `names` are those of the certificate that it was given. */
  accept(socket: TLSSocket, names: readonly string[]): void {
    const client = normaliseAddress(socket.remoteAddress);
    socket.on('error', () => {}); // a reset is no news: the session closes
    const session = performServerHandshake(socket, OPTIONS);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#sessions.add(session);
    const lull = new Lull(session, this.#gate.live().limits.headerMs);
    session.once('close', () => {
      this.#sessions.delete(session);
      lull.stop();
    });
    session.on('error', (error: Error) => {
      const reason = errorCode(error);
      if (reason === 'ECONNRESET') return;
      this.#log.warn({ event: 'bad-request', client, reason }, `bad request: ${printable(error.message)}`);
    });
    const budget = new FrameBudget();
    const spend = (what: string): void => {
      if (budget.spend(performance.now())) return;
      const flood = Object.assign(new Error(`too many ${what} frames on an HTTP/2 connection`), {
        code: 'HTTP2_FLOOD',
      });
      session.destroy(flood, NGHTTP2_ENHANCE_YOUR_CALM);
    };
    session.on('ping', () => spend('PING'));
    session.on('remoteSettings', () => spend('SETTINGS'));
    const mayAsk = mayAskFor(socket.servername, names);
    session.on('stream', (stream: ServerHttp2Stream, headers: Http2Headers, _flags: number, raw: string[]) => {
      stream.on('error', () => {}); // 'close' follows
      // Taken back in the same breath: there is nobody to answer.
      if (stream.destroyed) return;
      lull.opened(stream);
      const request = new Http2Request(stream, headers, raw, socket.remoteAddress, mayAsk);
      const response = new Http2Response(stream, request);
      onRequest(this.#gate, request, response, headers.expect?.toLowerCase() === '100-continue');
    });
  }

  /** Takes no further streams (GOAWAY), and ends each connection with its last one. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }
}

/**
 * Browsers put several names on one connection where its certificate is for all of them, and ask for others by mistake.
 * The name that the client connected for is always right, whatever it thought of the certificate; a client that
 * connected to a bare address named none.
 */
function mayAskFor(serverName: string | false | null | undefined, names: readonly string[]): (host: string) => boolean {
  const dialled = serverName ? serverName.toLowerCase() : '';
  return (host) => host === dialled || (dialled === '' && isIP(host) !== 0) || covers(names, host);
}

/** Ends a connection on which nothing is asked for a while; frames that ask for nothing do not keep it. */
class Lull {
  readonly #session: ServerHttp2Session;
  #streams = 0;
  #timer: NodeJS.Timeout;

  constructor(session: ServerHttp2Session, firstMs: number) {
    this.#session = session;
    this.#timer = this.#after(firstMs);
  }

  opened(stream: ServerHttp2Stream): void {
    this.#streams += 1;
    clearTimeout(this.#timer);
    stream.once('close', () => {
      this.#streams -= 1;
      if (this.#streams === 0 && !this.#session.closed) this.#timer = this.#after(KEEP_ALIVE_MS);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#session.close();
      this.#timer = setTimeout(() => this.#session.destroy(), PARTING_MS);
    }, ms);
  }
}

// Owns what the gate asks of a client's request and of the response to it, whatever the version of HTTP.
import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable, Writable } from 'node:stream';

/** The connection; by HTTP/2, the one stream of it, which comes and goes by itself. */
export type ClientSocket = Pick<EventEmitter, 'once' | 'off'> & {
  readonly remoteAddress?: string | undefined;
  readonly encrypted?: boolean;
  readonly writable: boolean;
  readonly destroyed: boolean;
  destroy(): unknown;
};

export type ClientRequest = Readable & {
  readonly httpVersion: string;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came; without the pseudo-headers of HTTP/2, which stand there as Host. */
  readonly rawHeaders: string[];
  readonly socket: ClientSocket;
  /** Whether its body came to an end. */
  readonly complete: boolean;
  /** Whether this connection may be asked for that host. Not there: for every one. */
  readonly mayAsk?: (host: string) => boolean;
};

export type ClientResponse = Writable & {
  readonly req: ClientRequest;
  /** Of HTTP/1.1 alone: the connection, as long as this response has it. */
  readonly socket?: Writable | null;
  readonly headersSent: boolean;
  shouldKeepAlive: boolean;
  writeHead(status: number, headers: string[]): unknown;
  writeHead(status: number, reason: string, headers: string[]): unknown;
  flushHeaders(): void;
  writeContinue(): void;
};

/**
 * For a request that lasts, once it is answered: lets go of its head, all but what an access line tells. By HTTP/1.1
 * only, and where no body is to come, which its head would frame.
 */
export function letGoOfHead(request: ClientRequest): void {
  if (request.httpVersionMajor !== 1 || !request.complete) return;
  const { referer, 'user-agent': agent } = request.headers;
  request.rawHeaders.length = 0;
  request.headers = { referer, 'user-agent': agent };
}

// Owns answers that the gate itself writes: whole, with canonical header names and a Content-Length.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorText, GateError } from '../base/errors.ts';
import { errorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { canonicalName, type HeaderList } from './headers.ts';
import { closeBehindRest, endAfterRest } from './rest.ts';
import { routeOf, withHsts } from './route-headers.ts';

const LINGER_MS = 2_000;

/** Writes a whole answer. `headers` need no length; every device wants one, in this spelling. */
export function answer(exchange: Exchange, status: number, headers: HeaderList, body: Buffer): void {
  const { outlet, story, request } = exchange;
  if (outlet.kind === 'response' && (outlet.response.headersSent || outlet.response.destroyed)) return;
  story.status = status;
  story.bytes += request.method === 'HEAD' ? 0 : body.length;
  const bodiless = status === 204 || status === 304;
  const all: HeaderList = [];
  for (const [name, value] of withHsts(exchange, routeOf(exchange), headers)) all.push([canonicalName(name), value]);
  if (!bodiless) all.push(['Content-Length', String(body.length)]);
  all.push(['X-Request-Id', exchange.id]);
  if (outlet.kind === 'response') {
    const { response } = outlet;
    closeBehindRest(response);
    response.writeHead(status, all.flat());
    void endAfterRest(response, request.method === 'HEAD' || bodiless ? undefined : body);
    return;
  }
  writeRaw(outlet.socket, status, all, body);
}

/** An answer on a bare socket, and its end: for refused upgrades, and for bytes that were no request at all. */
export function writeRaw(socket: Duplex, status: number, headers: HeaderList, body: Buffer): void {
  if (!socket.writable) return;
  const closing: HeaderList = headers.some(([name]) => name === 'Connection') ? [] : [['Connection', 'close']];
  const lines = [...headers, ...closing].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), body]));
  // Nobody else looks after this socket any more: a client that does not end its own side would keep it, and so would
  // TLS over a connection that was reset, which never tells that it could not write.
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(lingering));
}

/** The body of RFC 9457, with a stable `code`. `facts` are flat and hold no secrets. */
export function problemBody(
  status: number,
  code: ErrorCode,
  detail: string,
  requestId: string,
  facts: Record<string, string | number> = {},
): Buffer {
  const title = STATUS_CODES[status] ?? 'Error';
  return Buffer.from(`${JSON.stringify({ type: 'about:blank', title, status, code, detail, requestId, ...facts })}\n`);
}

export const PROBLEM_HEADERS: HeaderList = [
  ['Content-Type', 'application/problem+json'],
  ['Cache-Control', 'no-store'],
];

/** Says what is wrong: as JSON, or, to a browser whose route has one, as a page. */
export function answerProblem(
  exchange: Exchange,
  status: number,
  code: ErrorCode,
  detail: string,
  facts: Record<string, string | number> = {},
  more: HeaderList = [],
): void {
  const page = errorPage(exchange, status, detail);
  const body = page?.body ?? problemBody(status, code, detail, exchange.id, facts);
  answer(exchange, status, [...(page?.headers ?? PROBLEM_HEADERS), ...more], body);
}

/** Answers an error of the gate, once; where the answer is under way already, the connection is cut visibly short. */
export function answerError(exchange: Exchange, error: unknown): void {
  const { story, outlet } = exchange;
  const known =
    error instanceof GateError
      ? error
      : new GateError('INTERNAL', 'the gate could not carry out this request', { fault: 'gate', cause: error });
  story.code ??= known.code;
  story.detail ??= error instanceof GateError ? known.message : errorText(error);
  if (outlet.kind === 'response' && outlet.response.headersSent) {
    outlet.response.destroy();
    return;
  }
  answerProblem(exchange, known.status, known.code, known.message, known.facts);
}

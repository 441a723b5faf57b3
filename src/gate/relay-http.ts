// Owns a request on its way: handed on by the engine as it is, and the answer given back, both streaming.
import type { IncomingMessage, ClientRequest as UpstreamRequest } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { GateError } from '../base/errors.ts';
import type { RouteConfig } from '../config/config.ts';
import { finalStatus } from '../upstream/failure.ts';
import { answer } from './answer.ts';
import { bodyTimeout, hasBody, isTooSlow, readBody, unknownCoding } from './body.ts';
import type { ClientRequest, ClientResponse } from './client.ts';
import { chooseCoding, compressed } from './compress.ts';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';
import { passing } from './passing-bytes.ts';
import { type Forward, METHODS_WITHOUT_FRAMING, type ProxyEngine } from './proxy-engine.ts';
import { CODES, pump } from './pump.ts';
import { MAX_LENGTHENED_BYTES, readWhole, reasonPhrase } from './relayed-answer.ts';
import { closeBehindRest } from './rest.ts';

// A DELETE with a body is rare and small.
const MAX_REFRAMED_BYTES = 64 * 1024;
// Streams of messages, which go on for as long as there is something to tell.
const MESSAGES = /^(text\/event-stream|application\/x-ndjson)\b/i;

/** Where a request goes, and what is made of what comes back. */
export type Way = {
  forward: Forward;
  /** What an error of the other side means. */
  failed: (error: unknown) => GateError;
  answerHeaders: (answered: IncomingMessage) => HeaderList;
  /** Whether an answer without a length is read whole and given one. */
  lengthen: boolean;
  /** From the request to the first byte of the reply. */
  replyMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
  /** Of the request; null: without a bound. */
  maxBodyBytes: number | null;
  /** What it says of compression counts; null: it says nothing. */
  route: RouteConfig | null;
  /** The server has answered. */
  onAnswer?: () => void;
  /** Whether another server may be asked: the body then waits for the connection. */
  holdBody?: boolean;
};

/** A body that can be sent by whatever method: the headers that frame it, and its bytes where it has been read already. */
export type FramedBody = { headers: HeaderList; bytes: Buffer | 'streaming' };

/**
 * Reads how a request's body is framed, once, however many servers are asked.
 * @throws {GateError} for a body that cannot be framed
 */
export async function frameBody(exchange: Exchange, method: string): Promise<FramedBody> {
  const { request, live } = exchange;
  const encoding = request.headers['transfer-encoding'];
  const length = request.headers['content-length'];
  if (!hasBody(request)) {
    return { headers: METHODS_WITHOUT_FRAMING.has(method) ? [] : [['content-length', '0']], bytes: Buffer.alloc(0) };
  }
  if (encoding === undefined) return { headers: [['content-length', String(length)]], bytes: 'streaming' };
  const unknown = unknownCoding(request);
  if (unknown !== null) throw unknown;
  if (!METHODS_WITHOUT_FRAMING.has(method)) {
    return { headers: [['transfer-encoding', 'chunked']], bytes: 'streaming' };
  }
  const body = await readBody(request, MAX_REFRAMED_BYTES, live.limits);
  return { headers: [['content-length', String(body.length)]], bytes: body };
}

/**
 * Asks one server, and passes its answer on. `way.forward.headers` frame the body already.
 * @throws {GateError} for every way in which the other side can fail
 */
export function relayHttp(
  exchange: Exchange,
  response: ClientResponse,
  way: Way,
  framed: FramedBody,
  engine: ProxyEngine,
): Promise<void> {
  const { request, story } = exchange;
  const { forward, failed } = way;
  const streaming = framed.bytes === 'streaming';
  const held = streaming && way.holdBody === true ? new PassThrough() : null;
  const body = held ?? (framed.bytes === 'streaming' ? request : readableOf(framed.bytes));
  if (Number(request.headers['content-length'] ?? 0) > (way.maxBodyBytes ?? Number.POSITIVE_INFINITY))
    return Promise.reject(tooLarge(way));
  return new Promise((resolve, reject) => {
    const askedMs = performance.now();
    let answered = false;
    let asked: UpstreamRequest | null = null;
    const waiting = setTimeout(() => fail(slowError(request, failed)), way.replyMs);
    const settle = (then: () => void): void => {
      clearTimeout(waiting);
      request.off('data', onUpload);
      response.off('close', onClose);
      then();
    };
    // Once we have answered for it, nobody reads what the upstream still says.
    const fail = (error: GateError): void =>
      settle(() => {
        reject(error);
        asked?.destroy();
      });
    // Someone who uploads 100 MB over a slow line is not waiting for a reply yet.
    let uploaded = 0;
    const onUpload = (chunk: Buffer): void => {
      waiting.refresh();
      uploaded += chunk.length;
      passing(chunk.length);
      if (way.maxBodyBytes !== null && uploaded > way.maxBodyBytes) fail(tooLarge(way));
      else if (isTooSlow(uploaded, performance.now() - askedMs, exchange.live.limits)) fail(bodyTimeout());
    };
    if (streaming) request.on('data', onUpload).pause();
    const onClose = (): void => settle(resolve);
    response.once('close', onClose);
    engine.web(request, response, forward, body, {
      onRequest: (upstreamRequest) => {
        asked = upstreamRequest;
        if (held !== null) whenConnected(upstreamRequest, () => request.pipe(held));
        // A 101 that nobody asked for ends the connection without an error.
        upstreamRequest.once('close', () => {
          if (!answered && !response.destroyed) fail(failed(new Error('no reply')));
        });
      },
      onResponse: (upstreamResponse) => {
        answered = true;
        way.onAnswer?.();
        story.upstreamMs = performance.now() - askedMs;
        clearTimeout(waiting);
        request.off('data', onUpload);
        // Answered before it had the whole request: it takes the rest no longer, and would keep its connection.
        upstreamResponse.once('end', () => {
          if (asked?.writableFinished === false) asked.destroy();
        });
        respond(exchange, response, way, upstreamResponse).then(resolve, (error) => fail(failed(error)));
      },
      onError: (error) => {
        if (answered) return; // the pump sees the broken body by itself
        if (response.destroyed) settle(resolve);
        else fail(failed(error));
      },
    });
  });
}

function tooLarge({ maxBodyBytes }: Way): GateError {
  const message = `the body of this request may have ${maxBodyBytes} bytes at most (bodyMax)`;
  return new GateError('BODY_TOO_LARGE', message, { fault: 'client', status: 413 });
}

/** Of a body that goes on only once somebody is there to take it, nothing is lost where nobody is. */
function whenConnected(upstreamRequest: UpstreamRequest, then: () => void): void {
  const onSocket = (socket: Socket): void => {
    if (socket.connecting) socket.once('connect', then);
    else then();
  };
  // The engine tells of a request when it has its socket.
  if (upstreamRequest.socket === null) upstreamRequest.once('socket', onSocket);
  else onSocket(upstreamRequest.socket);
}

function readableOf(bytes: Buffer): Readable {
  return Readable.from(bytes.length === 0 ? [] : [bytes]);
}

function slowError(request: ClientRequest, failed: Way['failed']): GateError {
  if (!request.complete) {
    return bodyTimeout();
  }
  return failed(Object.assign(new Error('no reply'), { code: 'REPLY_TIMEOUT' }));
}

async function respond(
  exchange: Exchange,
  response: ClientResponse,
  { answerHeaders, lengthen, idleMs, route }: Way,
  upstream: IncomingMessage,
): Promise<void> {
  const { story, request } = exchange;
  const status = finalStatus(upstream.statusCode, upstream);
  const told = answerHeaders(upstream);
  const { coding, headers } =
    route === null ? { coding: null, headers: told } : chooseCoding(exchange, route, status, told);
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  const lengthless = upstream.headers['content-length'] === undefined && !bodiless;
  if (lengthless && lengthen) {
    return answer(exchange, status, headers, await readWhole(upstream, MAX_LENGTHENED_BYTES, idleMs));
  }
  story.status = status;
  if (response.destroyed) {
    upstream.destroy();
    return;
  }
  closeBehindRest(response);
  response.writeHead(status, reasonPhrase(upstream), [...headers, ['X-Request-Id', exchange.id]].flat());
  // Open from its head on: the first message may be far off.
  if (lengthless && MESSAGES.test(upstream.headers['content-type'] ?? '')) response.flushHeaders();
  const isCoded = coding !== null && !bodiless;
  const source = isCoded ? compressed(upstream, coding, upstream.headers['content-type'] ?? '') : upstream;
  const end = await pump(source, response, idleMs, (bytes) => {
    story.bytes += bytes;
  });
  if (end === 'complete' || end === 'client-left') return;
  story.code = CODES[end];
  story.detail = `the upstream's reply ended after ${story.bytes} bytes: ${end}`;
}

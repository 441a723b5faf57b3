// Owns a request on its way: handed on by the engine as it is, and the answer given back, both streaming.
import type { IncomingMessage, ClientRequest as UpstreamRequest } from 'node:http';
import { Readable } from 'node:stream';
import { GateError } from '../base/errors.ts';
import type { RouteConfig } from '../config/config.ts';
import { finalStatus } from '../upstream/upstreams.ts';
import { answer } from './answer.ts';
import { hasBody, readBody, unknownCoding } from './body.ts';
import type { ClientRequest, ClientResponse } from './client.ts';
import { chooseCoding, compressed } from './compress.ts';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';
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
};

/** @throws {GateError} for a body that cannot be framed, and for every way in which the other side can fail */
export async function relayHttp(
  exchange: Exchange,
  response: ClientResponse,
  way: Way,
  engine: ProxyEngine,
): Promise<void> {
  if (Number(exchange.request.headers['content-length'] ?? 0) > (way.maxBodyBytes ?? Infinity)) throw tooLarge(way);
  const { stream, headers } = await framedBody(exchange, way.forward);
  await relayFramed(exchange, response, { ...way, forward: { ...way.forward, headers } }, stream, engine);
}

/** The request's body as a stream, with headers that frame it for whatever method. */
async function framedBody(exchange: Exchange, forward: Forward): Promise<{ stream: Readable; headers: HeaderList }> {
  const { request, live } = exchange;
  const encoding = request.headers['transfer-encoding'];
  const length = request.headers['content-length'];
  if (!hasBody(request)) {
    const zero: HeaderList = METHODS_WITHOUT_FRAMING.has(forward.method) ? [] : [['content-length', '0']];
    return { stream: Readable.from([]), headers: [...forward.headers, ...zero] };
  }
  if (encoding === undefined) {
    return { stream: request, headers: [...forward.headers, ['content-length', String(length)]] };
  }
  const unknown = unknownCoding(request);
  if (unknown !== null) throw unknown;
  if (!METHODS_WITHOUT_FRAMING.has(forward.method)) {
    return { stream: request, headers: [...forward.headers, ['transfer-encoding', 'chunked']] };
  }
  const body = await readBody(request, MAX_REFRAMED_BYTES, live.limits.idleMs);
  return { stream: Readable.from([body]), headers: [...forward.headers, ['content-length', String(body.length)]] };
}

function relayFramed(
  exchange: Exchange,
  response: ClientResponse,
  way: Way,
  body: Readable,
  engine: ProxyEngine,
): Promise<void> {
  const { request, story } = exchange;
  const { forward, failed } = way;
  return new Promise((resolve, reject) => {
    const askedMs = performance.now();
    let answered = false;
    let asked: UpstreamRequest | null = null;
    const waiting = setTimeout(() => fail(slowError(request, failed)), way.replyMs);
    const settle = (then: () => void): void => {
      clearTimeout(waiting);
      request.off('data', onUpload);
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
      if (way.maxBodyBytes !== null && uploaded > way.maxBodyBytes) fail(tooLarge(way));
    };
    if (body === request) request.on('data', onUpload).pause();
    response.once('close', () => settle(resolve));
    engine.web(request, response, forward, body, {
      onRequest: (upstreamRequest) => {
        asked = upstreamRequest;
        // A 101 that nobody asked for ends the connection without an error.
        upstreamRequest.once('close', () => {
          if (!answered && !response.destroyed) fail(failed(new Error('no reply')));
        });
      },
      onResponse: (upstreamResponse) => {
        answered = true;
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

function slowError(request: ClientRequest, failed: Way['failed']): GateError {
  if (!request.complete) {
    return new GateError('BODY_TIMEOUT', 'the body of the request stopped coming', { fault: 'client', status: 408 });
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

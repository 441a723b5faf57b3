// Carries out `relay`: hands a request or a WebSocket to its upstream as it is, and the answer back, both streaming.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { GateError } from '../../base/errors.ts';
import type { Passage } from '../../policy/decide.ts';
import { finalStatus, type Upstreams, upstreamError } from '../../upstream/upstreams.ts';
import { answer } from '../answer.ts';
import { hasBody, readBody, unknownCoding } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { type HeaderList, upstreamHeaders, upstreamHost } from '../headers.ts';
import { type Forward, METHODS_WITHOUT_FRAMING, type ProxyEngine } from '../proxy-engine.ts';
import { CODES, pump } from '../pump.ts';
import { relayWebSocket } from '../relay-websocket.ts';
import { MAX_LENGTHENED_BYTES, readWhole, reasonPhrase, responseHeaders } from '../relayed-answer.ts';
import { closeBehindRest } from '../rest.ts';

// A DELETE with a body is rare and small.
const MAX_REFRAMED_BYTES = 64 * 1024;

export type Relay = { engine: ProxyEngine; upstreams: Upstreams };

/** @throws {GateError} for a body that cannot be framed, and for every way in which an upstream can fail */
export async function carryOutRelay(exchange: Exchange, passage: Passage, relay: Relay): Promise<void> {
  const { live, story, outlet } = exchange;
  const origin = relay.upstreams.pick(live.upstreams, passage.upstream, Date.now());
  story.upstream = origin;
  const forward: Forward = {
    target: origin,
    agent: origin.startsWith('https:') ? relay.upstreams.agents.https : relay.upstreams.agents.http,
    method: exchange.request.method ?? 'GET',
    path: passage.path,
    headers: [['host', upstreamHost(exchange, passage)], ...upstreamHeaders(exchange, passage)],
    connectMs: live.limits.connectMs,
  };
  const failed = (error: unknown): GateError => {
    const failure = upstreamError(error, passage.upstream, origin);
    if (failure.code === 'UPSTREAM_CONNECT') relay.upstreams.failed(origin, Date.now());
    return failure;
  };
  if (outlet.kind === 'socket')
    return relayWebSocket(exchange, outlet.socket, outlet.head, passage, forward, relay.engine, failed);
  const body = await framedBody(exchange, forward);
  await relayHttp(
    exchange,
    outlet.response,
    passage,
    { ...forward, headers: body.headers },
    body.stream,
    relay.engine,
    failed,
  );
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

function relayHttp(
  exchange: Exchange,
  response: ServerResponse,
  passage: Passage,
  forward: Forward,
  body: Readable,
  engine: ProxyEngine,
  failed: (error: unknown) => GateError,
): Promise<void> {
  const { request, live, story } = exchange;
  return new Promise((resolve, reject) => {
    const askedMs = performance.now();
    let answered = false;
    let asked: ClientRequest | null = null;
    const waiting = setTimeout(() => fail(slowError(request, failed)), live.limits.replyMs);
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
    const onUpload = (): void => void waiting.refresh();
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
        respond(exchange, response, passage, upstreamResponse).then(resolve, (error) => fail(failed(error)));
      },
      onError: (error) => {
        if (answered) return; // the pump sees the broken body by itself
        if (response.destroyed) settle(resolve);
        else fail(failed(error));
      },
    });
  });
}

function slowError(request: IncomingMessage, failed: (error: unknown) => GateError): GateError {
  if (!request.complete) {
    return new GateError('BODY_TIMEOUT', 'the body of the request stopped coming', { fault: 'client', status: 408 });
  }
  return failed(Object.assign(new Error('no reply'), { code: 'REPLY_TIMEOUT' }));
}

async function respond(
  exchange: Exchange,
  response: ServerResponse,
  passage: Passage,
  upstream: IncomingMessage,
): Promise<void> {
  const { story, live, request } = exchange;
  const status = finalStatus(upstream.statusCode, upstream);
  const headers = responseHeaders(exchange, passage, upstream);
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  const lengthless = upstream.headers['content-length'] === undefined && !bodiless;
  if (lengthless && passage.route.role === 'device') {
    // The device's own HTTP client loses a chunked body when a chunk's end comes in a later segment.
    return answer(exchange, status, headers, await readWhole(upstream, MAX_LENGTHENED_BYTES, live.limits.idleMs));
  }
  story.status = status;
  if (response.destroyed) {
    upstream.destroy();
    return;
  }
  closeBehindRest(response);
  response.writeHead(status, reasonPhrase(upstream), [...headers, ['X-Request-Id', exchange.id]].flat());
  const end = await pump(upstream, response, live.limits.idleMs, (bytes) => {
    story.bytes += bytes;
  });
  if (end === 'complete' || end === 'client-left') return;
  story.code = CODES[end];
  story.detail = `the upstream's reply ended after ${story.bytes} bytes: ${end}`;
}

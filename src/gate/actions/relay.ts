// Carries out `relay`: hands a request or a WebSocket to its upstream as it is, and the answer back, both streaming.
import { type ClientRequest, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { GateError } from '../../base/errors.ts';
import type { Passage } from '../../policy/decide.ts';
import { answer, answerError } from '../answer.ts';
import { hasBody, readBody, unknownCoding } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { canonicalName, endToEnd, type HeaderList, siteHost, upstreamHeaders, upstreamHost } from '../headers.ts';
import { type Forward, METHODS_WITHOUT_FRAMING, type ProxyEngine } from '../proxy-engine.ts';
import { CODES, pump } from '../pump.ts';
import { closeBehindRest } from '../rest.ts';
import { finalStatus, type Upstreams, upstreamError } from '../upstreams.ts';

// A DELETE with a body is rare and small.
const MAX_REFRAMED_BYTES = 64 * 1024;
// What is read whole to give a device a length: replies to activation and vision are far smaller.
const MAX_LENGTHENED_BYTES = 1024 * 1024;
// For the last words of a WebSocket whose other end is gone.
const PARTING_MS = 5_000;

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

/** What stands behind the status, where it can stand there: Node reads more than it writes. */
function reasonPhrase(upstream: IncomingMessage): string {
  const text = upstream.statusMessage ?? '';
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : (STATUS_CODES[upstream.statusCode ?? 0] ?? '');
}

function responseHeaders(exchange: Exchange, passage: Passage, upstream: IncomingMessage): HeaderList {
  return endToEnd(upstream.rawHeaders)
    .filter(([name]) => name.toLowerCase() !== 'x-request-id')
    .map(([name, value]) => [
      canonicalName(name),
      name.toLowerCase() === 'location' ? ownLocation(exchange, passage, value) : value,
    ]);
}

/** A redirect that leads to the upstream's inner address, or to us by the wrong scheme, leads to us by the right one. */
function ownLocation(exchange: Exchange, passage: Passage, location: string): string {
  const { live, facts } = exchange;
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  const inner = (live.upstreams[passage.upstream] ?? []).some((origin) => new URL(origin).host === url.host);
  if (!inner && url.hostname !== passage.site && url.host !== upstreamHost(exchange, passage)) return location;
  return `${facts.scheme}://${siteHost(exchange, passage)}${url.pathname}${url.search}${url.hash}`;
}

/** @throws {GateError} REPLY_TOO_LARGE; and IDLE_TIMEOUT after `idleMs` without a byte */
async function readWhole(source: IncomingMessage, maxBytes: number, idleMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const idle = setTimeout(() => source.destroy(Object.assign(new Error('no byte'), { code: 'IDLE_TIMEOUT' })), idleMs);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      idle.refresh();
      bytes += chunk.length;
      if (bytes > maxBytes) {
        const message = `the upstream's reply has no length, or none that fits here, and more than ${maxBytes} bytes`;
        throw new GateError('REPLY_TOO_LARGE', message, { fault: 'upstream' });
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(idle);
  }
  return Buffer.concat(chunks);
}

function relayWebSocket(
  exchange: Exchange,
  socket: Duplex,
  head: Buffer,
  passage: Passage,
  forward: Forward,
  engine: ProxyEngine,
  failed: (error: unknown) => GateError,
): Promise<void> {
  const { request, live, story } = exchange;
  return new Promise((resolve) => {
    const askedMs = performance.now();
    let answered = false;
    let waiting: NodeJS.Timeout | undefined;
    const onReadable = (): void => {
      if (socket.readableLength === 0) socket.read();
    };
    const onEnd = (): void => void socket.destroy();
    const refuse = (error: unknown): void => {
      if (!answered) answerError(exchange, error);
      answered = true;
    };
    socket.once('close', resolve);
    engine.ws(request, socket, head, forward, {
      onRequest: (upstreamRequest) => {
        waiting = setTimeout(() => {
          refuse(failed(Object.assign(new Error('no reply'), { code: 'REPLY_TIMEOUT' })));
          upstreamRequest.destroy();
        }, live.limits.replyMs);
        upstreamRequest.once('close', () => clearTimeout(waiting));
        // The engine forgets the upstream where the client leaves before the handshake is done; and since nobody reads
        // the client's socket before, its FIN would not be seen.
        socket.once('close', () => upstreamRequest.destroy());
        socket.on('readable', onReadable).once('end', onEnd);
      },
      onUpgrade: (upstreamSocket) => {
        clearTimeout(waiting);
        socket.off('readable', onReadable).off('end', onEnd);
        answered = true;
        story.status = 101;
        story.upstreamMs = performance.now() - askedMs;
        // The engine ends one side where the other has ended; a peer that never ends its own would keep both.
        const part = (): void => {
          setTimeout(() => {
            socket.destroy();
            upstreamSocket.destroy();
          }, PARTING_MS).unref();
        };
        for (const side of [socket, upstreamSocket]) side.once('end', part).once('close', part);
      },
      onResponse: (response) => {
        clearTimeout(waiting);
        story.upstreamMs = performance.now() - askedMs;
        readWhole(response, MAX_LENGTHENED_BYTES, live.limits.idleMs)
          .then((body) => {
            const status = finalStatus(response.statusCode, response);
            answer(exchange, status, responseHeaders(exchange, passage, response), body);
            answered = true;
          })
          .catch((error) => refuse(failed(error)));
      },
      onError: (error) => {
        if (!socket.destroyed) refuse(failed(error));
      },
    });
  });
}

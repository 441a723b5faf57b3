// Carries out `relay`: hands a request or a WebSocket to its upstream as it is, and the answer back, both streaming.
import type { GateError } from '../../base/errors.ts';
import { showOrigin } from '../../config/unix-origin.ts';
import type { Passage } from '../../policy/decide.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { mayAskAgain } from '../../upstream/retry.ts';
import type { Upstreams } from '../../upstream/upstreams.ts';
import { hasBody } from '../body.ts';
import { clientEnds } from '../client-ends.ts';
import type { Exchange } from '../exchange.ts';
import { upstreamHost } from '../headers.ts';
import { limitsOf } from '../live.ts';
import type { Forward, ProxyEngine } from '../proxy-engine.ts';
import { type FramedBody, frameBody, relayHttp } from '../relay-http.ts';
import { relayWebSocket } from '../relay-websocket.ts';
import { responseHeaders } from '../relayed-answer.ts';
import { routedHeaders } from '../route-headers.ts';

export type Relay = { engine: ProxyEngine; upstreams: Upstreams };

// What the server may get twice without harm (RFC 9110 section 9.2.2), where it has no body that is gone by then.
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

const NO_BODY: FramedBody = { headers: [], bytes: Buffer.alloc(0) };

/** @throws {GateError} for a body that cannot be framed, and for every way in which an upstream can fail */
export async function carryOutRelay(exchange: Exchange, passage: Passage, relay: Relay): Promise<void> {
  const { live, story, outlet, request } = exchange;
  const { engine, upstreams } = relay;
  const method = request.method ?? 'GET';
  const limits = limitsOf(live, passage.route);
  const headers: Forward['headers'] = [['host', upstreamHost(exchange, passage)], ...routedHeaders(exchange, passage)];
  const framed = outlet.kind === 'response' ? await frameBody(exchange, method) : NO_BODY;
  headers.push(...framed.headers);
  const repeatable = outlet.kind === 'response' && REPEATABLE.has(method) && !hasBody(request);
  const wish = {
    upstream: passage.upstream,
    device: outlet.kind === 'socket' ? story.device : null,
    mayAskAgain: (failure: unknown): boolean => isUnanswered(exchange) && mayAskAgain(failure, repeatable),
  };
  let tries = 0;
  await upstreams.ask(live, wish, async (origin, isLast) => {
    story.upstream = showOrigin(origin);
    const forward: Forward = {
      ...upstreams.way(origin, () => clientEnds(exchange)),
      method,
      path: passage.path,
      headers,
      connectMs: limits.connectMs,
    };
    const failed = (error: unknown): GateError => upstreamError(error, passage.upstream, origin);
    const onAnswer = (): void => upstreams.balance.answered(origin);
    if (outlet.kind === 'socket') {
      // What came behind the handshake was given back to the socket by the first try.
      const head = tries === 0 ? outlet.head : Buffer.alloc(0);
      tries += 1;
      return relayWebSocket(exchange, { socket: outlet.socket, head, passage, forward, failed, onAnswer }, engine);
    }
    const way = {
      forward,
      failed,
      onAnswer,
      answerHeaders: responseHeaders.bind(null, exchange, passage),
      // The device's own HTTP client loses a chunked body when a chunk's end comes in a later segment.
      lengthen: passage.route.role === 'device',
      replyMs: limits.replyMs,
      idleMs: limits.idleMs,
      maxBodyBytes: passage.route.bodyMaxBytes ?? null,
      route: passage.route,
      holdBody: !isLast,
    };
    await relayHttp(exchange, outlet.response, way, framed, engine);
  });
}

/** Whether the client still waits for the first byte of an answer. */
function isUnanswered({ outlet, story }: Exchange): boolean {
  if (outlet.kind === 'socket') return !outlet.socket.destroyed && story.status === 0;
  return !outlet.response.headersSent && !outlet.response.destroyed;
}

// Carries out `relay`: hands a request or a WebSocket to its upstream as it is, and the answer back, both streaming.
import type { GateError } from '../../base/errors.ts';
import type { Passage } from '../../policy/decide.ts';
import { type Upstreams, upstreamError } from '../../upstream/upstreams.ts';
import type { Exchange } from '../exchange.ts';
import { upstreamHost } from '../headers.ts';
import type { Forward, ProxyEngine } from '../proxy-engine.ts';
import { relayHttp } from '../relay-http.ts';
import { relayWebSocket } from '../relay-websocket.ts';
import { responseHeaders } from '../relayed-answer.ts';
import { routedHeaders } from '../route-headers.ts';

export type Relay = { engine: ProxyEngine; upstreams: Upstreams };

/** @throws {GateError} for a body that cannot be framed, and for every way in which an upstream can fail */
export async function carryOutRelay(exchange: Exchange, passage: Passage, relay: Relay): Promise<void> {
  const { live, story, outlet } = exchange;
  const origin = relay.upstreams.pick(live.upstreams, passage.upstream, Date.now());
  story.upstream = origin;
  const limits = { ...live.limits, ...passage.route.timeouts };
  const forward: Forward = {
    target: origin,
    agent: origin.startsWith('https:') ? relay.upstreams.agents.https : relay.upstreams.agents.http,
    method: exchange.request.method ?? 'GET',
    path: passage.path,
    headers: [['host', upstreamHost(exchange, passage)], ...routedHeaders(exchange, passage)],
    connectMs: limits.connectMs,
  };
  const failed = (error: unknown): GateError => {
    const failure = upstreamError(error, passage.upstream, origin);
    if (failure.code === 'UPSTREAM_CONNECT') relay.upstreams.failed(origin, Date.now());
    return failure;
  };
  if (outlet.kind === 'socket')
    return relayWebSocket(exchange, outlet.socket, outlet.head, passage, forward, relay.engine, failed);
  const way = {
    forward,
    failed,
    answerHeaders: responseHeaders.bind(null, exchange, passage),
    // The device's own HTTP client loses a chunked body when a chunk's end comes in a later segment.
    lengthen: passage.route.role === 'device',
    replyMs: limits.replyMs,
    idleMs: limits.idleMs,
    maxBodyBytes: passage.route.bodyMaxBytes ?? null,
    route: passage.route,
  };
  await relayHttp(exchange, outlet.response, way, relay.engine);
}

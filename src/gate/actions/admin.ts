// Carries out `admin`: hands a request to the admin interface of the control process, over its Unix socket.
import type { IncomingMessage } from 'node:http';
import { errorCode, GateError } from '../../base/errors.ts';
import type { Decision } from '../../policy/decide.ts';
import type { Exchange } from '../exchange.ts';
import { canonicalName, controlHeaders, endToEnd, type HeaderList, siteHost } from '../headers.ts';
import { frameBody, relayHttp, type Way } from '../relay-http.ts';
import type { Relay } from './relay.ts';

// The live feed says something every 15 s: two of its comments may come late before it counts as dead.
const LEAST_IDLE_MS = 45_000;

/** @throws {GateError} for a body that cannot be framed, and where control does not answer */
export async function carryOutAdmin(
  exchange: Exchange,
  { site, path }: Extract<Decision, { action: 'admin' }>,
  { engine, upstreams }: Relay,
): Promise<void> {
  const { live, story, outlet, request } = exchange;
  if (outlet.kind === 'socket') throw new TypeError('there is no WebSocket on an admin route');
  story.upstream = 'control';
  const method = request.method ?? 'GET';
  const framed = await frameBody(exchange, method);
  const way: Way = {
    forward: {
      target: { socketPath: live.adminSocket },
      agent: upstreams.localAgent,
      method,
      path,
      headers: [['host', siteHost(exchange, { site })], ...controlHeaders(exchange, { site }), ...framed.headers],
      connectMs: live.limits.connectMs,
    },
    failed: controlError,
    answerHeaders,
    lengthen: false,
    replyMs: live.limits.replyMs,
    maxBodyBytes: null,
    route: null,
    idleMs: Math.max(live.limits.idleMs, LEAST_IDLE_MS),
  };
  await relayHttp(exchange, outlet.response, way, framed, engine);
}

/** Both sides are ours: nothing to rewrite, and our own request id stands in the answer. */
function answerHeaders(answered: IncomingMessage): HeaderList {
  return endToEnd(answered.rawHeaders)
    .filter(([name]) => name.toLowerCase() !== 'x-request-id')
    .map(([name, value]) => [canonicalName(name), value]);
}

const LATE = new Set(['REPLY_TIMEOUT', 'IDLE_TIMEOUT']);

/** The place of the socket is nobody's business outside: the reason alone is told. */
function controlError(error: unknown): GateError {
  if (error instanceof GateError) return error;
  const reason = errorCode(error);
  const options = { fault: 'gate', status: 502, facts: { reason }, cause: error, retry: true } as const;
  if (LATE.has(reason)) {
    const message = 'the control process of this gate did not answer in time (see limits.reply): its log may say why';
    return new GateError('UPSTREAM_TIMEOUT', message, { ...options, status: 504 });
  }
  const message = `the control process of this gate does not answer just now (${reason}): it may be starting or stopping`;
  return new GateError('UPSTREAM_CONNECT', message, options);
}

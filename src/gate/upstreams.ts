// Owns the connections to upstreams: one pool for each origin, kept across reloads, and what a failure means.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Pool } from 'undici';
import { errorCode, errorText, GateError } from '../base/errors.ts';
import type { Limits } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';

// How long an origin that could not be reached is asked last.
const PENALTY_MS = 10_000;
// Below the keep-alive of every server in the field (Tomcat 20 s, aiohttp and nginx 75 s), so that a request does not
// meet a connection that is just being closed.
const IDLE_SOCKET_MS = 4_000;

export class Upstreams {
  readonly #pools = new Map<string, Pool>();
  readonly #failedAtMs = new Map<string, number>();
  readonly agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_SOCKET_MS }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_SOCKET_MS }),
  };

  /** Closes the pools of origins that are no longer configured; what runs on them goes on. */
  keepOnly(upstreams: Snapshot['upstreams']): void {
    const wanted = new Set(
      Object.values(upstreams)
        .flat()
        .map((origin) => new URL(origin).origin),
    );
    for (const [origin, pool] of this.#pools) {
      if (wanted.has(origin)) continue;
      this.#pools.delete(origin);
      this.#failedAtMs.delete(origin);
      pool.close().catch(() => pool.destroy().catch(() => {}));
    }
  }

  /** The origin to ask: the first of its list that did not fail to connect a moment ago. */
  pick(upstreams: Snapshot['upstreams'], name: string, nowMs: number): string {
    const origins = upstreams[name] ?? [];
    const well = origins.find(
      (origin) => nowMs - (this.#failedAtMs.get(new URL(origin).origin) ?? -PENALTY_MS) >= PENALTY_MS,
    );
    const origin = well ?? origins[0];
    if (origin === undefined) {
      throw new GateError('INTERNAL', `upstream ${name} has no address`, { fault: 'gate' });
    }
    return new URL(origin).origin;
  }

  failed(origin: string, nowMs: number): void {
    this.#failedAtMs.set(origin, nowMs);
  }

  pool(origin: string, limits: Limits): Pool {
    const kept = this.#pools.get(origin);
    if (kept) return kept;
    const pool = new Pool(origin, {
      connect: { timeout: limits.connectMs },
      keepAliveTimeout: IDLE_SOCKET_MS,
      keepAliveMaxTimeout: IDLE_SOCKET_MS,
      headersTimeout: limits.replyMs,
      bodyTimeout: limits.idleMs,
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  async close(): Promise<void> {
    this.agents.http.destroy();
    this.agents.https.destroy();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy().catch(() => {})));
  }
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNECT_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
]);

const TIMEOUT_CODES = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'REPLY_TIMEOUT',
  'IDLE_TIMEOUT',
]);

const NO_HTTP_CODES = new Set([
  'HTTPParserError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Says which upstream failed, how, and what to look at. 504 where it was slow, else 502. */
export function upstreamError(error: unknown, name: string, origin: string): GateError {
  if (error instanceof GateError) return error;
  const reason = errorCode(error instanceof AggregateError ? error.errors[0] : error);
  const facts = { upstream: name, origin, reason };
  const options = { fault: 'upstream', facts, cause: error, retry: true } as const;
  if (CONNECT_CODES.has(reason)) {
    const message = `upstream ${name} at ${origin} cannot be reached (${reason}): is it running, and does its address in upstreams.${name} hold from here?`;
    return new GateError('UPSTREAM_CONNECT', message, options);
  }
  if (TIMEOUT_CODES.has(reason)) {
    const message = `upstream ${name} at ${origin} did not answer in time (${reason}; see limits.reply and limits.idle)`;
    return new GateError('UPSTREAM_TIMEOUT', message, { ...options, status: 504 });
  }
  if (reason.startsWith('HPE_') || NO_HTTP_CODES.has(reason)) {
    return new GateError(
      'UPSTREAM_REPLY',
      `upstream ${name} at ${origin} answered with something that is no HTTP (${errorText(error)})`,
      options,
    );
  }
  return new GateError('UPSTREAM_RESET', `upstream ${name} at ${origin} broke the connection off (${reason})`, options);
}

/** Whether nothing of the request can have reached the upstream. */
export function neverConnected(error: unknown): boolean {
  return CONNECT_CODES.has(errorCode(error instanceof AggregateError ? error.errors[0] : error));
}

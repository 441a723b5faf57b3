// Owns the connections to upstreams: one pool for each origin, kept across reloads, and what a failure means.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import { errorCode, errorText, GateError } from '../base/errors.ts';
import type { Config, Limits } from '../config/config.ts';

const NONE: readonly string[] = [];
// How long an origin that could not be reached is asked last.
const PENALTY_MS = 10_000;
// Below the keep-alive of every server in the field (Tomcat 20 s, aiohttp and nginx 75 s), so that a request does not
// meet a connection that is just being closed.
const IDLE_SOCKET_MS = 4_000;

export class Upstreams {
  readonly #origins = new WeakMap<readonly string[], string[]>();
  readonly #pools = new Map<string, { origin: string; connectMs: number; pool: Pool }>();
  readonly #failedAtMs = new Map<string, number>();
  readonly agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_SOCKET_MS }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_SOCKET_MS }),
  };

  /**
   * Closes the pools of origins that are no longer configured, and those that connect within another time than `limits`
   * say now; what runs on them goes on.
   */
  keepOnly(upstreams: Config['upstreams'], limits: Pick<Limits, 'connectMs'>): void {
    const wanted = new Set(
      Object.values(upstreams)
        .flat()
        .map((origin) => new URL(origin).origin),
    );
    for (const [key, { origin, connectMs, pool }] of this.#pools) {
      if (!wanted.has(origin)) this.#failedAtMs.delete(origin);
      else if (connectMs === limits.connectMs) continue;
      this.#pools.delete(key);
      pool.close().catch(() => pool.destroy().catch(() => {}));
    }
  }

  /** The origin to ask: the first of its list that did not fail to connect a moment ago. */
  pick(upstreams: Config['upstreams'], name: string, nowMs: number): string {
    const origins = this.#originsOf(upstreams[name] ?? NONE);
    const well = origins.find((origin) => nowMs - (this.#failedAtMs.get(origin) ?? -PENALTY_MS) >= PENALTY_MS);
    const origin = well ?? origins[0];
    if (origin === undefined) {
      throw new GateError('INTERNAL', `upstream ${name} has no address`, { fault: 'gate' });
    }
    return origin;
  }

  /** Read once for each list, which lasts as long as its snapshot. */
  #originsOf(addresses: readonly string[]): string[] {
    const known = this.#origins.get(addresses);
    if (known !== undefined) return known;
    const origins = addresses.map((address) => new URL(address).origin);
    this.#origins.set(addresses, origins);
    return origins;
  }

  failed(origin: string, nowMs: number): void {
    this.#failedAtMs.set(origin, nowMs);
  }

  /** Connections to an origin. A pool outlives reloads: all other times go along with each request (`timesOf`). */
  pool(origin: string, { connectMs }: Pick<Limits, 'connectMs'>): Pool {
    const key = `${connectMs} ${origin}`;
    const kept = this.#pools.get(key);
    if (kept) return kept.pool;
    const pool = new Pool(origin, {
      connect: { timeout: connectMs },
      keepAliveTimeout: IDLE_SOCKET_MS,
      keepAliveMaxTimeout: IDLE_SOCKET_MS,
    });
    this.#pools.set(key, { origin, connectMs, pool });
    return pool;
  }
}

/** The times of a request, as undici names them. */
export function timesOf(limits: Limits): { headersTimeout: number; bodyTimeout: number } {
  return { headersTimeout: limits.replyMs, bodyTimeout: limits.idleMs };
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
  'BAD_STATUS',
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

/**
 * The status of a reply, which ends here where that is none that could be passed on (RFC 9110 section 15).
 * @throws {Error} with the code BAD_STATUS, for `upstreamError`
 */
export function finalStatus(status: number | undefined, body: Readable | null): number {
  if (status !== undefined && status >= 200 && status <= 999) return status;
  body?.on('error', () => {}).destroy();
  throw Object.assign(new Error(`the status ${status} is none`), { code: 'BAD_STATUS' });
}

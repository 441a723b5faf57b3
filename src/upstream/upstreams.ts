// Owns the connections to upstreams: one pool for each origin, kept across reloads, and what a failure means.
import type { Agent as HttpAgent } from 'node:http';
import { type ErrorCode, GateError } from '../base/errors.ts';
import type { Config, Limits } from '../config/config.ts';
import { PLAIN_UPSTREAM } from '../config/upstream-config.ts';
import { Balance } from './balance.ts';
import { agentFor, agentSaying, type Connecting, connectingTo, connectorFor, IDLE_SOCKET_MS } from './connecting.ts';
import { type Ends, writeProxyHeader } from './proxy-protocol.ts';
import { Pool } from './undici-parts.ts';

const NONE: readonly string[] = [];
// A request that nobody takes: more servers than this are not asked for it.
const MAX_TRIES = 4;
// The same for every origin that needs nothing of its own.
const SHARED = 'http://shared';

/** The upstream to ask, as the snapshot has it. */
export type Asked = {
  upstreams: Config['upstreams'];
  upstreamSettings: Config['upstreamSettings'];
};

/** A request that looks for a server. */
export type Wish = {
  upstream: string;
  /** The device whose WebSockets stay at one server; null where it does not matter. */
  device: string | null;
  /** Whether a failure may be followed by another try. */
  mayAskAgain: (failure: unknown) => boolean;
};

type Kept<T> = { origin: string; made: string; it: T };

export class Upstreams {
  readonly balance = new Balance();
  readonly #onFailure: (origin: string, failure: GateError) => void;
  readonly #origins = new WeakMap<readonly string[], string[]>();
  readonly #pools = new Map<string, Kept<Pool>>();
  readonly #agents = new Map<string, Kept<HttpAgent>>();
  /** Of those origins that are not reached by plain HTTP over TCP. */
  #connecting: ReadonlyMap<string, Connecting> = new Map();
  readonly #shared = agentFor(connectingTo(SHARED, PLAIN_UPSTREAM));

  /** `onFailure` hears of servers that could not be reached, or did not answer. */
  constructor(onFailure: (origin: string, failure: GateError) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  /**
   * Takes a snapshot's upstreams: closes the connections to origins that are no longer configured, and those that would
   * be made in another way now; what runs on them goes on.
   * @throws {Error} with the system's code for a file that cannot be read
   */
  keepOnly(
    upstreams: Config['upstreams'],
    limits: Pick<Limits, 'connectMs'>,
    settings: Config['upstreamSettings'] = {},
  ): void {
    const wanted = new Set<string>();
    const connecting = new Map<string, Connecting>();
    for (const [name, addresses] of Object.entries(upstreams)) {
      for (const origin of this.#originsOf(addresses)) {
        const way = connectingTo(origin, settings[name] ?? PLAIN_UPSTREAM);
        const own = way.tls !== null || way.socketPath !== null || way.proxyProtocol !== 'none';
        if (own && !connecting.has(origin)) connecting.set(origin, way);
        wanted.add(origin);
      }
    }
    this.#connecting = connecting;
    this.balance.keepOnly(wanted);
    for (const [key, { origin, made, it: pool }] of this.#pools) {
      if (wanted.has(origin) && made === this.#madeOf(origin, limits.connectMs)) continue;
      this.#pools.delete(key);
      pool.close().catch(() => pool.destroy().catch(() => {}));
    }
    for (const [key, { origin, made }] of this.#agents) {
      if (!wanted.has(origin) || made !== this.#madeOf(origin, 0)) this.#agents.delete(key);
    }
  }

  /** The origin of an upstream that a link shall lead to. */
  pick({ upstreams, upstreamSettings }: Asked, name: string): string {
    const origins = this.#originsOf(upstreams[name] ?? NONE);
    const [first] = origins;
    if (first === undefined) throw new GateError('INTERNAL', `upstream ${name} has no address`, { fault: 'gate' });
    if (origins.length === 1) return first;
    const { balance } = upstreamSettings[name] ?? PLAIN_UPSTREAM;
    return this.balance.choose({ origins, balance, sticky: null, tried: NOBODY, nowMs: performance.now() }) ?? first;
  }

  /**
   * Asks one server, and where that fails in a way that allows it, the next. `ask` throws what `upstreamError` made.
   * @throws {GateError} of the last one that was asked
   */
  async ask<T>(asked: Asked, wish: Wish, ask: (origin: string, isLast: boolean) => Promise<T>): Promise<T> {
    const origins = this.#originsOf(asked.upstreams[wish.upstream] ?? NONE);
    const { balance, sticky } = asked.upstreamSettings[wish.upstream] ?? PLAIN_UPSTREAM;
    const tried = new Set<string>();
    const next = (): string | null =>
      tried.size >= MAX_TRIES
        ? null
        : this.balance.choose({
            origins,
            balance,
            sticky: sticky === 'device' ? wish.device : null,
            tried,
            nowMs: performance.now(),
          });
    let origin = origins.length === 1 ? (origins[0] ?? null) : next();
    if (origin === null) throw new GateError('INTERNAL', `upstream ${wish.upstream} has no address`, { fault: 'gate' });
    for (;;) {
      const over = origins.length === 1 ? null : this.balance.begin(origin);
      try {
        return await ask(origin, tried.size + 1 >= Math.min(origins.length, MAX_TRIES));
      } catch (failure) {
        this.#note(origin, failure);
        tried.add(origin);
        const other: string | null = origins.length > 1 && wish.mayAskAgain(failure) ? next() : null;
        if (other === null) throw failure;
        origin = other;
      } finally {
        over?.();
      }
    }
  }

  /** The server could not be reached, or did not answer in time. */
  failed(origin: string, failure: GateError): void {
    this.balance.failed(origin, performance.now());
    this.#onFailure(origin, failure);
  }

  #note(origin: string, failure: unknown): void {
    if (failure instanceof GateError && FAILING.has(failure.code)) this.failed(origin, failure);
  }

  /** Read once for each list, which lasts as long as its snapshot. */
  #originsOf(addresses: readonly string[]): string[] {
    const known = this.#origins.get(addresses);
    if (known !== undefined) return known;
    const origins = addresses.map((address) => new URL(address).origin);
    this.#origins.set(addresses, origins);
    return origins;
  }

  #madeOf(origin: string, connectMs: number): string {
    const way = this.#connecting.get(origin);
    return way === undefined ? String(connectMs) : `${connectMs} ${JSON.stringify(way)}`;
  }

  /** Connections to an origin. A pool outlives reloads: all other times go along with each request (`timesOf`). */
  pool(origin: string, { connectMs }: Pick<Limits, 'connectMs'>): Pool {
    const key = `${connectMs} ${origin}`;
    const kept = this.#pools.get(key);
    if (kept) return kept.it;
    const way = this.#connecting.get(origin) ?? connectingTo(origin, PLAIN_UPSTREAM);
    const preface = way.proxyProtocol === 'none' ? null : writeProxyHeader(way.proxyProtocol, null);
    const pool = new Pool(origin, {
      connect: connectorFor(way, connectMs, preface),
      keepAliveTimeout: IDLE_SOCKET_MS,
      keepAliveMaxTimeout: IDLE_SOCKET_MS,
    });
    this.#pools.set(key, { origin, made: this.#madeOf(origin, connectMs), it: pool });
    return pool;
  }

  /** For the engine: the agent of an origin, and the socket where it is one. `client` is asked for its ends where they are told. */
  way(origin: string, client: () => Ends | null): { target: string | { socketPath: string }; agent: HttpAgent } {
    const connecting = this.#connecting.get(origin);
    if (connecting === undefined) return { target: origin, agent: this.#shared };
    const { socketPath, proxyProtocol } = connecting;
    const target = socketPath === null ? origin : { socketPath };
    if (proxyProtocol !== 'none')
      return { target, agent: agentSaying(connecting, writeProxyHeader(proxyProtocol, client())) };
    const kept = this.#agents.get(origin);
    if (kept !== undefined) return { target, agent: kept.it };
    const agent = agentFor(connecting);
    this.#agents.set(origin, { origin, made: this.#madeOf(origin, 0), it: agent });
    return { target, agent };
  }

  /** A pool for one question of one client, where the server is told of it; null where it is not, and `pool` will do. */
  poolSaying(origin: string, { connectMs }: Pick<Limits, 'connectMs'>, client: () => Ends | null): Pool | null {
    const connecting = this.#connecting.get(origin);
    if (connecting === undefined || connecting.proxyProtocol === 'none') return null;
    const preface = writeProxyHeader(connecting.proxyProtocol, client());
    return new Pool(origin, { connect: connectorFor(connecting, connectMs, preface), connections: 1 });
  }

  /** For requests to this machine's own control. */
  get localAgent(): HttpAgent {
    return this.#shared;
  }
}

const NOBODY: ReadonlySet<string> = new Set();
const FAILING = new Set<ErrorCode>(['UPSTREAM_CONNECT', 'UPSTREAM_TIMEOUT']);

/** The times of a request, as undici names them. */
export function timesOf(limits: Limits): { headersTimeout: number; bodyTimeout: number } {
  return { headersTimeout: limits.replyMs, bodyTimeout: limits.idleMs };
}

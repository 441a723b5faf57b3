// Owns looks at upstreams' servers: one process looks for all gates, and tells them whom to leave out.
import { errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { showOrigin } from '../config/unix-origin.ts';
import type { HealthConfig } from '../config/upstream-config.ts';
import type { ToGate } from '../link/messages.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

// Looks of different servers begin at different moments.
const SPREAD_MS = 1_000;

type Watched = {
  upstream: string;
  origin: string;
  health: HealthConfig;
  down: boolean;
  /** Looks in a row that said otherwise than `down` does. */
  against: number;
  timer: NodeJS.Timeout | undefined;
};

/** What the looks say of a server; null where nobody looks. */
export type ServerHealth = 'well' | 'down' | null;

export class HealthChecks {
  readonly #upstreams: Upstreams;
  readonly #log: Log;
  readonly #post: (news: ToGate) => void;
  readonly #watched = new Map<string, Watched>();
  #config: Config | null = null;

  /** `post` brings every gate the news: all servers that are not well. */
  constructor(upstreams: Upstreams, log: Log, post: (news: ToGate) => void) {
    this.#upstreams = upstreams;
    this.#log = log;
    this.#post = post;
  }

  /** Looks at what this configuration says. What is known of a server stays, as long as it is looked at. */
  apply(config: Config): void {
    if (config === this.#config) return;
    this.#config = config;
    const wanted = new Map<string, Watched>();
    for (const [upstream, { health }] of Object.entries(config.upstreamSettings)) {
      if (health === null) continue;
      for (const address of config.upstreams[upstream] ?? []) {
        const origin = new URL(address).origin;
        const known = this.#watched.get(origin);
        wanted.set(origin, { down: false, against: 0, ...known, upstream, origin, health, timer: undefined });
      }
    }
    this.stop();
    for (const [origin, watched] of wanted) this.#watched.set(origin, watched);
    for (const watched of wanted.values())
      this.#later(watched, Math.random() * Math.min(SPREAD_MS, watched.health.intervalMs));
    this.#tell();
  }

  #tell(): void {
    this.#upstreams.balance.setDown(this.down);
    this.#post({ kind: 'upstreams-down', origins: this.down });
  }

  /** The servers that are not well. */
  get down(): string[] {
    return [...this.#watched.values()].filter(({ down }) => down).map(({ origin }) => origin);
  }

  of(origin: string): ServerHealth {
    const watched = this.#watched.get(origin);
    return watched === undefined ? null : watched.down ? 'down' : 'well';
  }

  stop(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  #later(watched: Watched, afterMs: number): void {
    watched.timer = setTimeout(() => {
      void this.#look(watched).then(() => {
        if (this.#watched.get(watched.origin) === watched) this.#later(watched, watched.health.intervalMs);
      });
    }, afterMs).unref();
  }

  async #look(watched: Watched): Promise<void> {
    const because = await this.#fault(watched);
    if (this.#watched.get(watched.origin) !== watched) return; // looked at in another way by now
    const isBad = because !== null;
    watched.against = isBad === watched.down ? 0 : watched.against + 1;
    if (watched.against < (isBad ? watched.health.fails : watched.health.passes)) return;
    if (watched.against === 0) return;
    watched.down = isBad;
    watched.against = 0;
    const { upstream } = watched;
    const origin = showOrigin(watched.origin);
    if (isBad)
      this.#log.warn(
        { event: 'upstream-down', upstream, origin, because },
        `upstream ${upstream} at ${origin} is left out: ${because} (upstreams.${upstream}.health)`,
      );
    else this.#log.info({ event: 'upstream-up', upstream, origin }, `upstream ${upstream} at ${origin} is well again`);
    this.#tell();
  }

  /** Why a server is not well, or null. */
  async #fault({ origin, health }: Watched): Promise<string | null> {
    const config = this.#config;
    if (config === null) return null;
    const { path, timeoutMs } = health;
    try {
      const reply = await this.#upstreams.pool(origin, config.limits).request({
        path,
        method: 'GET',
        headers: { host: config.domains[0] ?? 'localhost', 'user-agent': 'otagate-health' },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      // The body is none of our business, and may be long.
      reply.body.on('error', () => {}).destroy();
      return reply.statusCode < 400 ? null : `it answers ${path} with ${reply.statusCode}`;
    } catch (error) {
      const reason = errorCode(error instanceof AggregateError ? error.errors[0] : error);
      return reason === 'TimeoutError' || reason === 'UND_ERR_HEADERS_TIMEOUT'
        ? `it does not answer within ${timeoutMs} ms`
        : `it cannot be reached (${reason})`;
    }
  }
}

// Owns the question which upstreams have failed for so long that somebody must be told. From what gates report.
import type { GateEvent } from '../link/events.ts';
import type { Notices } from './notices.ts';

type Failing = { sinceMs: number; requests: number };

export class UpstreamTrouble {
  readonly #notices: Notices;
  /** One entry for each configured upstream at the most: events name no others. */
  readonly #failing = new Map<string, Failing>();

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Takes what a gate saw; `downMs` is how long failures must last before they are told. */
  observe(event: GateEvent, downMs: number): void {
    if (event.event !== 'request' || event.upstream === null) return;
    const { atMs } = event;
    const { name: upstream, answered } = event.upstream;
    if (answered) {
      this.#failing.delete(upstream);
      this.#notices.end('upstream-down', upstream, `upstream ${upstream} answers again`);
      return;
    }
    const failing = this.#failing.get(upstream) ?? { sinceMs: atMs, requests: 0 };
    failing.requests += 1;
    this.#failing.set(upstream, failing);
    if (atMs - failing.sinceMs < downMs) return;
    const minutes = Math.max(1, Math.round((atMs - failing.sinceMs) / 60_000));
    this.#notices.begin(
      'upstream-down',
      upstream,
      `upstream ${upstream} has answered none of ${failing.requests} requests for ${minutes} min: is the server running, and are its address and port those under upstreams?`,
    );
  }

  /** Forgets upstreams that the configuration no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#failing.keys()) {
      if (names.has(name)) continue;
      this.#failing.delete(name);
      this.#notices.end('upstream-down', name, `upstream ${name} is not configured any more`);
    }
  }
}

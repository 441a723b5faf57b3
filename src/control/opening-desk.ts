// Owns what is done to openings while the gate runs: each change is told in the log, and every gate has it before it counts.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { Who } from './admin/audit.ts';
import type { LiveFeed } from './admin/live-feed.ts';
import type { ClosedOpening } from './admin/opening-schemas.ts';
import type { KeptClock } from './kept-clock.ts';
import type { OpeningRequest, OpeningStatus, Openings } from './openings.ts';

export type OpeningDeskParts = {
  openings: Openings;
  config: () => Config;
  publish: () => Promise<void>;
  clock: Pick<KeptClock, 'hasJumped'>;
  watch: { feed: LiveFeed; changed: () => void };
  log: Log;
};

export class OpeningDesk {
  readonly #parts: OpeningDeskParts;

  constructor(parts: OpeningDeskParts) {
    this.#parts = parts;
  }

  list(): OpeningStatus[] {
    return this.#parts.openings.list(this.#parts.config());
  }

  /** Resolves when every gate has it. @throws {GateError} OPENING_REFUSED */
  async open(request: OpeningRequest, who: Who): Promise<OpeningStatus> {
    const { openings, config, publish, watch, log } = this.#parts;
    const opening = openings.open(config(), request, who);
    const until = new Date(opening.untilMs).toISOString();
    log.warn(
      { event: 'opened', id: opening.id, route: opening.route, from: opening.from, until, reason: opening.reason },
      `plain HTTP is open on route ${opening.route} for ${opening.from.join(', ') || 'everyone'} until ${until}`,
    );
    await publish();
    watch.feed.publish('opening', opening);
    return opening;
  }

  /**
   * Resolves when no gate honours what was closed any more; `notWritten` where a restart may open it again.
   * @throws {GateError} INTERNAL where one may still
   */
  async close(routeOrId: string, who: Who): Promise<ClosedOpening[]> {
    const { openings, config, publish, watch, log } = this.#parts;
    const closed = openings.close(config(), routeOrId, who);
    for (const { id, route } of closed)
      log.info({ event: 'closed', id, route }, `opening ${id} of route ${route} is closed`);
    try {
      if (closed.length > 0) await publish();
    } finally {
      // The gates first: a disk that is full or slow keeps nothing open.
      openings.write();
      watch.changed();
    }
    return closed.map((opening) => (openings.isUnwritten(opening.id) ? { ...opening, notWritten: true } : opening));
  }

  /** Ends what is over. The gates end by themselves what has an end; of what closes early they must hear. */
  async sweep(): Promise<void> {
    const { openings, config, publish, clock, watch, log } = this.#parts;
    try {
      const early = openings.sweep(config());
      for (const { id, route } of early) log.info({ event: 'closed', id, route }, `opening ${id} closed early`);
      if (openings.takeChanged()) watch.changed();
      if (early.length > 0 || clock.hasJumped()) await publish();
    } catch (error) {
      log.error({ event: 'sweep-failed', detail: errorText(error) }, 'the look at the openings failed');
    } finally {
      openings.write();
    }
  }
}

// Owns what those who look on are shown: the live feed, the last lines of the log, and the traffic of the last hour.
import type { Log } from '../base/log.ts';
import type { FirmwareOperations } from '../firmware/operations.ts';
import { LiveFeed } from './admin/live-feed.ts';
import { LogRing } from './admin/log-ring.ts';
import { EVERY_MS, TrafficSeries } from './admin/traffic-series.ts';
import type { Totals } from './tally.ts';

const FILLS_MS = 500;

export type Watched = {
  totals: () => Totals;
  activeDownloads: () => number;
  operations: Pick<FirmwareOperations, 'list'>;
};

export class Watch {
  readonly feed = new LiveFeed();
  readonly logRing = new LogRing();
  readonly traffic = new TrafficSeries();
  #timers: NodeJS.Timeout[] = [];
  #filling = false;

  /** Takes a line of the log as JSON. */
  readonly onLine = (json: string): void => {
    try {
      this.feed.publish('log', this.logRing.add(JSON.parse(json)));
    } catch {
      // a line that was cut is in the log itself
    }
  };

  onGateLines(lines: readonly string[], dropped: number, log: Log): void {
    for (const line of lines) this.onLine(line);
    if (dropped > 0) log.debug({ event: 'log-lines-not-shown', dropped }, `${dropped} lines are in the log only`);
  }

  /** Something changed that is fetched anew. */
  changed(): void {
    this.feed.publish('status', {});
  }

  start(watched: Watched): void {
    const point = (): void => {
      const added = this.traffic.add(watched.totals(), watched.activeDownloads(), Date.now());
      if (added !== null) this.feed.publish('traffic', added);
    };
    point();
    this.#timers = [setInterval(point, EVERY_MS), setInterval(() => this.#fills(watched), FILLS_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #fills({ operations }: Watched): void {
    const { fills } = operations.list();
    for (const fill of fills) this.feed.publish('fill', fill);
    if (this.#filling && fills.length === 0) this.changed();
    this.#filling = fills.length > 0;
  }
}

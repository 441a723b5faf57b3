// Owns the running totals of what gates report; their keys are our own words, so there is a bounded number of them.
import type { GateEvent } from '../link/events.ts';

export type Totals = {
  requests: Record<string, number>;
  statuses: Record<string, number>;
  refusals: Record<string, number>;
  checks: number;
  offers: number;
  downloads: { complete: number; broken: number; bytes: number };
  droppedEvents: number;
};

export class Tally {
  readonly totals: Totals = {
    requests: {},
    statuses: {},
    refusals: {},
    checks: 0,
    offers: 0,
    downloads: { complete: 0, broken: 0, bytes: 0 },
    droppedEvents: 0,
  };

  add(events: readonly GateEvent[], dropped: number): void {
    this.totals.droppedEvents += dropped;
    for (const event of events) this.#addOne(event);
  }

  #addOne(event: GateEvent): void {
    const { totals } = this;
    switch (event.event) {
      case 'request':
        count(totals.requests, event.action);
        count(totals.statuses, `${Math.floor(event.status / 100)}xx`);
        if (event.action === 'refuse') count(totals.refusals, event.because);
        return;
      case 'check':
        totals.checks += 1;
        if (event.offered !== null) totals.offers += 1;
        return;
      case 'download':
        totals.downloads[event.complete ? 'complete' : 'broken'] += 1;
        totals.downloads.bytes += event.bytes;
    }
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

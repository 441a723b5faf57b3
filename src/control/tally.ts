// Owns the running totals of what gates report; their keys are our own words, so there is a bounded number of them.
import type { GateEvent } from '../link/events.ts';
import { OpenStreams } from './open-streams.ts';

export type Totals = {
  requests: Record<string, number>;
  statuses: Record<string, number>;
  refusals: Record<string, number>;
  checks: number;
  offers: number;
  /** Offers that were withheld, by why. */
  withheld: Record<string, number>;
  downloads: { complete: number; broken: number; bytes: number };
  /** Bytes that devices got, by where they came from. */
  downloadBytes: { memory: number; disk: number; fill: number };
  /** Failures of upstreams' servers, by origin. */
  upstreamFailures: Record<string, number>;
  /** Connections of streams that ended, by why; bytes that came from clients, and that went to them. */
  streams: Record<string, number>;
  streamBytes: { received: number; sent: number };
  /** Failed handshakes by OpenSSL's or the system's reason. */
  handshakes: Record<string, number>;
  /** Connections that were closed unread, by the bound that they broke. */
  turnedAway: Record<string, number>;
  droppedEvents: number;
};

export class Tally {
  readonly openStreams = new OpenStreams();
  readonly totals: Totals = {
    requests: {},
    statuses: {},
    refusals: {},
    checks: 0,
    offers: 0,
    withheld: {},
    downloads: { complete: 0, broken: 0, bytes: 0 },
    downloadBytes: { memory: 0, disk: 0, fill: 0 },
    upstreamFailures: {},
    streams: {},
    streamBytes: { received: 0, sent: 0 },
    handshakes: {},
    turnedAway: {},
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
        if (event.offer.kind === 'offered') totals.offers += 1;
        if (event.offer.kind === 'withheld') count(totals.withheld, event.offer.rule);
        return;
      case 'upstream-failed':
        count(totals.upstreamFailures, event.origin);
        return;
      case 'stream':
        count(totals.streams, event.because);
        totals.streamBytes.received += event.received;
        totals.streamBytes.sent += event.sent;
        return;
      case 'turned-away':
        count(totals.turnedAway, event.because, event.count);
        return;
      case 'handshake-failed':
        count(totals.handshakes, event.reason);
        return;
      case 'download':
        totals.downloads[event.complete ? 'complete' : 'broken'] += 1;
        totals.downloads.bytes += event.bytes;
        totals.downloadBytes[event.from] += event.bytes;
    }
  }
}

// OpenSSL knows hundreds of reasons, a client can provoke few of them; the rest is counted together.
const MAX_KEYS = 100;

function count(counts: Record<string, number>, reason: string, times = 1): void {
  const key = Object.hasOwn(counts, reason) || Object.keys(counts).length < MAX_KEYS ? reason : 'other';
  counts[key] = (counts[key] ?? 0) + times;
}

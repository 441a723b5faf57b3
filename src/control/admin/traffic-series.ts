// Owns the traffic of the last hour, in points of five seconds.
import { z } from 'zod';
import type { Totals } from '../tally.ts';

export const EVERY_MS = 5_000;
const MAX_POINTS = 3_600_000 / EVERY_MS;

const pointSchema = z.object({
  atMs: z.int().describe('the end of the five seconds that it tells of'),
  requests: z.int(),
  checks: z.int(),
  offers: z.int(),
  downloads: z.int().describe('that ended, complete or not'),
  activeDownloads: z.int().describe('that ran at this time'),
  bytes: z.int().describe('of firmware'),
  refused: z.int(),
  errors: z.int().describe('answers with a status of 500 and more'),
});
export type TrafficPoint = z.infer<typeof pointSchema>;

export const trafficSchema = z.object({ everyMs: z.literal(EVERY_MS), points: z.array(pointSchema) });
export type Traffic = z.infer<typeof trafficSchema>;

type Sums = Omit<TrafficPoint, 'atMs' | 'activeDownloads'>;

export class TrafficSeries {
  #points: TrafficPoint[] = [];
  #before: Sums | null = null;

  /** Takes the totals since the start, every five seconds. Gives the new point; null for the first, which has no before. */
  add(totals: Totals, activeDownloads: number, atMs: number): TrafficPoint | null {
    const now = sumsOf(totals);
    const before = this.#before;
    this.#before = now;
    if (before === null) return null;
    const point: TrafficPoint = {
      atMs,
      requests: now.requests - before.requests,
      checks: now.checks - before.checks,
      offers: now.offers - before.offers,
      downloads: now.downloads - before.downloads,
      activeDownloads,
      bytes: now.bytes - before.bytes,
      refused: now.refused - before.refused,
      errors: now.errors - before.errors,
    };
    this.#points = [...this.#points.slice(1 - MAX_POINTS), point];
    return point;
  }

  /** Oldest first. */
  read(): Traffic {
    return { everyMs: EVERY_MS, points: this.#points };
  }
}

function sumsOf({ requests, refusals, statuses, checks, offers, downloads }: Totals): Sums {
  return {
    requests: sum(requests),
    checks,
    offers,
    downloads: downloads.complete + downloads.broken,
    bytes: downloads.bytes,
    refused: sum(refusals),
    errors: statuses['5xx'] ?? 0,
  };
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}

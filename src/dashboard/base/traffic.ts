// Owns the numbers behind the charts: points of traffic, kept for an hour, and added up into as many as a chart can show.
import type { Traffic, TrafficPoint } from '../api.ts';

export const KEPT_MS = 3_600_000;
const MINUTE_MS = 60_000;

export type CountName = 'requests' | 'checks' | 'offers' | 'downloads' | 'refused' | 'errors' | 'bytes';

/** Columns as uPlot takes them; `atSeconds` since the epoch. Counts are a minute's, bytes a second's. */
export type Series = {
  atSeconds: number[];
  requests: number[];
  checks: number[];
  refused: number[];
  errors: number[];
  bytesPerSecond: number[];
  activeDownloads: number[];
};

/** The points with one more; what is older than an hour before it goes, and one of the same time is replaced. */
export function withPoint(points: readonly TrafficPoint[], point: TrafficPoint): TrafficPoint[] {
  return [...points.filter(({ atMs }) => atMs < point.atMs && atMs > point.atMs - KEPT_MS), point];
}

/**
 * Adds points up, `bucketMs` together, over the `spanMs` before `endMs`. What is not whole yet is left out. Where the gate
 * began within the span, its line begins with nothing.
 */
export function toSeries({ points, everyMs }: Traffic, endMs: number, spanMs: number, bucketMs: number): Series {
  const widthMs = Math.max(bucketMs, everyMs);
  const endOf = ({ atMs }: TrafficPoint): number => (widthMs > everyMs ? Math.ceil(atMs / widthMs) * widthMs : atMs);
  const newestMs = points.at(-1)?.atMs ?? 0;
  const whole = (bucketEndMs: number): boolean => widthMs === everyMs || newestMs + everyMs > bucketEndMs;
  const buckets = [...Map.groupBy(points, endOf)]
    .filter(([bucketEndMs]) => bucketEndMs > endMs - spanMs && whole(bucketEndMs))
    .sort(([a], [b]) => a - b);
  const firstMs = buckets[0]?.[0] ?? 0;
  const begins = buckets.length > 0 && firstMs - 2 * widthMs > endMs - spanMs;
  const column = (value: (inside: TrafficPoint[]) => number): number[] => [
    ...(begins ? [0] : []),
    ...buckets.map(([, inside]) => value(inside)),
  ];
  const perMinute = (name: CountName): number[] => column((inside) => (total(inside, name) * MINUTE_MS) / widthMs);
  return {
    atSeconds: [...(begins ? [firstMs - widthMs] : []), ...buckets.map(([bucketEndMs]) => bucketEndMs)].map(
      (ms) => ms / 1000,
    ),
    requests: perMinute('requests'),
    checks: perMinute('checks'),
    refused: perMinute('refused'),
    errors: perMinute('errors'),
    bytesPerSecond: column((inside) => (total(inside, 'bytes') * 1000) / widthMs),
    activeDownloads: column((inside) => Math.max(...inside.map(({ activeDownloads }) => activeDownloads))),
  };
}

/** The sum of a count since `sinceMs`. */
export function sumSince(points: readonly TrafficPoint[], name: CountName, sinceMs: number): number {
  return total(
    points.filter(({ atMs }) => atMs > sinceMs),
    name,
  );
}

function total(points: readonly TrafficPoint[], name: CountName): number {
  return points.reduce((sum, point) => sum + point[name], 0);
}

// Owns short words for what is seen of a device, so that a test of its history reads as a table. Times are in seconds.
import type { DownloadSeen } from '../../src/ota/attempt.ts';
import type { Check, DeviceRecord, Entry, Observation, OfferSeen, Outcome } from '../../src/ota/device-record.ts';
import { observe } from '../../src/ota/outcome.ts';

export const START_MS = Date.UTC(2026, 10, 20, 12);
export const DEVICE = 'a4:cf:12:00:00:01';
export const LENGTH = 3_000_000;

const at = (seconds: number): number => START_MS + Math.round(seconds * 1000);

export const none: OfferSeen = { kind: 'none' };
export const unread: OfferSeen = { kind: 'unread' };
export const offer = (version: string, more: { forced?: boolean; sealed?: boolean } = {}): OfferSeen => ({
  kind: 'offered',
  version,
  forced: false,
  sealed: true,
  ...more,
});
export const withheld = (version: string, why: string): OfferSeen => ({ kind: 'withheld', version, rule: 'busy', why });

export function check(
  seconds: number,
  version: string | null,
  seen: OfferSeen = none,
  more: Partial<Check> = {},
): Check {
  return {
    kind: 'check',
    atMs: at(seconds),
    client: '192.0.2.1',
    scheme: 'https',
    board: 'bread-compact',
    version,
    elfSha256: null,
    offer: seen,
    ...more,
  };
}

type Link = { id?: string; sealed?: boolean };

const part = (seconds: number, version: string | null, { id = 'd1', sealed = true }: Link) => ({
  atMs: at(seconds),
  startedMs: at(seconds),
  download: id,
  client: '192.0.2.1',
  link: { version, board: 'bread-compact', sealed },
});

export function begun(seconds: number, version: string | null, link: Link = {}): DownloadSeen {
  return { kind: 'download-begun', ...part(seconds, version, link) };
}

export function moved(seconds: number, version: string | null, bytes: number, link: Link = {}): DownloadSeen {
  return { kind: 'download-moved', bytes, length: LENGTH, ...part(seconds, version, link) };
}

type End = Link & {
  from?: number;
  offset?: number;
  length?: number;
  complete?: boolean;
  gapMs?: number;
  code?: string;
};

/** A download that ended; all of the image, unless it says otherwise. `from` is when it began, in seconds. */
export function ended(seconds: number, version: string | null, bytes: number, end: End = {}): DownloadSeen {
  const { offset = 0, length = LENGTH, gapMs = 0, code } = end;
  const complete = end.complete ?? offset + bytes === length;
  return {
    kind: 'download-ended',
    ...part(seconds, version, end),
    startedMs: at(end.from ?? seconds - 1),
    offset,
    bytes,
    length,
    complete,
    gapMs,
    code: complete ? null : (code ?? 'CLIENT_GONE'),
  };
}

export function noImage(seconds: number, version: string | null, code: string, link: Link = {}): DownloadSeen {
  return { kind: 'fill-failed', why: null, code, ...part(seconds, version, link) };
}

export type Told = { record: DeviceRecord; entries: Entry[]; outcomes: Outcome[] };

/** All that comes of these observations, one after the other. */
export function tellAll(seen: readonly Observation[]): Told {
  let record: DeviceRecord | null = null;
  const entries: Entry[] = [];
  const outcomes: Outcome[] = [];
  for (const one of seen) {
    const step = observe(record, DEVICE, one);
    record = step.record;
    entries.push(...step.entries);
    if (step.outcome !== null) outcomes.push(step.outcome);
  }
  if (record === null) throw new TypeError('nothing was seen');
  return { record, entries, outcomes };
}

// Owns what is known of one device, and what can be observed of it. Times are milliseconds since the epoch.
import type { Attempt, Because, DownloadSeen } from './attempt.ts';

export const DEVICE_STATES = [
  'seen',
  'up-to-date',
  'offered',
  'downloading',
  /** The download is complete: the next check will tell. */
  'rebooting',
  'upgraded',
  'failed',
  'withheld',
] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** What anyone may see of a device. All but `proven` is what was claimed in its name: anyone can send any Device-Id. */
export type DeviceRow = {
  device: string;
  /** Board, running version and scheme are of the last check; empty where none has told them. */
  board: string;
  version: string;
  client: string;
  scheme: string;
  firstSeenMs: number;
  lastSeenMs: number;
  state: DeviceState;
  offered: string | null;
  why: string | null;
  /** Failures in a row to upgrade to the same version. */
  failures: number;
  /** It has used a link that was sealed for it. */
  proven: boolean;
};

/** What the next observation is judged by, beside the row. */
export type Memory = {
  /** The last check, and the build that it reported. */
  checkedMs: number | null;
  elfSha256: string | null;
  attempt: Attempt | null;
  /** The last upgrade, so that a way back is known for one. */
  upgrade: {
    version: string;
    from: string | null;
    board: string | null;
    proven: boolean;
    /** Where the check came from that told it. */
    network: string;
    atMs: number;
  } | null;
  /** The version that `failures` counts. */
  failing: string | null;
  /**
   * Failures in a row that sealed links tell of, to upgrade to one version, for each network that the device told them
   * from: whoever knows its name can fail in it, but only from where he is.
   */
  failed: { network: string; version: string; times: number; lastMs: number }[];
  /** How many entries were written on this day, counted from the epoch. */
  written: { day: number; entries: number };
};

export type DeviceRecord = DeviceRow & { memory: Memory };

export type OfferSeen =
  | { kind: 'none' }
  | { kind: 'offered'; version: string; forced: boolean; sealed: boolean }
  | { kind: 'withheld'; version: string; rule: string; why: string }
  /** The reply could not be read, so nobody knows what the device made of it. */
  | { kind: 'unread' };

export type Check = {
  kind: 'check';
  atMs: number;
  client: string;
  scheme: string;
  board: string | null;
  version: string | null;
  elfSha256: string | null;
  offer: OfferSeen;
};

export type Observation = Check | DownloadSeen;

export type Detail = Record<string, string | number | boolean | null>;

/** One entry of a device's history. */
export type Entry = { atMs: number; event: string; detail: Detail };

/** An outcome that counts: of a device that used its sealed link. `client` is where the check came from that told it. */
export type Outcome = {
  version: string;
  board: string | null;
  result: 'upgraded' | 'failed';
  because: Because | null;
  client: string;
  atMs: number;
};

export function newMemory(): Memory {
  return {
    checkedMs: null,
    elfSha256: null,
    attempt: null,
    upgrade: null,
    failing: null,
    failed: [],
    written: { day: 0, entries: 0 },
  };
}

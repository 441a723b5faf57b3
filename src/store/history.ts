// Owns the history interface: what became of every device's upgrades. It may be lost without harm to anything else.

import type { Because } from '../ota/attempt.ts';
import type { Detail, DeviceRecord, DeviceRow, DeviceState, Entry, Outcome } from '../ota/device-record.ts';

export type HistoryBounds = {
  /** Devices that used a sealed link of theirs; past it, the least recently seen goes. */
  proven: number;
  /** Devices that have only checked: claims. They never push out a proven one, nor its history. */
  claims: number;
  /** Entries that a claim keeps. */
  entriesOfClaim: number;
  /** Entries of all proven devices, and how long they are kept at the most. */
  entries: number;
  keepMs: number;
};

export const HISTORY_BOUNDS: HistoryBounds = {
  proven: 100_000,
  claims: 10_000,
  entriesOfClaim: 20,
  entries: 10_000_000,
  keepMs: 90 * 86_400_000,
};

export type DeviceQuery = {
  /** A part of the device, the board or the version, in any case. Here and in the next three, empty means all. */
  search: string;
  board: string;
  version: string;
  state: DeviceState | '';
  sort: 'lastSeen' | 'device' | 'board' | 'version';
  order: 'asc' | 'desc';
  offset: number;
  /** At most `MAX_PAGE`. */
  limit: number;
};

export const MAX_PAGE = 1000;

export type NameCount = { name: string; count: number };

export type DevicePage = {
  /** How many match, on all pages. */
  total: number;
  devices: DeviceRow[];
  /** Of all devices, the most frequent 200 of each. */
  boards: NameCount[];
  versions: NameCount[];
};

/** Ids grow with time within a device, whatever the clock does. */
export type DeviceEvent = { id: number; atMs: number; event: string; detail: Detail };

/** What one device's news have come to. */
export type HistoryChange = { record: DeviceRecord; entries: Entry[]; outcomes: CountedOutcome[] };

/** An outcome, and the network that it counts for. */
export type CountedOutcome = Outcome & { network: string };

/** An outcome of a device that is not written yet. */
export type HeldOutcome = { device: string; outcome: CountedOutcome };

/** How a version does on a board, by the last outcome of each proven device. */
export type OutcomeShare = {
  upgraded: number;
  failed: number;
  failedBecause: Partial<Record<Because, number>>;
  /** Distinct networks that these outcomes came from; counted up to `MAX_NETWORKS`. */
  upgradedNetworks: number;
  failedNetworks: number;
};

export const MAX_NETWORKS = 64;

/** Every method may throw where the file cannot be read or written. */
export type History = {
  read(device: string): DeviceRecord | null;
  /** Writes all of it, or, where it throws, nothing. */
  write(changes: readonly HistoryChange[]): void;
  list(query: DeviceQuery): DevicePage;
  row(device: string): DeviceRow | null;
  /** Newest first; `before` is the id of the last entry of the page before. */
  timeline(device: string, page: { before: number | null; limit: number }): DeviceEvent[];
  /** All devices in the order of their names, read in small portions. */
  rows(): Generator<DeviceRow>;
  /** `held`: outcomes of this version that count in the place of what is written of the same devices. */
  share(board: string, version: string, held?: readonly HeldOutcome[]): OutcomeShare;
  /** Forgets entries that are too old, `maxRows` at the most. Gives how many. */
  sweep(nowMs: number, maxRows: number): number;
  counts(): { proven: number; claims: number; entries: number };
  close(): void;
};

// Owns the state interface: what control keeps across restarts. One interface, however it is kept.
import type { SealKey } from '../ota/seal.ts';
import type { Catalogue } from './catalogue.ts';
import type { RolloutStore } from './rollout-store.ts';

/** An opening that was made while the gate ran. Times are milliseconds since the epoch. */
export type KeptOpening = {
  id: string;
  route: string;
  /** CIDR notation; empty: from anywhere. */
  from: string[];
  openedMs: number;
  startMs: number | null;
  untilMs: number;
  reason: string;
  /** `command line`, `page`, … */
  openedBy: string;
  closeAfter: { devices: number | null; idleMs: number | null };
  /** Devices that upgraded by links that it handed out. */
  upgraded: number;
  lastUsedMs: number | null;
};

/** What happened, for the operator to look up. Past 10,000, the oldest go. */
export type AuditEntry = { id: number; atMs: number; what: string; who: string; detail: string };

/** The latest moment that was seen, and where in the run of the machine that was. */
export type SeenTime = { nowMs: number; bootId: string | null; uptimeMs: number };

export type State = {
  /** The keys of firmware links, newest first; made at first use. */
  sealKeys(): SealKey[];
  /** Replaces them, newest first. */
  keepSealKeys(keys: readonly SealKey[], nowMs: number): void;
  /** All that were made and not removed, also those that have ended since. */
  openings(): KeptOpening[];
  addOpening(opening: KeptOpening): void;
  /** Notes what became of one that lasts. */
  noteOpening(id: string, upgraded: number, lastUsedMs: number | null): void;
  removeOpening(id: string): void;
  /** Marks an opening as closed before its end, so that neither a reload nor another machine opens it again. */
  markClosed(id: string, untilMs: number, nowMs: number): void;
  /** The marks of openings that would not have ended yet. */
  closedMarks(nowMs: number): Set<string>;
  audit(entry: Omit<AuditEntry, 'id'>): void;
  /** The newest first, those before this id. */
  audited(limit: number, beforeId: number | null): AuditEntry[];
  seenTime(): SeenTime | null;
  seeTime(seen: SeenTime): void;
  /** The images of the firmware store, and what stands for them. */
  catalogue: Catalogue;
  rollouts: RolloutStore;
  close(): void;
};

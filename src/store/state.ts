// Owns the state interface: what control keeps across restarts. One interface, however it is kept.
import type { SealKey } from '../ota/seal.ts';
import type { Catalogue } from './catalogue.ts';

/** An opening that was made while the gate ran. Times are milliseconds since the epoch. */
export type KeptOpening = {
  id: string;
  route: string;
  /** CIDR notation; empty: from anywhere. */
  from: string[];
  openedMs: number;
  untilMs: number;
  reason: string;
};

export type State = {
  /** The keys of firmware links, newest first; made at first use. */
  sealKeys(): SealKey[];
  /** Openings that have not ended at this time. */
  openings(nowMs: number): KeptOpening[];
  addOpening(opening: KeptOpening): void;
  removeOpening(id: string): void;
  /** Marks an opening of the configuration as closed by command, so that a reload does not open it again. */
  markClosed(id: string, untilMs: number, nowMs: number): void;
  /** The marks of openings that would not have ended yet. */
  closedMarks(nowMs: number): Set<string>;
  /** The images of the firmware store, and what stands for them. */
  catalogue: Catalogue;
  close(): void;
};

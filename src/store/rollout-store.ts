// Owns the interface of what is kept of rollouts. Machines that share one gate share it, so it is asked and waited for.
import type { RolloutConfig } from '../config/rollouts.ts';

/** A rollout has stopped by itself for one board and version: too many devices failed. */
export type RolloutStop = { board: string; version: string; atMs: number; why: string };

/** What commands and time have made of a rollout; one of the file is here from its first start on. */
export type KeptRollout = {
  name: string;
  /** Of one that was made by command; null for one of the file. */
  made: RolloutConfig | null;
  /** When it began: its waves are counted from here. Milliseconds since the epoch. */
  startedMs: number;
  /** It was held by command. */
  held: boolean;
  /** In the place of the file's; null: as the file says. */
  percent: number | null;
  /** Rolled back: the version for each board, in the place of its own action. */
  targets: Record<string, string> | null;
  stops: RolloutStop[];
  /** Outcomes before this are not counted again: the operator has let it go on. */
  countedFrom: { board: string; version: string; failed: number; upgraded: number }[];
};

/** What a board's devices ran before, and what they are on the way to. */
export type KeptFleet = { board: string; from: string; to: string; sinceMs: number };

export const MAX_ROLLOUTS = 200;
export const MAX_FLEETS = 1_000;

/** Every method may reject where the keeping cannot be reached or written. */
export type RolloutStore = {
  all(): Promise<KeptRollout[]>;
  /** Replaces the one of this name. Past `MAX_ROLLOUTS` the one that began first goes. */
  put(kept: KeptRollout): Promise<void>;
  /** Forgets it, and who is in it. */
  remove(name: string): Promise<void>;
  /**
   * Takes a device into a rollout, unless `limit` others are in it already; one that is in it stays. One step for all
   * machines: no two of them may take the last place. True where the device is in it afterwards.
   */
  admit(name: string, device: string, limit: number): Promise<boolean>;
  /** How many devices are in it. */
  members(name: string): Promise<number>;
  /** Who is in it. */
  memberNames(name: string): Promise<string[]>;
  fleets(): Promise<KeptFleet[]>;
  /** Replaces the one of this board. Past `MAX_FLEETS` the oldest goes. */
  putFleet(fleet: KeptFleet): Promise<void>;
};

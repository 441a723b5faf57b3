// Owns Slot: the place of one gate, in which processes follow one another.
import type { ChildProcess } from 'node:child_process';

export type Slot = {
  name: string;
  process: ChildProcess | null;
  sinceMs: number;
  snapshot: number;
  restarts: number;
  pauseMs: number;
  retry: NodeJS.Timeout | undefined;
  /** Those who wait for what the gate says to the newest snapshot. */
  waiting: ((fault: string | null) => void)[];
  /** Control has ended its process, and said why. */
  ended: boolean;
};

export function newSlot(name: string): Slot {
  const times = { sinceMs: 0, pauseMs: 0, retry: undefined };
  return { name, process: null, ...times, snapshot: 0, restarts: 0, waiting: [], ended: false };
}

export function answerAll(slot: Slot, fault: string | null): void {
  for (const answer of slot.waiting.splice(0)) answer(fault);
}

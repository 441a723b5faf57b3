// Owns the time by which a gate lets things end: control's own, carried on by the clock that all processes of a machine
// share. Two processes that each looked at the wall clock could see it jump at different moments.
import { machineClock } from '../base/clock.ts';
import type { Snapshot } from '../link/snapshot.ts';

export class ControlTime {
  #aheadMs = Date.now() - machineClock();

  /** Control said at a moment of the machine how late it was. */
  sync({ nowMs, machineMs }: Snapshot['time']): void {
    this.#aheadMs = nowMs - machineMs;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#aheadMs + machineClock());
  }
}

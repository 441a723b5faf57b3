// Owns how many connections of streams are open: what each gate said last, added up.
import type { GateLine } from '../link/messages.ts';

export class OpenStreams {
  readonly #byGate = new Map<GateLine, Record<string, number>>();

  /** A gate has so many, by the address listened on. */
  set(gate: GateLine, open: Record<string, number>): void {
    this.#byGate.set(gate, open);
  }

  /** The gate is gone, and its connections with it. */
  remove(gate: GateLine): void {
    this.#byGate.delete(gate);
  }

  /** In all gates, by the address listened on. */
  sum(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const open of this.#byGate.values()) {
      for (const [address, connections] of Object.entries(open)) sums[address] = (sums[address] ?? 0) + connections;
    }
    return sums;
  }
}

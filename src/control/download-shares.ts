// Owns the sharing out of the total pace: each gate gets as much of it as it has downloads.
import type { GateLine } from '../link/messages.ts';

export class DownloadShares {
  readonly #active = new Map<GateLine, number>();
  #totalBytesPerSecond: number | null = null;

  setTotal(bytesPerSecond: number | null): void {
    this.#totalBytesPerSecond = bytesPerSecond;
    this.#tellAll();
  }

  /** A gate has that many downloads now. */
  set(gate: GateLine, active: number): void {
    if (!this.#active.has(gate)) return; // what a process sent before its end can be read behind it
    this.#active.set(gate, active);
    this.#tellAll();
  }

  /** A gate began, or has gone. */
  add(gate: GateLine): void {
    this.#active.set(gate, 0);
    this.#tellAll();
  }

  remove(gate: GateLine): void {
    this.#active.delete(gate);
    this.#tellAll();
  }

  /** In all gates together. */
  get active(): number {
    return [...this.#active.values()].reduce((sum, active) => sum + active, 0);
  }

  #tellAll(): void {
    const all = this.active;
    const total = this.#totalBytesPerSecond;
    for (const [gate, active] of this.#active) {
      // A gate without downloads gets what its first one would have beside the others.
      const part = active > 0 ? active / all : 1 / (all + 1);
      const bytesPerSecond = total === null ? null : Math.max(1, Math.floor(total * part));
      gate({ kind: 'share', bytesPerSecond, elsewhere: all - active });
    }
  }
}

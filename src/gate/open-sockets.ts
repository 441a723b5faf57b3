// Owns counts of what is open at the moment: of one address, or of one device.
import type { Duplex } from 'node:stream';

export class OpenSockets {
  readonly #open = new Map<string, number>();

  /** Whether there may be one more of this key; counted until `socket` is closed. */
  enter(key: string, socket: Duplex, most: number): boolean {
    const open = this.#open.get(key) ?? 0;
    if (open >= most) return false;
    this.#open.set(key, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    });
    return true;
  }
}

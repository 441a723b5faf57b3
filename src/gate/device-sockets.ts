// Owns the count of the WebSockets that each device has open.
import type { Duplex } from 'node:stream';

export class DeviceSockets {
  readonly #open = new Map<string, number>();

  /** Whether this device may have one more; counted until `socket` is closed. `client` is the address it comes from. */
  enter(device: string, client: string, socket: Duplex, most: number): boolean {
    // With its address: a stranger who claims to be this device must not silence it.
    const key = `${device} ${client}`;
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

// Owns turns: what came on one connection is carried out one after the other, however much of it came at once.
import type { ClientSocket } from './client.ts';

// No client in the field sends a second request before it has its answer; a flood of them is a weapon, since each would
// become a connection to an upstream.
const MAX_WAITING = 64;

export class Turns {
  readonly #waiting = new WeakMap<ClientSocket, (() => Promise<void>)[]>();

  /**
   * Carries `act` out now, or when all that came before on this connection is over. What waits has not begun: it is
   * decided on in its own moment, and never where the connection ends before. Too many at once end the connection.
   */
  take(socket: ClientSocket, act: () => Promise<void>): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) void this.#run(socket, act);
    else if (waiting.length < MAX_WAITING) waiting.push(act);
    else socket.destroy();
  }

  /** Whether something that came on this connection is not over yet. */
  isTaken(socket: ClientSocket): boolean {
    return this.#waiting.has(socket);
  }

  async #run(socket: ClientSocket, first: () => Promise<void>): Promise<void> {
    const waiting: (() => Promise<void>)[] = [];
    this.#waiting.set(socket, waiting);
    try {
      // Once a socket is being ended, Node gives it no further responses, and those that wait would never close.
      for (let act: typeof first | undefined = first; act && socket.writable; act = waiting.shift()) await act();
    } finally {
      this.#waiting.delete(socket);
    }
  }
}

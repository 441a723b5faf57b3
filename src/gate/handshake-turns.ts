// Owns the turns of TLS handshakes: so many at a time, the others wait, and one that dawdles gives way to them.
import type { Socket } from 'node:net';

// 10 s of silence in a handshake ends it on the device, too.
const MAX_WAIT_MS = 10_000;
// A device on a slow line needs less than that for its whole handshake.
const PATIENCE_MS = 3_000;
const LOOK_MS = 500;

type Running = { socket: Socket; sinceMs: number };
type Waiting = { socket: Socket; begin: () => void; timer: NodeJS.Timeout };

export class HandshakeTurns {
  /** In the order in which they began, by the ends of the connection: the socket of TLS is another one than TCP's. */
  readonly #running = new Map<string, Running>();
  readonly #waiting = new Set<Waiting>();
  readonly #onGivenUp: () => void;
  #most = 0;
  #looking: NodeJS.Timeout | undefined;

  /** `onGivenUp` hears of each that was closed here. */
  constructor(onGivenUp: () => void) {
    this.#onGivenUp = onGivenUp;
  }

  /** Begins now, where fewer than `most` are running, or later; a socket that waits too long is closed. */
  take(socket: Socket, most: number, begin: () => void): void {
    this.#most = most;
    if (this.#running.size < most) {
      this.#run(socket, begin);
      return;
    }
    const waiting: Waiting = { socket, begin, timer: setTimeout(() => this.#giveUp(socket), MAX_WAIT_MS).unref() };
    this.#waiting.add(waiting);
    this.#looking ??= setInterval(() => this.#dropDawdlers(), LOOK_MS).unref();
    socket.on('error', ignore).once('close', () => this.#leave(waiting));
  }

  /** The handshake of this connection is over. */
  done(socket: Socket): void {
    if (this.#running.delete(endsOf(socket))) this.#next();
  }

  #run(socket: Socket, begin: () => void): void {
    const ends = endsOf(socket);
    this.#running.set(ends, { socket, sinceMs: performance.now() });
    socket.once('close', () => {
      if (this.#running.get(ends)?.socket === socket && this.#running.delete(ends)) this.#next();
    });
    begin();
  }

  #next(): void {
    while (this.#running.size < this.#most) {
      const [waiting] = this.#waiting;
      if (waiting === undefined) return;
      this.#leave(waiting);
      if (waiting.socket.destroyed) continue;
      this.#run(waiting.socket, waiting.begin);
      // Behind the others: whoever took the socket has a listener of its own by now.
      waiting.socket.off('error', ignore);
    }
  }

  /** Silent connections would keep every turn for as long as a handshake may take. */
  #dropDawdlers(): void {
    const latestMs = performance.now() - PATIENCE_MS;
    let wanted = this.#waiting.size;
    for (const { socket, sinceMs } of [...this.#running.values()]) {
      if (wanted === 0 || sinceMs > latestMs) break;
      wanted -= 1;
      this.#giveUp(socket);
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #leave(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }

  #giveUp(socket: Socket): void {
    if (socket.destroyed) return;
    this.#onGivenUp();
    socket.destroy();
  }
}

function ignore(): void {}

function endsOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

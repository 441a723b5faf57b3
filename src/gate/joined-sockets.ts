// Owns two sockets that carry each other's bytes once a WebSocket is open. The engine, which made the handshake, would
// hold all that was said in it for as long as the session lasts.
import type { Duplex } from 'node:stream';

const EVENTS = ['close', 'end', 'error'];

/** Notes who listens now; what it gives back takes away those that have come since, and their pipe. */
export function laterListeners(socket: Duplex): () => void {
  const before = new Map(EVENTS.map((event) => [event, new Set(socket.listeners(event))]));
  return () => {
    socket.unpipe();
    for (const [event, there] of before) {
      for (const listener of socket.listeners(event) as (() => void)[])
        if (!there.has(listener)) socket.off(event, listener);
    }
  };
}

/** Each carries the other's bytes, with back-pressure, and ends where the other ends or closes. */
export function join(client: Duplex, upstream: Duplex): void {
  carry(client, upstream);
  carry(upstream, client);
}

function carry(from: Duplex, to: Duplex): void {
  from.on('data', (chunk: Buffer) => {
    if (to.writable && !to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  const end = (): void => void to.end();
  from.on('end', end).on('close', end).on('error', ignore);
  from.resume();
}

// 'close' follows.
function ignore(): void {}

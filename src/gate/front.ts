// Owns the moment between a connection and its server: what is looked at before a byte of it is read.
import type { Server, Socket } from 'node:net';

/** Looks at a new connection: hands it on at once or later, or never, and then closes it. */
export type Front = (socket: Socket, handOn: () => void) => void;

/**
 * Puts `front` before what a server does with a new connection, be it HTTP, HTTPS or TLS. Everything else, closing and
 * the list of connections above all, stays the server's.
 */
export function putInFront(server: Server, front: Front): void {
  const own = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    front(socket, () => {
      for (const listener of own) listener.call(server, socket);
    });
  });
}

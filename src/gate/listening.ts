// Owns the sockets that a server takes its connections from. Several for one port, where the system shares connections
// out: the event loop takes one from each in a turn, and what is alike in a turn (handshakes, requests, answers) is
// done together, while its code and data are in the processor's caches.
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import type { Endpoint } from '../config/config.ts';

const SOCKETS = 16;

export type Listening = {
  /** Takes no new connections; those that are there go on. May be called again. */
  stop: () => void;
};

/**
 * Listens for a server. `shared`: whether the system shares connections out among the sockets of a port. `connections`:
 * the options that the server has for its own.
 * @throws {Error} with the system's code, e.g. EADDRINUSE; nothing listens then
 */
export async function listen(
  server: Server,
  endpoint: Endpoint,
  shared: boolean,
  connections: ServerOpts,
): Promise<Listening> {
  const sockets = [server];
  const stop = (): void => {
    for (const socket of sockets) if (socket.listening) socket.close();
  };
  try {
    await listenOnce(server, endpoint, shared);
    while (shared && sockets.length < SOCKETS) {
      const another = createServer(connections, (socket: Socket) => server.emit('connection', socket));
      await listenOnce(another, endpoint, shared);
      another.on('error', (error) => server.emit('error', error));
      sockets.push(another);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { stop };
}

function listenOnce(server: Server, { host, port }: Endpoint, shared: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, reusePort: shared, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

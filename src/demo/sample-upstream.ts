// Owns what both sample upstreams have in common: their options, what they show, how they start and how they stop.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Faults } from './faults.ts';
import type { FirmwareShelf, ShelvedFirmware } from './firmware-shelf.ts';
import { KEEP_ALIVE_MS } from './reply.ts';
import type { RecordedRequest } from './request-log.ts';

export interface SampleUpstreamOptions {
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
  voicePort?: number;
  /** Board → its firmware; a Map that is given is used itself, so that changes show at once. */
  firmware?: FirmwareShelf | Record<string, ShelvedFirmware>;
  /** Used itself too: change it while the upstream runs. */
  faults?: Faults;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface SampleUpstream {
  /** `http://127.0.0.1:49152` */
  readonly origin: string;
  /** Counts by kind; the kinds stand at the top of each upstream's file. */
  readonly hits: Map<string, number>;
  /** The last hundred, oldest first. */
  readonly requests: RecordedRequest[];
  readonly firmware: FirmwareShelf;
  readonly faults: Faults;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** A server that listens, and the sockets that it has handed out. */
export interface Listening {
  server: Server;
  origin: string;
  close(): Promise<void>;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Starts an HTTP server on `host:port`.
 * @throws the system's error where the port is taken.
 */
export async function listen(handle: RequestHandler, host = '127.0.0.1', port = 0): Promise<Listening> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // Upgraded sockets are no longer the HTTP server's to close.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    server,
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

/** The shelf that the options name: the Map itself, or a new one with the record's entries. */
export function shelfOf(firmware: SampleUpstreamOptions['firmware']): FirmwareShelf {
  return firmware instanceof Map ? firmware : new Map(Object.entries(firmware ?? {}));
}

// Owns the admin interface: opens its doors, and closes them.
import type { Log } from '../../base/log.ts';
import type { Endpoint } from '../../config/config.ts';
import type { AdminActions } from './actions.ts';
import { buildApp } from './app.ts';
import { type DoorTimes, type OpenDoor, openDoor } from './doors.ts';
import { EventReaders } from './event-readers.ts';
import type { LiveFeed } from './live-feed.ts';
import type { LogRing } from './log-ring.ts';
import { Sessions } from './sessions.ts';
import { TcpDoors } from './tcp-doors.ts';
import type { Tokens } from './tokens.ts';
import type { TrafficSeries } from './traffic-series.ts';

export type AdminOptions = {
  /** The command line's way in: mode 600, full rights. */
  socketPath: string;
  /** The gates' way, for routes with role admin; null: there is none. */
  publicSocketPath: string | null;
  /** Where to listen for browsers and programs, which need a token. */
  tcp: readonly Endpoint[];
  tokens: Tokens;
  /** The domains that are in force: names by which a browser may ask on TCP. */
  hosts: () => readonly string[];
  actions: AdminActions;
  feed: LiveFeed;
  logRing: LogRing;
  traffic: TrafficSeries;
  log: Log;
  version: string;
  /** Absolute; of the built dashboard. */
  dashboardFolder: string;
  /** For tests: shorter patience, and a quicker beat of the live feed. */
  times?: DoorTimes;
  beatMs?: number;
};

export type Admin = {
  /** Where TCP is listened on; a port 0 has become a real one. */
  endpoints: () => Endpoint[];
  /** Listens on these from now on; those that stay keep their connections. @throws {GateError} LISTEN_FAILED; then all is as before */
  listen: (tcp: readonly Endpoint[]) => Promise<void>;
  /** Ends the streams of events, and begins none from now on: no page that is open holds up a stop. */
  endStreams: () => void;
  /** Every route, as `METHOD path`. */
  routes: readonly string[];
  /** Ends streams and connections, and removes the sockets. */
  close: () => Promise<void>;
};

/** @throws {GateError} LISTEN_FAILED, also where another gate answers on the socket already */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { socketPath, publicSocketPath, feed, times, beatMs } = options;
  const readers = new EventReaders(feed, beatMs);
  const { app, routes } = await buildApp({ ...options, sessions: new Sessions(), readers });
  const unixDoors: OpenDoor[] = [];
  const tcpDoors = new TcpDoors((endpoint) => openDoor({ kind: 'tcp', endpoint }, app.routing, times));
  const close = async (): Promise<void> => {
    readers.stop();
    feed.stop();
    await Promise.all([...unixDoors, tcpDoors].map((doors) => doors.close()));
    await app.close();
  };

  try {
    unixDoors.push(await openDoor({ kind: 'socket', path: socketPath }, app.routing, times));
    if (publicSocketPath !== null)
      unixDoors.push(await openDoor({ kind: 'public', path: publicSocketPath }, app.routing, times));
    await tcpDoors.listen(options.tcp);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    endpoints: () => tcpDoors.endpoints(),
    listen: (tcp) => tcpDoors.listen(tcp),
    endStreams: () => readers.stop(),
    routes,
    close,
  };
}

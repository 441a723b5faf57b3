// Owns the trial of every port before a gate gets it: a fault is then told once, by control, with the way out.
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { errorCode, GateError } from '../base/errors.ts';
import type { Endpoint } from '../config/config.ts';
import type { Listen } from '../link/snapshot.ts';

/**
 * Binds the endpoint for a moment, without sharing, so that another program (or another otagate) on it is noticed.
 * Gives back the endpoint as the gates shall bind it: a port 0 becomes a real one, and `::` becomes `0.0.0.0` on a
 * machine without IPv6.
 * @throws {GateError} LISTEN_FAILED with the next step
 */
export async function tryEndpoint(endpoint: Endpoint): Promise<Endpoint> {
  try {
    return { host: endpoint.host, port: await bindOnce(endpoint) };
  } catch (error) {
    const reason = errorCode(error);
    if (endpoint.host === '::' && (reason === 'EAFNOSUPPORT' || reason === 'EADDRNOTAVAIL')) {
      return tryEndpoint({ host: '0.0.0.0', port: endpoint.port });
    }
    throw new GateError('LISTEN_FAILED', `cannot listen on ${describe(endpoint)}: ${remedy(reason, endpoint.port)}`, {
      fault: 'gate',
      facts: { reason, port: endpoint.port },
      cause: error,
    });
  }
}

/**
 * Tries all endpoints of a configuration. Those that are served already are kept as they are, and a port that our own
 * gates hold on another address is not tried: they would be in its way.
 * @throws {GateError} LISTEN_FAILED
 */
export async function tryListen(wanted: Listen, before: Listen, served: Listen): Promise<Listen> {
  const ours = [...served.http, ...served.https, ...served.streams];
  const tryAll = async (scheme: keyof Listen): Promise<Endpoint[]> => {
    const endpoints: Endpoint[] = [];
    for (const endpoint of wanted[scheme]) {
      const kept = served[scheme][before[scheme].findIndex((old) => isDeepStrictEqual(old, endpoint))];
      const held = endpoint.port !== 0 && ours.some(({ port }) => port === endpoint.port);
      endpoints.push(kept ?? (held ? endpoint : await tryEndpoint(endpoint)));
    }
    return endpoints;
  };
  return { http: await tryAll('http'), https: await tryAll('https'), streams: await tryAll('streams') };
}

function bindOnce(endpoint: Endpoint): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: endpoint.host, port: endpoint.port, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : endpoint.port;
      server.close(() => resolve(port));
    });
  });
}

function remedy(reason: string, port: number): string {
  switch (reason) {
    case 'EACCES':
      return (
        `port ${port} needs a permission that this user has not (EACCES). With systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE. ` +
        `By hand: sudo setcap cap_net_bind_service=+ep "$(readlink -f "$(command -v node)")". In a container: listen on a port ` +
        'above 1023 and publish it (-p 443:8443), or sysctl net.ipv4.ip_unprivileged_port_start=0. Or choose another port in `listen`.'
      );
    case 'EADDRINUSE':
      return `another program listens there already (EADDRINUSE): \`ss -ltnp 'sport = :${port}'\` names it; stop it, or choose another port in \`listen\`.`;
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address (EADDRNOTAVAIL): see `ip address`, or use "[::]" for all of them.';
    default:
      return `${reason}.`;
  }
}

export function describe(endpoint: Endpoint): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

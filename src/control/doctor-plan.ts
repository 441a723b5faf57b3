// Owns what the doctor is told of the gate: by which names and addresses devices reach it, and where it listens. Pure.
import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Endpoint } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { compileNetworks, isLoopback, PRIVATE_NETWORKS } from '../policy/networks.ts';
import type { DoctorPlan } from './admin/doctor-schemas.ts';

const MAX_NAMES = 4;
const MAX_ADDRESSES = 2;
const isPrivate = compileNetworks(PRIVATE_NETWORKS);

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** `interfaces` are those of the machine. A wildcard is no name that can be looked at, and is left out. */
export function doctorPlan(
  { policy, listen }: Pick<Snapshot, 'policy' | 'listen'>,
  localRoot: string | null,
  interfaces: Interfaces,
): DoctorPlan {
  const names = policy.domains.filter((domain) => !domain.includes('*') && isIP(domain) !== 6).slice(0, MAX_NAMES);
  const addresses = lanAddresses([...listen.https, ...listen.http], interfaces).filter((one) => !names.includes(one));
  const route = policy.routes.find(({ role, target }) => role === 'ota-check' && target.kind === 'upstream');
  return {
    hosts: [
      ...names.map((host) => ({ host, role: 'main' as const })),
      ...addresses.slice(0, MAX_ADDRESSES).map((host) => ({ host, role: 'lan' as const })),
    ],
    path: route?.path ?? '/xiaozhi/ota/',
    publicPorts: {
      http: listen.http.length > 0 ? policy.publicPorts.http : null,
      https: listen.https.length > 0 ? policy.publicPorts.https : null,
    },
    listen: { http: reachable(listen.http), https: reachable(listen.https) },
    localRoot,
  };
}

/** Addresses by which the LAN reaches these listeners. */
function lanAddresses(endpoints: readonly Endpoint[], interfaces: Interfaces): string[] {
  const all = Object.values(interfaces)
    .flatMap((one) => one ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && isPrivate(address))
    .map(({ address }) => address);
  const found = endpoints.flatMap(({ host }) => (isEverywhere(host) ? all : isIP(host) === 4 ? [host] : []));
  return [...new Set(found)].filter((address) => !isLoopback(address));
}

/** The first listener, as it is reached from the machine itself. */
function reachable([first]: readonly Endpoint[]): { address: string; port: number } | null {
  if (first === undefined) return null;
  return { address: isEverywhere(first.host) ? '127.0.0.1' : first.host, port: first.port };
}

function isEverywhere(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

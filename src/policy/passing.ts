// Owns who may pass a route by its networks, and where a request of it goes: upstream, or back with another address.
import type { RouteConfig } from '../config/config.ts';
import type { Facts } from './facts.ts';
import { type AddressTest, compileNetworks } from './networks.ts';

/** Whether a client may pass, by `allow` and `deny`. */
export type Admission = (client: Pick<Facts, 'client' | 'clientFrom'>) => boolean;

/**
 * Compiles the networks of a route; `deny` counts before `allow`. A client that a trusted proxy did not name passes
 * neither. @throws {TypeError} for networks that the configuration would not have let through.
 */
export function compileAdmission({ allow, deny }: RouteConfig, isLan: AddressTest): Admission {
  if (allow === undefined && deny === undefined) return () => true;
  const allowed = allow === undefined ? () => true : compile(allow, isLan);
  const denied = compile(deny ?? [], isLan);
  return ({ client, clientFrom }) => clientFrom !== 'unknown' && !denied(client) && allowed(client);
}

function compile(networks: readonly string[], isLan: AddressTest): AddressTest {
  const listed = compileNetworks(networks.filter((network) => network !== 'lan'));
  return networks.includes('lan') ? (client) => isLan(client) || listed(client) : listed;
}

/** The path as the upstream knows it, without query. `path` is within the route. */
export function pathUpstream({ path: own, upstreamPath }: RouteConfig, path: string): string {
  return upstreamPath === undefined ? path : upstreamPath + path.slice(own.length);
}

/** The path of ours for one that the upstream names, e.g. in a redirect; unchanged where it is not below its own. */
export function pathFromUpstream({ path: own, upstreamPath }: RouteConfig, path: string): string {
  if (upstreamPath === undefined) return path;
  const isBelow = upstreamPath.endsWith('/') ? path.startsWith(upstreamPath) : path === upstreamPath;
  return isBelow ? own + path.slice(upstreamPath.length) : path;
}

/** Where a redirect leads. `uri` is the canonical path with its query, which holds neither spaces nor line breaks. */
export function redirectLocation(to: string, host: string, uri: string): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return to.replace(/\{(host|uri)\}/g, (_, what: string) => (what === 'host' ? bracketed : uri));
}

// Owns the routes of a site: one for each location, and one for each path of devices that a location takes in.
import { type Keys, keysOf } from './keys.ts';
import type { Notes } from './notes.ts';
import { type Location, locationFor, type Server } from './sites.ts';
import { movesToHttps, type Target, withSlash } from './targets.ts';
import { DEVICE_PATHS, type DevicePath, isXiaozhi } from './xiaozhi.ts';

export type Route = { name: string; host?: string; path: string } & Record<string, unknown>;
/** `implied`: the path of a device within a location for more than that. */
export type Made = { route: Route; location: Location; implied: boolean };
/** Servers for the same names: one site, by plain HTTP and by TLS. */
export type Site = { names: string[]; plain: Server[]; tls: Server[] };

/** A site for each set of names that the same servers answer for; servers without a name answer for all others. */
export function sitesOf(servers: readonly Server[]): Site[] {
  const names = [...new Set(servers.flatMap((server) => server.names))];
  const sites = new Map<string, { names: string[]; servers: Server[] }>();
  for (const name of names.length > 0 ? names : [null]) {
    const own = servers.filter((server) => (name === null ? true : server.names.includes(name)));
    const key = own.map((server) => servers.indexOf(server)).join(' ');
    const site = sites.get(key) ?? { names: [], servers: own };
    sites.set(key, site);
    if (name !== null) site.names.push(name);
  }
  return [...sites.values()].map(({ names, servers: own }) => {
    const isMoved = (server: Server): boolean => movesToHttps(server.own, names) !== undefined;
    const plain = own.filter((server) => server.listens.some(({ tls }) => !tls) && !isMoved(server));
    return { names, plain, tls: own.filter((server) => server.listens.some(({ tls }) => tls)) };
  });
}

/** The routes of a site: each location, and each path of devices that one of them takes in. */
export function routesOf(
  site: Site,
  named: boolean,
  targets: ReadonlyMap<Location, Target | null>,
  upstreams: Map<string, string[]>,
  notes: Notes,
): Made[] {
  const servers = [...site.tls, ...site.plain];
  const made: Made[] = [];
  const taken = new Set<string>();
  const hosts = named ? site.names.filter((name) => !name.startsWith('*')) : [undefined];
  const add = (location: Location, path: string, device: DevicePath | undefined, implied: boolean): void => {
    const target = targets.get(location);
    if (!target || target.kind === 'to-https' || target.kind === 'nothing') return;
    const isDevice = device !== undefined && target.kind === 'upstream';
    const keys = {
      ...targetKeys(target, location, path, upstreams, notes),
      ...keysFor(location, target, isDevice, notes),
    };
    for (const host of hosts) {
      const place = `${host ?? ''} ${path}`;
      if (taken.has(place)) continue;
      taken.add(place);
      const plainHttp = target.kind === 'refuse' ? {} : schemeOf(site, path, isDevice, targets);
      const name = nameOf(path, host, device?.name);
      const role = isDevice ? { role: device.role } : {};
      const route = { name, ...(host === undefined ? {} : { host }), path, ...keys, ...role, ...plainHttp };
      if (isDevice && device.role === 'firmware') delete (route as Record<string, unknown>).upstreamPath;
      made.push({ route: allowNobody(route), location, implied });
    }
  };
  for (const server of servers) {
    for (const location of server.locations) {
      const path = location.kind === 'exact' ? location.path : withSlash(location.path);
      add(
        location,
        path,
        DEVICE_PATHS.find((each) => each.path === path),
        false,
      );
    }
  }
  const origins = [...targets.values()].flatMap((target) => (target?.kind === 'upstream' ? target.origins : []));
  if (!isXiaozhi(servers, origins)) return made;
  for (const device of DEVICE_PATHS) {
    for (const server of servers) {
      const location = locationFor(server, device.sample);
      const target = location && targets.get(location);
      // With another path upstream, nothing is known about what is behind it.
      if (location && target?.kind === 'upstream' && target.upstreamPath === null)
        add(location, device.path, device, true);
    }
  }
  return made;
}

function targetKeys(
  target: Exclude<Target, { kind: 'to-https' | 'nothing' }>,
  location: Location,
  path: string,
  upstreams: Map<string, string[]>,
  notes: Notes,
): Keys {
  switch (target.kind) {
    case 'refuse':
      return { refuse: true };
    case 'redirect':
      return { redirect: { to: target.to, status: target.status } };
    case 'files':
      return { files: target.folder };
    case 'upstream': {
      const known = [...upstreams].find(([, origins]) => origins.join() === target.origins.join())?.[0];
      const name = known ?? freeName(target.name ?? wordFor(target.origins[0] ?? ''), upstreams);
      upstreams.set(name, target.origins);
      if (target.upstreamPath !== null && target.upstreamPath.endsWith('/') !== path.endsWith('/')) {
        notes.leave(location.directive, `${path} cannot become ${target.upstreamPath}`);
        return { upstream: name };
      }
      return { upstream: name, ...(target.upstreamPath === null ? {} : { upstreamPath: target.upstreamPath }) };
    }
  }
}

function keysFor(location: Location, target: Target, isDevice: boolean, notes: Notes): Keys {
  if (target.kind === 'refuse') return {};
  const keys = keysOf(location, isDevice, notes);
  const { allow, deny, hsts, upstreamHeaders: _, bodyMax: __, timeouts: ___, ...ofAnswers } = keys;
  const who = { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
  if (target.kind === 'redirect') return { ...who, ...(hsts === undefined ? {} : { hsts }) };
  if (target.kind === 'files') return { ...who, ...(hsts === undefined ? {} : { hsts }), ...ofAnswers };
  return keys;
}

/** `deny all` and nobody who is allowed. */
function allowNobody(route: Route): Route {
  if (!Array.isArray(route.allow) || route.allow.length > 0) return route;
  const { name, host, path } = route;
  return { name, ...(host === undefined ? {} : { host }), path, refuse: true };
}

/** Who may come by plain HTTP: what nginx let in, but devices from the LAN only, as long as nothing is opened. */
function schemeOf(
  site: Site,
  path: string,
  isDevice: boolean,
  targets: ReadonlyMap<Location, Target | null>,
): { plainHttp?: string } {
  if (isDevice) return {};
  if (site.tls.length === 0) return { plainHttp: 'always' };
  const isServed = site.plain.some((server) => {
    const location = locationFor(server, path);
    const target = location && targets.get(location);
    return target != null && target.kind !== 'to-https';
  });
  return { plainHttp: isServed ? 'always' : 'never' };
}

function nameOf(path: string, host: string | undefined, known: string | undefined): string {
  const word = path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'web';
  const base = (known ?? word).slice(0, 30);
  return host === undefined ? base : `${base}-${host.replace(/[^A-Za-z0-9]+/g, '-')}`.slice(0, 60);
}

function wordFor(origin: string): string {
  const { hostname, port } = new URL(origin);
  return `${/^[a-z]/i.test(hostname) ? hostname.replace(/[^A-Za-z0-9]+/g, '-') : 'server'}-${port || '80'}`;
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let index = 2; taken.has(free); index += 1) free = `${name}-${index}`;
  return free;
}

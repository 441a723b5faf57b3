// Owns the step from nginx's servers to a configuration of otagate, as plain data.
import { relative, resolve } from 'node:path';
import { accountFor } from './keys.ts';
import { Notes } from './notes.ts';
import { routesOf, sitesOf } from './routes.ts';
import { findSites, type Listen, type Location, type Server, type Sites } from './sites.ts';
import { streamsOf } from './streams.ts';
import type { Directive } from './syntax.ts';
import { type Target, targetOf } from './targets.ts';
import { withoutPreset } from './without-preset.ts';

export type Translated = {
  config: Record<string, unknown>;
  /** What each route came from, by its name. */
  sources: Record<string, string>;
  /** Said at the top. */
  remarks: string[];
  notes: Notes;
};

/** `root` is the folder of the main file, where relative names start. */
export function translate(directives: Directive[], root: string): Translated {
  const notes = new Notes();
  const remarks: string[] = [];
  const sources: Record<string, string> = {};
  const found = findSites(directives, root, notes);
  accountFor(found.top, notes);
  for (const { own } of found.servers) accountFor(own, notes);
  for (const location of found.servers.flatMap(({ locations }) => locations)) accountFor(location.own, notes);
  const sites = sitesOf(found.servers);
  const upstreams = new Map<string, string[]>();
  const targets = new Map<Location, Target | null>();
  for (const { locations } of found.servers) {
    for (const location of locations) targets.set(location, targetOf(location, found.upstreams, notes));
  }
  const made = sites.flatMap((site) => routesOf(site, sites.length > 1, targets, upstreams, notes));
  const preset = withoutPreset(made, sites, targets, upstreams);
  const routes = made.filter(({ route }) => !preset.said.has(route)).map(({ route }) => route);
  for (const { route, location } of made) sources[route.name] = whereFrom(location, root);
  const names = [...new Set(sites.flatMap((site) => site.names))];
  const [main, ...others] = [
    ...names.filter((name) => !name.startsWith('*')),
    ...names.filter((name) => name.startsWith('*')),
  ];
  if (sites.every(({ tls }) => tls.length === 0)) {
    remarks.push('nginx had no https: without listen.https, devices outside the LAN are turned away');
  }
  if (main === undefined || main.startsWith('*')) {
    remarks.push('nginx took every name: write the one by which devices reach the gate in place of gate.internal');
  }
  const domains = main === undefined || main.startsWith('*') ? ['gate.internal', ...names] : [main, ...others];
  const config: Record<string, unknown> = {
    ...(domains.length > 1 ? { domains } : { domain: domains[0] }),
    ...(names.length === 0 ? { defaultSite: 'main' } : {}),
    ...preset.config,
    ...listens(found.servers),
    ...certificates(found, root, remarks),
    ...(upstreams.size > 0 ? { upstreams: Object.fromEntries(upstreams) } : {}),
    ...(routes.length > 0 ? { routes } : {}),
    ...streamsOf(found.streams, notes),
  };
  return { config, sources, remarks, notes };
}

function listens(servers: readonly Server[]): Record<string, unknown> {
  const all = servers.flatMap((server) => server.listens);
  const places = (tls: boolean): (string | number)[] => [
    ...new Set(
      all
        .filter((each) => each.tls === tls)
        .map(({ host, port }: Listen) => (host === null ? port : `${host}:${port}`)),
    ),
  ];
  const write = (found: (string | number)[]): unknown =>
    found.length === 0 ? 'none' : found.length === 1 ? found[0] : found;
  const [http, https] = [places(false), places(true)];
  if (http.join() === '80' && https.join() === '443') return {};
  return { listen: { http: write(http), https: write(https) } };
}

function certificates(found: Sites, root: string, remarks: string[]): Record<string, unknown> {
  const pairs = new Map<string, { cert: string; key: string }>();
  for (const { own, around } of found.servers) {
    const [cert, key] = ['ssl_certificate', 'ssl_certificate_key'].map(
      (name) => [...own, ...around].find((each) => each.name === name)?.args[0],
    );
    if (cert !== undefined && key !== undefined && !`${cert}${key}`.includes('$'))
      pairs.set(`${cert} ${key}`, { cert: resolve(root, cert), key: resolve(root, key) });
  }
  if (pairs.size === 0) return {};
  if ([...pairs.keys()].some((each) => each.includes('/letsencrypt/'))) {
    remarks.push(
      'with email: you@example.com in place of tls.certificates, the gate gets and renews certificates by itself',
    );
  }
  return { tls: { certificates: [...pairs.values()] } };
}

function whereFrom({ directive }: Location, root: string): string {
  const { place, name, args } = directive;
  return `${relative(root, place.file)}:${place.line}: ${[name, ...args].join(' ')}`;
}

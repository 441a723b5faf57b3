// Owns PolicyView: what the Snapshot says about policy, as plain data, and its compiled form.
import { isIP } from 'node:net';
import type { OpeningConfig, RouteConfig } from '../config/config.ts';
import { type AddressTest, compileNetworks, lanTest } from './networks.ts';

/** Plain data, sent whole from control to the gates. */
export type PolicyView = {
  domains: string[];
  defaultSite: 'refuse' | 'main';
  publicPorts: { http: number; https: number };
  lan: string[];
  /** The default gateways of this machine, normalised; they are not LAN unless listed by hand. */
  ownGateways: string[];
  routes: RouteConfig[];
  openings: OpeningConfig[];
  /** Token to key authorisation (RFC 8555 section 8.3). */
  challenges: Record<string, string>;
};

export type CompiledOpening = OpeningConfig & { covers: AddressTest };

/** The view, compiled once so that a decision only asks. */
export type Policy = {
  view: PolicyView;
  mainDomain: string;
  isLan: AddressTest;
  openings: CompiledOpening[];
  challenges: ReadonlyMap<string, string>;
  /** The name of ours that a host stands for, or null. A bare address is ours for a client on the LAN. */
  knownHost: (host: string, onLan: boolean) => string | null;
  /** The route of a canonical path, longest first, or null. */
  routeFor: (host: string, path: string) => RouteConfig | null;
};

/** Compiles a view. @throws {TypeError} for networks that the configuration would not have let through. */
export function compilePolicy(view: PolicyView): Policy {
  const domains = new Set(view.domains);
  const mainDomain = view.domains[0] ?? '';
  const routes = view.routes.toSorted(bySpecificity);
  return {
    view,
    mainDomain,
    isLan: lanTest(view.lan, view.ownGateways),
    openings: view.openings.map((opening) => ({
      ...opening,
      covers: opening.from.length === 0 ? () => true : compileNetworks(opening.from),
    })),
    challenges: new Map(Object.entries(view.challenges)),
    knownHost: (host, onLan) => {
      if (domains.has(host)) return host;
      if (onLan && isIP(host) !== 0) return host;
      return view.defaultSite === 'main' ? mainDomain : null;
    },
    routeFor: (host, path) =>
      routes.find((route) => (route.host === undefined || route.host === host) && covers(route.path, path)) ?? null,
  };
}

/** Longest path first; of two equal ones, the route for a host before the one for all, an exact path before a prefix. */
function bySpecificity(a: RouteConfig, b: RouteConfig): number {
  const name = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);
  return (
    name(b.path).length - name(a.path).length ||
    Number(b.host !== undefined) - Number(a.host !== undefined) ||
    a.path.length - b.path.length
  );
}

/** A prefix route covers its own name without the last slash, too: Python answers 404 to `/xiaozhi/ota`. */
function covers(routePath: string, path: string): boolean {
  if (!routePath.endsWith('/')) return path === routePath;
  return path.startsWith(routePath) || (path.length === routePath.length - 1 && routePath.startsWith(path));
}

/** The path that goes upstream: a prefix route's own name gets the slash that the upstream wants. */
export function pathWithin(route: RouteConfig, path: string): string {
  return route.path.endsWith('/') && path.length === route.path.length - 1 ? route.path : path;
}

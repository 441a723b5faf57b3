// Owns PolicyView: what the Snapshot says about policy, as plain data, and its compiled form.
import { isIP } from 'node:net';
import type { OpeningConfig, RouteConfig } from '../config/config.ts';
import type { Facts } from './facts.ts';
import { type AddressTest, compileNetworks, lanTest } from './networks.ts';
import { type Admission, compileAdmission } from './passing.ts';
import type { Target } from './target.ts';

type PathTarget = Extract<Target, { kind: 'path' }>;

const ONE_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Plain data, sent whole from control to the gates. */
export type PolicyView = {
  domains: string[];
  defaultSite: 'refuse' | 'main';
  /** As the world sees them; `mqtts` is null where devices get no address for MQTT by TLS. */
  publicPorts: { http: number; https: number; mqtts: number | null };
  lan: string[];
  /** The default gateways of this machine, normalised; they are not LAN unless listed by hand. */
  ownGateways: string[];
  routes: RouteConfig[];
  openings: OpeningView[];
  /** Token to key authorisation (RFC 8555 section 8.3). */
  challenges: Record<string, string>;
};

/** An opening, as far as a decision asks about it. */
export type OpeningView = Omit<OpeningConfig, 'closeAfter'>;

export type CompiledOpening = OpeningView & { covers: AddressTest };

/** The view, compiled once so that a decision only asks. */
export type Policy = {
  view: PolicyView;
  mainDomain: string;
  isLan: AddressTest;
  openings: CompiledOpening[];
  challenges: ReadonlyMap<string, string>;
  /** Whether a host is one of the domains, a name that a wildcard takes in included. */
  isDomain: (host: string) => boolean;
  /** The name of ours that a host stands for, or null. A bare address is ours for a client on the LAN. */
  knownHost: (host: string, onLan: boolean) => string | null;
  /** The route of a canonical path, longest first, or null. */
  routeFor: (host: string, path: string) => RouteConfig | null;
  /** Whether a client may pass a route by its networks. */
  admits: (route: RouteConfig, client: Parameters<Admission>[0]) => boolean;
};

/** Compiles a view. @throws {TypeError} for networks that the configuration would not have let through. */
export function compilePolicy(view: PolicyView): Policy {
  const isDomain = compileDomains(view.domains);
  const mainDomain = view.domains[0] ?? '';
  const routes = view.routes.toSorted(bySpecificity);
  const isLan = lanTest(view.lan, view.ownGateways);
  const admissions = new Map(routes.map((route) => [route, compileAdmission(route, isLan)]));
  return {
    view,
    mainDomain,
    isDomain,
    isLan,
    openings: view.openings.map((opening) => ({
      ...opening,
      covers: opening.from.length === 0 ? () => true : compileNetworks(opening.from),
    })),
    challenges: new Map(Object.entries(view.challenges)),
    knownHost: (host, onLan) => {
      if (isDomain(host)) return host;
      if (onLan && isIP(host) !== 0) return host;
      return view.defaultSite === 'main' ? mainDomain : null;
    },
    routeFor: (host, path) =>
      routes.find((route) => (route.host === undefined || route.host === host) && covers(route.path, path)) ?? null,
    admits: (route, client) => admissions.get(route)?.(client) ?? false,
  };
}

/** `*.example.com` stands for exactly one label (RFC 6125 section 6.4.3), and never for itself: no client is named so. */
function compileDomains(domains: readonly string[]): (host: string) => boolean {
  const names = new Set(domains.filter((domain) => !domain.startsWith('*.')));
  const suffixes = new Set(domains.filter((domain) => domain.startsWith('*.')).map((domain) => domain.slice(1)));
  return (host) => {
    if (names.has(host)) return true;
    const dot = host.indexOf('.');
    return dot > 0 && ONE_LABEL.test(host.slice(0, dot)) && suffixes.has(host.slice(dot));
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

/** Whether a client counts as LAN. One that a trusted proxy did not name never does. */
export function isOnLan(policy: Policy, { client, clientFrom }: Pick<Facts, 'client' | 'clientFrom'>): boolean {
  return clientFrom !== 'unknown' && policy.isLan(client);
}

/** The route of a path as it is forwarded, and whether every other reading of it (see Target) names the same one. */
export function readRoute(
  policy: Policy,
  site: string,
  target: PathTarget,
): { route: RouteConfig | null; agreed: boolean } {
  const route = policy.routeFor(site, target.path);
  return { route, agreed: target.loose.every((reading) => policy.routeFor(site, reading) === route) };
}

/** The path that goes upstream: a prefix route's own name gets the slash that the upstream wants. */
export function pathWithin(route: RouteConfig, path: string): string {
  return route.path.endsWith('/') && path.length === route.path.length - 1 ? route.path : path;
}

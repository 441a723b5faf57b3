// Owns the judgement of where firmware may be fetched from: the upstreams and firmware.allow, never a stranger's host.
import type { RouteConfig } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { FirmwareSource } from '../ota/reply.ts';
import { plainForGood } from '../policy/plain-http.ts';
import { readTarget } from '../policy/target.ts';
import { type Policy, readRoute } from '../policy/view.ts';

/** Marks a source that is an image of the store: no path and no URL begins so. */
const STORED = 'stored:';
// Enough that no two images begin so, and short enough for a link.
const STORED_DIGITS = 24;

/** How the SHA-256 of an image of the store begins, where a source means one; else null. */
export function storedHash(source: string): string | null {
  return source.startsWith(STORED) ? source.slice(STORED.length) : null;
}

export type SourceJudge = {
  /** How a link from a reply would be fetched, or null where it is not for us to fetch. */
  fromReply: (link: URL, site: string, onLan: boolean) => FirmwareSource | null;
  /**
   * The absolute URL of a source: an absolute one, a path, or, as sealed links have it, what follows the route's own
   * path. Null where it is allowed no longer.
   */
  locate: (source: string, routePath: string, origin: string) => URL | null;
  /** The source of an image of the store, by a route that this client has, or null where there is no such route. */
  ofStore: (sha256: string, site: string, onLan: boolean) => FirmwareSource | null;
  /** Whether a redirect's next hop may be followed. */
  mayFetch: (url: URL) => boolean;
  /** Whether this is one of the origins of the upstream with this name. */
  isOwn: (upstream: string, url: URL) => boolean;
};

/** Compiles the judgement from the upstreams, `firmware.allow` and the routes. */
export function judgeSources(
  snapshot: Pick<Snapshot, 'upstreams' | 'firmware' | 'policy'>,
  policy: Policy,
): SourceJudge {
  const upstreamOrigins = new Set(
    Object.values(snapshot.upstreams)
      .flat()
      .map((origin) => new URL(origin).origin),
  );
  const allowed = snapshot.firmware.allow.map((entry) => new URL(entry));
  const isAllowed = (url: URL): boolean =>
    allowed.some((entry) => url.origin === entry.origin && isBelow(url, entry.pathname));
  const mayFetch = (url: URL): boolean =>
    /^https?:$/.test(url.protocol) && // a blob: has the origin of what it wraps
    url.username === '' &&
    url.password === '' &&
    (upstreamOrigins.has(url.origin) || isAllowed(url));
  const folder = snapshot.policy.routes.find((route) => isFirmwareFolder(route));

  return {
    mayFetch,
    isOwn: (upstream, url) =>
      (snapshot.upstreams[upstream] ?? []).some((origin) => new URL(origin).origin === url.origin),
    fromReply: (link, site, onLan) => {
      if (isAllowed(link)) return folder ? { ...address(folder, onLan), source: link.href } : null;
      // The host in a link can be a container's, or what a stranger sent as Host: the path alone says which route it is,
      // and the bytes then come from that route's upstream.
      const target = readTarget(link.pathname);
      if (target.kind !== 'path') return null;
      const { route, agreed } = readRoute(policy, site, target);
      if (route === null || !agreed || !isFirmwareFolder(route)) return null;
      return { ...address(route, onLan), source: target.path + link.search };
    },
    ofStore: (sha256, site, onLan) => {
      const route = snapshot.policy.routes.find(
        (each) => isFirmwareFolder(each) && (each.host === undefined || each.host === site),
      );
      const source = STORED + sha256.slice(0, STORED_DIGITS);
      return route === undefined ? null : { ...address(route, onLan), source };
    },
    locate: (source, routePath, origin) => {
      // A canonical path never holds "//", so nothing relative looks like this.
      if (!/^https?:\/\//.test(source)) return new URL(source.startsWith('/') ? source : routePath + source, origin);
      const url = URL.canParse(source) ? new URL(source) : null;
      return url !== null && mayFetch(url) ? url : null;
    },
  };
}

function isFirmwareFolder(route: RouteConfig): boolean {
  return route.role === 'firmware' && route.target.kind === 'upstream' && route.path.endsWith('/');
}

function address(route: RouteConfig, onLan: boolean): Omit<FirmwareSource, 'source'> {
  return { route: route.name, routePath: route.path, plainForGood: plainForGood(route, onLan) };
}

/** Whether every server would find this path below the prefix. */
function isBelow(url: URL, prefix: string): boolean {
  const target = readTarget(url.pathname);
  return target.kind === 'path' && [target.path, ...target.loose].every((reading) => reading.startsWith(prefix));
}

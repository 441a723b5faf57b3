// Owns the short form: a preset where it says what nginx said, and none of the routes that it makes needless.
import type { RouteConfig } from '../config/config.ts';
import { expandPreset } from '../config/presets.ts';
import type { Made, Route, Site } from './routes.ts';
import { type Location, locationFor } from './sites.ts';
import type { Target } from './targets.ts';
import { presetFor } from './xiaozhi.ts';

/** Takes the preset where it says the same, and the routes that it makes needless. */
export function withoutPreset(
  made: readonly Made[],
  sites: readonly Site[],
  targets: ReadonlyMap<Location, Target | null>,
  upstreams: Map<string, string[]>,
): { config: Record<string, unknown>; said: Set<Route> } {
  const none = { config: {}, said: new Set<Route>() };
  if (sites.length !== 1) return none;
  const servers = sites.flatMap(({ tls, plain }) => [...tls, ...plain]);
  const preset = presetFor((path) => {
    for (const server of servers) {
      const location = locationFor(server, path);
      const target = location && targets.get(location);
      if (target?.kind === 'upstream') return target.upstreamPath === null ? (target.origins[0] ?? null) : null;
    }
    return null;
  });
  if (preset === null || [...upstreams.values()].some((origins) => origins.length > 1)) return none;
  const expanded = expandPreset(preset.preset, preset.host, preset.ports, 'lan');
  const renamed = new Map<string, string>();
  for (const [name, origins] of upstreams) {
    const same = Object.entries(expanded.upstreams).find(
      ([, each]) => each.join() === origins.map((one) => new URL(one).origin).join(),
    );
    if (same === undefined) continue;
    renamed.set(name, same[0]);
    upstreams.delete(name);
  }
  const said = new Set<Route>();
  for (const { route, implied } of made) {
    if (typeof route.upstream === 'string') route.upstream = renamed.get(route.upstream) ?? route.upstream;
    const twin = expanded.routes.find((each) => each.path === route.path);
    if (twin !== undefined) route.name = twin.name;
    // Where the preset knows better than a location for all, which nginx had to take.
    if (implied && twin?.target.kind === 'upstream') route.upstream = twin.target.upstream;
    const isBelowAnother = made.some((each) => each.route !== route && each.route.path === coveringOf(route)?.path);
    const needless = twin === undefined && (implied || !isBelowAnother);
    if ((implied && twin === undefined) || saysTheSame(route, twin ?? (needless ? coveringOf(route) : undefined)))
      said.add(route);
  }
  const { ports, ...rest } = preset;
  return { config: { upstream: { ...rest, ...(Object.keys(ports).length > 0 ? { ports } : {}) } }, said };

  /** The preset's own route for what is below it. */
  function coveringOf(route: Route): RouteConfig | undefined {
    return expanded.routes
      .filter((each) => route.path.startsWith(each.path) && each.path.endsWith('/'))
      .toSorted((a, b) => b.path.length - a.path.length)[0];
  }
}

function saysTheSame(route: Route, like: RouteConfig | undefined): boolean {
  const { name: _, path: __, role: ___, plainHttp, upstream, refuse, ...more } = route;
  if (like === undefined || Object.keys(more).length > 0) return false;
  if (plainHttp !== undefined && plainHttp !== like.plainHttp) return false;
  return like.target.kind === 'upstream'
    ? like.target.upstream === upstream
    : like.target.kind === 'refuse' && refuse === true;
}

// Owns what a route changes in headers: set and removed both ways, and HSTS.
import type { RouteConfig } from '../config/config.ts';
import type { Passage } from '../policy/decide.ts';
import type { Exchange } from './exchange.ts';
import { canonicalName, type HeaderList, upstreamHeaders } from './headers.ts';

/** The headers of an answer as this route wants them. What is set replaces what was there. */
export function withRouteHeaders(exchange: Exchange, route: RouteConfig, headers: HeaderList): HeaderList {
  const { set = {}, remove = [] } = route.headers ?? {};
  const gone = new Set([...remove, ...Object.keys(set)]);
  const kept = gone.size === 0 ? headers : headers.filter(([name]) => !gone.has(name.toLowerCase()));
  const own: HeaderList = Object.entries(set).map(([name, value]) => [canonicalName(name), value]);
  return withHsts(exchange, route, [...kept, ...own]);
}

/** RFC 6797 section 7.2: by https only. What an upstream said of it is replaced. */
export function withHsts(exchange: Exchange, route: RouteConfig | null, headers: HeaderList): HeaderList {
  if (route?.hstsMs === undefined || exchange.facts.scheme !== 'https') return headers;
  const others = headers.filter(([name]) => name.toLowerCase() !== 'strict-transport-security');
  return [...others, ['Strict-Transport-Security', `max-age=${Math.floor(route.hstsMs / 1000)}`]];
}

/** The headers of a request on its way upstream, as this route wants them. Names in lower case. */
export function routedHeaders(exchange: Exchange, passage: Passage): HeaderList {
  const { upstreamHeaders: changes, basicAuth } = passage.route;
  const plain = upstreamHeaders(exchange, passage);
  const headers = exchange.trace?.onto(plain) ?? plain;
  if (changes === undefined && basicAuth === undefined) return headers;
  const gone = new Set([...(changes?.remove ?? []), ...Object.keys(changes?.set ?? {})]);
  // The password was for the gate, and for nobody behind it.
  const isOurs = (name: string, value: string): boolean =>
    basicAuth !== undefined && name === 'authorization' && /^basic /i.test(value);
  const kept = headers.filter(([name, value]) => !gone.has(name) && !isOurs(name, value));
  return [...kept, ...Object.entries(changes?.set ?? {})];
}

/** The route that a decision was made for. */
export function routeOf({ decision, live }: Exchange): RouteConfig | null {
  const route = 'route' in decision ? decision.route : null;
  if (typeof route !== 'string') return route;
  return live.policy.view.routes.find(({ name }) => name === route) ?? null;
}

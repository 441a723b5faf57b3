// Owns decide: from the facts of a request to the one action that follows, with its reason. Pure and total.
import type { ErrorCode } from '../base/errors.ts';
import type { RedirectStatus, RouteConfig } from '../config/config.ts';
import type { Facts } from './facts.ts';
import { pathUpstream, redirectLocation } from './passing.ts';
import { type PlainVerdict, plainVerdict } from './plain-http.ts';
import type { Because } from './reasons.ts';
import { isOnLan, type Policy, pathWithin, readRoute } from './view.ts';

// Methods are case-sensitive (RFC 9110 section 9.1), and an upstream that takes `head` for HEAD answers without a body.
// By HTTP/1.1 no other gets here.
const METHOD = /^[A-Z][A-Z-]{0,31}$/;

export const CHALLENGE_PREFIX = '/.well-known/acme-challenge/';

/** A way to the upstream: the route, the path that was decided on, and the name of ours that goes into Host. */
export type Passage = {
  route: RouteConfig;
  upstream: string;
  /** Path and query, as forwarded. */
  path: string;
  /** The name of ours by which the client reached us: a domain, or a bare address on the LAN. */
  site: string;
  plain: PlainVerdict;
};

export type Decision =
  | { action: 'challenge'; keyAuthorization: string; because: Because }
  | { action: 'redirect'; status: RedirectStatus; location: string; because: Because; route: RouteConfig }
  | { action: 'files'; because: Because; route: RouteConfig; path: string; site: string }
  | {
      action: 'refuse';
      status: number;
      code: ErrorCode;
      because: Because;
      route: string | null;
      allow?: string;
      realm?: string;
      retryAfterSeconds?: number;
    }
  | { action: 'admin'; because: Because; route: RouteConfig; path: string; site: string }
  | ({ action: 'ota-check'; because: Because } & Passage)
  | ({ action: 'firmware'; because: Because } & Passage)
  | ({ action: 'relay'; because: Because } & Passage);

/**
 * What to do with a request or an upgrade: both take this way, so that a WebSocket over plain HTTP cannot slip past
 * the scheme policy. `nowMs` is milliseconds since the epoch. No I/O, never throws.
 */
export function decide(facts: Facts, policy: Policy, nowMs: number): Decision {
  const { target } = facts;
  if (target.kind === 'invalid') return refuse(400, 'PATH_INVALID', 'path-invalid');
  if (target.kind === 'asterisk') return refuse(404, 'ROUTE_NOT_FOUND', 'no-route');

  // Before all policy: renewals must not depend on who may use plain HTTP (RFC 8555 section 8.3).
  if (target.path.startsWith(CHALLENGE_PREFIX) && !facts.websocket) return decideChallenge(facts, policy, target.path);

  if (facts.hostFault === 'missing') return refuse(400, 'HOST_MISSING', 'host-missing');
  if (facts.hostFault === 'ambiguous') return refuse(400, 'HOST_AMBIGUOUS', 'host-ambiguous');
  // RFC 9110 section 15.5.20: the client asks again, on a connection of its own.
  if (facts.hostFault === 'misdirected') return refuse(421, 'HOST_MISDIRECTED', 'host-misdirected');
  if (!METHOD.test(facts.method)) return refuse(501, 'METHOD_NOT_ALLOWED', 'method-unknown');
  const onLan = isOnLan(policy, facts);
  const site = policy.knownHost(facts.host, onLan);
  if (site === null) return refuse(facts.scheme === 'https' ? 421 : 404, 'HOST_UNKNOWN', 'host-unknown');

  const { route, agreed } = readRoute(policy, site, target);
  if (!agreed) return refuse(400, 'PATH_AMBIGUOUS', 'path-ambiguous', route);
  if (route === null) return refuse(404, 'ROUTE_NOT_FOUND', 'no-route');
  if (route.target.kind === 'refuse') return refuse(403, 'ROUTE_REFUSED', 'route-refused', route);
  if (!policy.admits(route, facts)) return refuse(403, 'CLIENT_NOT_ALLOWED', 'client-not-allowed', route);
  if (route.target.kind === 'redirect') return decideRedirect(facts, route, route.target, site);

  const verdict = plainVerdict(facts, route, policy, onLan, nowMs);
  if (!verdict.allowed) return turnAway(facts, route, policy, site, verdict.because);
  const own = pathWithin(route, target.path);
  const path = pathUpstream(route, own) + target.query;
  if (route.target.kind === 'admin') {
    // Its live feed is an event stream.
    if (facts.websocket) return refuse(400, 'UPGRADE_NOT_HERE', 'upgrade-not-here', route);
    return { action: 'admin', because: 'https', route, path, site };
  }
  if (route.target.kind === 'files') return decideFiles(facts, route, own, site, verdict.because);
  const passage: Passage = {
    route,
    upstream: route.target.upstream,
    path,
    site,
    plain: verdict.plain,
  };
  return decideRole(facts, route, passage, verdict.because);
}

function decideRole(facts: Facts, route: RouteConfig, passage: Passage, because: Because): Decision {
  if (route.role === 'ota-check' || route.role === 'firmware') {
    if (facts.websocket) return refuse(400, 'UPGRADE_NOT_HERE', 'upgrade-not-here', route);
  }
  switch (route.role) {
    case 'ota-check':
      // OPTIONS and the like come from a browser's test page; only these two are a device's check.
      return { action: facts.method === 'GET' || facts.method === 'POST' ? 'ota-check' : 'relay', because, ...passage };
    case 'firmware':
      if (facts.method !== 'GET' && facts.method !== 'HEAD') {
        return { ...refuse(405, 'METHOD_NOT_ALLOWED', 'method-not-allowed', route), allow: 'GET, HEAD' };
      }
      if (facts.seal.kind === 'damaged') return refuse(404, 'FIRMWARE_LINK_DEAD', 'seal-damaged', route);
      if (facts.seal.kind === 'expired') return refuse(404, 'FIRMWARE_LINK_EXPIRED', 'seal-expired', route);
      if (facts.seal.kind === 'sealed' && facts.seal.route !== route.name) {
        return refuse(404, 'FIRMWARE_LINK_DEAD', 'seal-other-route', route);
      }
      return { action: 'firmware', because, ...passage };
    case 'device':
    case 'web':
    case 'admin': // such a route has no upstream, and was decided on before
      return { action: 'relay', because, ...passage };
  }
}

function decideRedirect(
  facts: Facts,
  route: RouteConfig,
  to: { to: string; status: RedirectStatus },
  site: string,
): Decision {
  if (facts.websocket) return refuse(400, 'UPGRADE_NOT_HERE', 'upgrade-not-here', route);
  const uri = facts.target.kind === 'path' ? facts.target.path + facts.target.query : '/';
  const location = redirectLocation(to.to, site, uri);
  return { action: 'redirect', status: to.status, location, because: 'route-redirect', route };
}

function decideFiles(facts: Facts, route: RouteConfig, path: string, site: string, because: Because): Decision {
  if (facts.websocket) return refuse(400, 'UPGRADE_NOT_HERE', 'upgrade-not-here', route);
  if (facts.method === 'GET' || facts.method === 'HEAD') return { action: 'files', because, route, path, site };
  return { ...refuse(405, 'METHOD_NOT_ALLOWED', 'method-not-allowed', route), allow: 'GET, HEAD' };
}

function decideChallenge(facts: Facts, policy: Policy, path: string): Decision {
  const keyAuthorization = policy.challenges.get(path.slice(CHALLENGE_PREFIX.length));
  if (keyAuthorization === undefined) return refuse(404, 'CHALLENGE_UNKNOWN', 'challenge-unknown');
  if (facts.method !== 'GET' && facts.method !== 'HEAD') {
    return { ...refuse(405, 'METHOD_NOT_ALLOWED', 'method-not-allowed'), allow: 'GET, HEAD' };
  }
  return { action: 'challenge', keyAuthorization, because: 'challenge' };
}

/** Plain HTTP that may not pass: a browser is moved to https, a device is told, since no device follows a redirect. */
function turnAway(facts: Facts, route: RouteConfig, policy: Policy, site: string, because: Because): Decision {
  if (route.role !== 'web' && route.role !== 'admin') return refuse(426, 'PLAIN_HTTP_CLOSED', because, route);
  const redirectable = (facts.method === 'GET' || facts.method === 'HEAD') && !facts.websocket;
  if (!redirectable || facts.target.kind !== 'path') return refuse(403, 'PLAIN_HTTP_CLOSED', because, route);
  const host = site.includes(':') ? `[${site}]` : site;
  const port = policy.view.publicPorts.https === 443 ? '' : `:${policy.view.publicPorts.https}`;
  const location = `https://${host}${port}${pathWithin(route, facts.target.path)}${facts.target.query}`;
  return { action: 'redirect', status: 308, location, because, route };
}

export type Refusal = Extract<Decision, { action: 'refuse' }>;

/** A refusal with its reason. */
export function refuse(status: number, code: ErrorCode, because: Because, route: RouteConfig | null = null): Refusal {
  return { action: 'refuse', status, code, because, route: route?.name ?? null };
}

// Owns header hygiene: which headers cross the gate, in which spelling.
import { withoutSession } from '../link/session-cookie.ts';
import type { Decision, Passage } from '../policy/decide.ts';
import type { Exchange } from './exchange.ts';
import { forwardedHeaders } from './forwarded.ts';
import { headerName } from './header-names.ts';

/** Name and value pairs, in order; several of one name are allowed. */
export type HeaderList = [string, string][];

/** The pairs of a flat raw header list, without hop-by-hop headers and those that `Connection` names. */
export function endToEnd(raw: readonly string[]): HeaderList {
  const pairs: HeaderList = [];
  let named: Set<string> | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const { lower, hopByHop } = headerName(name);
    if (lower === 'connection' && !NAMES_NONE.has(value)) {
      named ??= new Set();
      for (const token of value.split(',')) named.add(token.trim().toLowerCase());
    }
    if (!hopByHop) pairs.push([name, value]);
  }
  // Content-Length frames the message: naming it in Connection must not take it away.
  const drop = named;
  return drop === null ? pairs : pairs.filter(([name]) => !drop.has(headerName(name).lower) || isFraming(name));
}

// What nearly every connection says, in the spellings of the field.
const NAMES_NONE = new Set(['close', 'keep-alive', 'Keep-Alive', 'Close', 'Upgrade', 'upgrade']);

function isFraming(name: string): boolean {
  return headerName(name).lower === 'content-length';
}

/**
 * The headers of a request as they go upstream, names in lower case: the client's end-to-end ones without those that are
 * ours to say, then ours. Without Host, body framing and Connection, which the caller's engine sets; without the
 * dashboard's session, which no upstream may act with.
 */
export function upstreamHeaders(exchange: Exchange, passage: Pick<Passage, 'site'>): HeaderList {
  const headers: HeaderList = [];
  for (const pair of controlHeaders(exchange, passage)) {
    const [name, value] = pair;
    const kept = name === 'cookie' ? withoutSession(value) : value;
    if (kept !== null) headers.push(kept === value ? pair : [name, kept]);
  }
  return headers;
}

/** The same for control, which the session is for. */
export function controlHeaders(exchange: Exchange, passage: Pick<Passage, 'site'>): HeaderList {
  const kept: HeaderList = [];
  for (const [name, value] of endToEnd(exchange.request.rawHeaders)) {
    const { lower, forwarded } = headerName(name);
    if (forwarded) kept.push([lower, value]);
  }
  kept.push(...forwardedHeaders(exchange.facts, siteHost(exchange, passage), exchange.id));
  return kept;
}

/** The Host that goes upstream: the matched domain of ours, never a stranger's; the main one for a bare address. */
export function upstreamHost(exchange: Exchange, passage: Passage): string {
  const { policy } = exchange.live;
  const domain = policy.isDomain(passage.site) ? passage.site : policy.mainDomain;
  return withPort(domain, exchange);
}

/** The name and port of ours that this client used, as the world sees them. */
export function siteHost(exchange: Exchange, passage: Pick<Passage, 'site'>): string {
  return withPort(passage.site, exchange);
}

function withPort(host: string, exchange: Exchange): string {
  const { scheme } = exchange.facts;
  const port = exchange.live.policy.view.publicPorts[scheme];
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === (scheme === 'https' ? 443 : 80) ? bracketed : `${bracketed}:${port}`;
}

/** `content-length` as `Content-Length`: the 4G modem's client, and firmware 1.8.0 to 1.8.3, compare case. */
export function canonicalName(name: string): string {
  return headerName(name).canonical;
}

/** Whether this decision sends the request on to an upstream. */
export function isPassage(decision: Decision): decision is Decision & Passage {
  return 'upstream' in decision;
}

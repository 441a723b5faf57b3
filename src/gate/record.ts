// Owns the record of every request: one access line, and the events for control.
import type { LineLog } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { EventQueue } from '../link/events.ts';
import { SEAL_MARK } from '../ota/seal.ts';
import { explain } from '../policy/reasons.ts';
import type { Exchange, Story } from './exchange.ts';
import { isPassage } from './headers.ts';
import { upstreamAnswered } from './upstream-answered.ts';

// A path that could not be read may still spell the mark as an escape.
const SEAL_IN_PATH = new RegExp(`((?:${SEAL_MARK}|%(?:25)*7e)[a-z0-9_-]{6})[a-z0-9_-]{20,}`, 'gi');

const PROTOCOLS: Record<string, string> = { '1.0': 'HTTP/1.0', '1.1': 'HTTP/1.1', '2.0': 'HTTP/2' };

/** A path or link as it may stand in a log: no query, since tokens travel there, and seals shortened. */
export function loggedPath(path: string): string {
  return printable((path.split('?', 1)[0] ?? '').replace(SEAL_IN_PATH, '$1…'));
}

/** Tells of an exchange that is over. Everything in it that came from outside is made printable here. */
export function record(exchange: Exchange, log: LineLog, events: EventQueue): void {
  const { facts, decision, story } = exchange;
  const route =
    'route' in decision ? (typeof decision.route === 'string' ? decision.route : (decision.route?.name ?? null)) : null;
  const path = loggedPath(facts.target.kind === 'path' ? facts.target.path : (exchange.request.url ?? ''));
  const { report, withheld, changes, warnings } = story;
  // In one piece, absent fields included: an object that grows field by field is copied with each of them.
  const line = {
    event: facts.websocket ? 'websocket' : 'request',
    id: exchange.id,
    client: facts.client || 'unknown',
    scheme: facts.scheme,
    protocol: PROTOCOLS[exchange.request.httpVersion] ?? `HTTP/${exchange.request.httpVersion}`,
    method: facts.method,
    host: facts.host,
    path,
    route,
    action: decision.action,
    because: decision.because,
    status: story.status,
    bytes: story.bytes,
    ms: Date.now() - exchange.startedMs,
    peer: facts.client === facts.peer ? undefined : facts.peer,
    upstream: story.upstream ?? undefined,
    upstreamMs: story.upstreamMs === null ? undefined : Math.round(story.upstreamMs),
    device: story.device === null ? undefined : printable(story.device, 64),
    version: report?.version ? printable(report.version, 32) : undefined,
    offered: story.offered === null ? undefined : printable(story.offered, 64),
    withheld: withheld === null ? undefined : loggedWithheld(withheld),
    cache: story.cache ?? undefined,
    changed: changes.length > 0 ? changes.map(loggedChange) : undefined,
    warnings: warnings.length > 0 ? warnings.map((warning) => printable(warning, 300)) : undefined,
    code: story.code ?? undefined,
    detail: story.detail === null ? undefined : printable(story.detail, 500),
    why: decision.action === 'refuse' ? explain(decision.because) : undefined,
  };
  const troubled = story.status >= 500 || warnings.length > 0 || decision.action === 'refuse';
  log(troubled ? 'warn' : 'info', line, `${printable(facts.method, 20)} ${path} ${story.status}`);

  for (const event of story.events) events.add(event);
  const answered = upstreamAnswered(story);
  events.add({
    event: 'request',
    atMs: exchange.startedMs,
    action: decision.action,
    status: story.status,
    route,
    because: decision.because,
    upstream: answered === null || !isPassage(decision) ? null : { name: decision.upstream, answered },
  });
}

function loggedWithheld(withheld: NonNullable<Story['withheld']>): Record<string, string> {
  const { version, why } = withheld;
  return { ...withheld, version: printable(version, 64), why: printable(why, 300) };
}

function loggedChange(change: { field: string; from: string; to: string; why: string }): string {
  return `${change.field}: ${loggedPath(change.from)} -> ${loggedPath(change.to)} (${change.why})`;
}

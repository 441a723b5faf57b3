// Owns the record of every request: one access line, and the events for control.
import type { LineLog } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { EventQueue } from '../link/events.ts';
import { SEAL_MARK } from '../ota/seal.ts';
import { explain } from '../policy/reasons.ts';
import type { Exchange } from './exchange.ts';
import { isPassage } from './headers.ts';

// A path that could not be read may still spell the mark as an escape.
const SEAL_IN_PATH = new RegExp(`((?:${SEAL_MARK}|%(?:25)*7e)[a-z0-9_-]{6})[a-z0-9_-]{20,}`, 'gi');

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
  const line: Record<string, unknown> = {
    event: facts.websocket ? 'websocket' : 'request',
    id: exchange.id,
    client: facts.client || 'unknown',
    scheme: facts.scheme,
    protocol: `HTTP/${exchange.request.httpVersion.replace('2.0', '2')}`,
    method: facts.method,
    host: facts.host,
    path,
    route,
    action: decision.action,
    because: decision.because,
    status: story.status,
    bytes: story.bytes,
    ms: Date.now() - exchange.startedMs,
  };
  if (facts.client !== facts.peer) line.peer = facts.peer;
  if (story.upstream !== null) line.upstream = story.upstream;
  if (story.upstreamMs !== null) line.upstreamMs = Math.round(story.upstreamMs);
  if (story.device !== null) line.device = printable(story.device, 64);
  if (story.report?.version) line.version = printable(story.report.version, 32);
  if (story.offered !== null) line.offered = printable(story.offered, 64);
  if (story.withheld !== null)
    line.withheld = {
      ...story.withheld,
      version: printable(story.withheld.version, 64),
      why: printable(story.withheld.why, 300),
    };
  if (story.cache !== null) line.cache = story.cache;
  if (story.changes.length > 0) line.changed = story.changes.map(loggedChange);
  if (story.warnings.length > 0) line.warnings = story.warnings.map((warning) => printable(warning, 300));
  if (story.code !== null) line.code = story.code;
  if (story.detail !== null) line.detail = printable(story.detail, 500);
  if (decision.action === 'refuse') line.why = explain(decision.because);
  const troubled = story.status >= 500 || story.warnings.length > 0 || decision.action === 'refuse';
  log(troubled ? 'warn' : 'info', line, `${printable(facts.method, 20)} ${path} ${story.status}`);

  for (const event of story.events) events.add(event);
  events.add({
    event: 'request',
    atMs: exchange.startedMs,
    action: decision.action,
    status: story.status,
    route,
    because: decision.because,
    upstream: isPassage(decision) ? decision.upstream : null,
  });
}

function loggedChange(change: { field: string; from: string; to: string; why: string }): string {
  return `${change.field}: ${loggedPath(change.from)} -> ${loggedPath(change.to)} (${change.why})`;
}

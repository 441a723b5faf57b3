// Carries out `refuse`: problem JSON that names the reason and, where there is one, the next step.
import type { Decision } from '../../policy/decide.ts';
import { explain } from '../../policy/reasons.ts';
import { answerProblem } from '../answer.ts';
import { hasBody, readBody } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../headers.ts';

// A body this small is on its way already; read, it cannot turn our answer into a reset connection.
const DRAINED_BODY_BYTES = 64 * 1024;
const DRAIN_MS = 2_000;

export async function carryOutRefuse(
  exchange: Exchange,
  refusal: Extract<Decision, { action: 'refuse' }>,
): Promise<void> {
  const { status, code, because, route } = refusal;
  exchange.story.code = code;
  // Who waits for 100 (Continue) sends no body before our answer.
  const isComing = hasBody(exchange.request) && exchange.request.headers.expect === undefined;
  if (exchange.outlet.kind === 'response' && isComing) {
    await readBody(exchange.request, DRAINED_BODY_BYTES, { idleMs: DRAIN_MS, bodyMs: DRAIN_MS }).catch(() => {});
  }
  const headers: HeaderList = [];
  if (refusal.allow !== undefined) headers.push(['Allow', refusal.allow]);
  if (refusal.realm !== undefined)
    headers.push(['WWW-Authenticate', `Basic realm="${quoted(refusal.realm)}", charset="UTF-8"`]);
  if (status === 429) headers.push(['Retry-After', String(refusal.retryAfterSeconds ?? 60)]);
  const facts: Record<string, string> = { because };
  let detail = explain(because);
  if (status === 426) {
    // RFC 9110 section 15.5.22: a 426 names what to upgrade to. Never a redirect: no device follows one.
    headers.push(['Upgrade', 'TLS/1.2'], ['Connection', 'Upgrade, close']);
    const openable = route !== null && canBeOpened(exchange, route);
    if (openable) facts.open = `otagate open ${route} --for 30m --from ${exchange.facts.client || 'CIDR'}`;
    detail += openable ? '; use https, or let the operator open it for a time' : '; use https';
  }
  answerProblem(exchange, status, code, detail, facts, headers);
}

/** RFC 9110 section 5.6.4, and nothing that a header cannot hold. */
function quoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
}

function canBeOpened(exchange: Exchange, route: string): boolean {
  const role = exchange.live.policy.view.routes.find((candidate) => candidate.name === route)?.role;
  return role === 'ota-check' || role === 'firmware';
}

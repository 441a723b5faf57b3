// Carries out `ota-check`: asks the upstream with the device's own bytes, and answers with addresses that it can use.
import type { Dispatcher } from 'undici';
import { GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { showOrigin } from '../../config/unix-origin.ts';
import type { CheckOffer } from '../../link/events.ts';
import { readReport } from '../../ota/identity.ts';
import { MAX_REPLY_BYTES, type RewrittenReply, readOffer, rewriteReply } from '../../ota/reply.ts';
import { parseReply } from '../../ota/reply-text.ts';
import type { Passage } from '../../policy/decide.ts';
import { Asking, type Question } from '../../upstream/ask.ts';
import { finalStatus, upstreamError } from '../../upstream/failure.ts';
import { mayAskAgain } from '../../upstream/retry.ts';
import { timesOf, type Upstreams, type Wish } from '../../upstream/upstreams.ts';
import { answer } from '../answer.ts';
import { readBody } from '../body.ts';
import { checkFault } from '../check-fault.ts';
import { clientEnds } from '../client-ends.ts';
import type { Exchange } from '../exchange.ts';
import { oneHeader } from '../facts.ts';
import { endToEnd, type HeaderList, upstreamHost } from '../headers.ts';
import { limitsOf } from '../live.ts';
import { decideOffer, type Offering } from '../offers.ts';
import { replyContext } from '../reply-context.ts';
import { routedHeaders } from '../route-headers.ts';

// Larger replies are no device's, but they need a length all the same.
const MAX_PASSED_BYTES = 4 * 1024 * 1024;

export type Checking = Offering;

/** @throws {GateError} for a body that is too large, and for every way in which an upstream can fail */
export async function carryOutOtaCheck(exchange: Exchange, passage: Passage, checking: Checking): Promise<void> {
  const { story, request, live } = exchange;
  const { bodyMaxBytes = live.limits.checkBytes } = passage.route;
  const body = await readBody(request, Math.min(live.limits.checkBytes, bodyMaxBytes), live.limits);
  const report = readReport((name) => oneHeader(request, name), body);
  story.report = report;
  story.device = report.device;

  const reply = await ask(exchange, passage, checking.upstreams, body);
  if (reply.status >= 300 && reply.status < 400) throw redirected(reply, passage);
  const rewritten = await rewriteIfReply(exchange, passage, reply, checking);
  const { fault } = rewritten;
  if (fault !== null) story.warnings.push(fault);
  else if (report.device !== null) noteCheck(exchange, rewritten);
  answer(exchange, reply.status, replyHeaders(reply.headers), rewritten.body);
}

type Reply = { status: number; headers: HeaderList; body: Buffer };

async function ask(exchange: Exchange, passage: Passage, upstreams: Upstreams, body: Buffer): Promise<Reply> {
  const { live, story, request } = exchange;
  const headers: string[] = [];
  for (const [name, value] of routedHeaders(exchange, passage))
    if (name !== 'accept-encoding') headers.push(name, value);
  headers.push('host', upstreamHost(exchange, passage), 'accept-encoding', 'identity');
  const limits = limitsOf(live, passage.route);
  const question: Question = {
    path: passage.path,
    method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
    headers,
    body: body.length > 0 || request.method === 'POST' ? body : null,
    maxBytes: MAX_PASSED_BYTES,
    ...timesOf(limits),
  };
  const wish: Wish = {
    upstream: passage.upstream,
    device: null,
    // A check makes a one-time link on the server: twice is not once.
    mayAskAgain: (failure) => !request.socket.destroyed && mayAskAgain(failure, request.method === 'GET'),
  };
  return upstreams.ask(live, wish, async (origin) => {
    story.upstream = showOrigin(origin);
    const own = upstreams.poolSaying(origin, limits, () => clientEnds(exchange));
    const asking = new Asking(own ?? upstreams.pool(origin, limits), question);
    const gone = (): void =>
      asking.abort(new GateError('CLIENT_GONE', 'the client left before the reply came', { fault: 'client' }));
    request.socket.once('close', gone);
    try {
      const { status, rawHeaders, body: replied, firstByteMs } = await asking.answer;
      story.upstreamMs = firstByteMs;
      upstreams.balance.answered(origin);
      return { status: finalStatus(status, null), headers: endToEnd(rawHeaders), body: replied };
    } catch (error) {
      throw upstreamError(error, passage.upstream, origin);
    } finally {
      request.socket.off('close', gone);
      if (own !== null) own.close().catch(() => {});
    }
  });
}

/** `fault`: why the reply is no answer to a check. */
type Rewritten = Pick<RewrittenReply, 'kind' | 'body' | 'offer' | 'withheld'> & { fault: string | null };

/** Rewrites what a device would read. A 200 for a browser, or for the console's own check, is text and goes through. */
async function rewriteIfReply(
  exchange: Exchange,
  passage: Passage,
  reply: Reply,
  checking: Checking,
): Promise<Rewritten> {
  const { story } = exchange;
  const encoding = header(reply, 'content-encoding');
  const asItIs: Rewritten = { kind: 'not-json', body: reply.body, offer: null, withheld: null, fault: null };
  if (reply.body.length > MAX_REPLY_BYTES) {
    story.warnings.push(`the reply has ${reply.body.length} bytes, over ${MAX_REPLY_BYTES}: passed on unchanged`);
    return asItIs;
  }
  if (encoding !== undefined && encoding !== 'identity') {
    story.warnings.push(
      `the reply is encoded (${printable(encoding, 40)}) though identity was asked for: passed on unchanged`,
    );
    return asItIs;
  }
  const context = replyContext(exchange, passage);
  const text = parseReply(reply.body);
  const offered = text === null ? null : readOffer(text, context);
  const decision = await decideOffer(exchange, passage, offered, checking);
  const rewritten = rewriteReply(reply.body, { ...context, decide: () => decision }, text);
  story.changes = rewritten.changes;
  story.offered = rewritten.offer?.version ?? null;
  story.withheld = rewritten.withheld;
  const forPeople = rewritten.kind === 'not-json' && story.device === null;
  if (!forPeople) story.warnings.push(...rewritten.warnings);
  return { ...rewritten, fault: text === null ? null : checkFault(text) };
}

function replyHeaders(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !['content-length', 'date'].includes(name.toLowerCase()));
}

function header(reply: Reply, name: string): string | undefined {
  return reply.headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1].toLowerCase();
}

function redirected(reply: Reply, passage: Passage): GateError {
  const location = header(reply, 'location') ?? 'nowhere';
  // Without its query, which may carry a token.
  const to = printable(URL.canParse(location) ? new URL(location).origin : (location.split('?', 1)[0] ?? ''));
  const message = `upstream ${passage.upstream} redirects the OTA check to ${to}, and no device follows a redirect: put that address into upstreams.${passage.upstream}`;
  return new GateError('UPSTREAM_STATUS', message, { fault: 'upstream', facts: { upstream: passage.upstream } });
}

function openingOf({ decision }: Exchange): string | null {
  return 'plain' in decision && decision.plain.kind === 'by-opening' ? decision.plain.opening : null;
}

function noteCheck(exchange: Exchange, rewritten: Rewritten): void {
  const { story, facts } = exchange;
  story.events.push({
    event: 'check',
    atMs: exchange.startedMs,
    device: story.device,
    client: facts.client,
    scheme: facts.scheme,
    board: story.report?.board ?? null,
    version: story.report?.version ?? null,
    elfSha256: story.report?.elfSha256 ?? null,
    offer: offerOf(rewritten),
    opening: openingOf(exchange),
  });
}

function offerOf({ kind, offer, withheld }: Rewritten): CheckOffer {
  if (withheld !== null) return { kind: 'withheld', ...withheld };
  if (kind === 'not-json') return { kind: 'unread' };
  if (offer === null) return { kind: 'none' };
  const { version, forced, sealed } = offer;
  return { kind: 'offered', version, forced, sealed };
}

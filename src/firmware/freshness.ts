// Owns freshness: when the upstream is to be asked again about an image that is there.
import CachePolicy from 'http-cache-semantics';
import { LRUCache } from 'lru-cache';
import { HEAD_BYTES } from '../ota/image.ts';
import { type Place, peek, type Reply } from './fetch.ts';

/** What is remembered of the reply that brought an image, beside the image itself. */
export type NameMemo = {
  /** Of a stable link, as `CachePolicy.toObject` writes it. */
  policy: CachePolicy.CachePolicyObject | null;
  length: number;
  fileName: string | null;
  etag: string | null;
  lastModified: string | null;
  /** The first bytes, in which the hash of the program stands; hexadecimal. */
  head: string;
};

export type Freshness = 'fresh' | 'ask' | 'ask-behind';

// No guess from Last-Modified (RFC 9111 section 4.2.2): a firmware file that was still for a year is replaced today.
const OPTIONS: CachePolicy.Options = { shared: true, cacheHeuristic: 0 };
// With the first one, which brings the image.
const BURST = 16;
const MAX_BUDGETS = 10_000;

/** The policy of a stable link's reply, as RFC 9111 reads it for a shared cache. */
export function policyOf(place: Place, reply: Pick<Reply, 'headers'>): CachePolicy {
  return new CachePolicy(requestOf(place), { status: 200, headers: plainWords(reply.headers) }, OPTIONS);
}

function requestOf({ url, authorization }: Place): CachePolicy.HttpRequest {
  return { url: url.href, method: 'GET', headers: authorization === null ? {} : { authorization } };
}

/** The headers that ask whether a stable link still means the same bytes. */
export function conditionalHeaders(memo: NameMemo): Record<string, string> {
  return {
    ...(memo.etag === null ? {} : { 'if-none-match': memo.etag }),
    ...(memo.lastModified === null ? {} : { 'if-modified-since': memo.lastModified }),
  };
}

/** The policy after a 304 (RFC 9111 section 4.3.4), which need not repeat what it was asked by. */
export function renewedPolicy(memo: NameMemo, place: Place, reply: Pick<Reply, 'headers'>): NameMemo['policy'] {
  if (memo.policy === null) return null;
  const { etag, lastModified } = memo;
  const known = {
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { 'last-modified': lastModified }),
  };
  const answer = { status: 304, headers: plainWords({ ...known, ...reply.headers }) };
  return CachePolicy.fromObject(memo.policy).revalidatedPolicy(requestOf(place), answer).policy.toObject();
}

/** What the upstream's own words ask for: a lifetime that still runs, or one that is over; null where it said nothing. */
export function explicitFreshness(memo: NameMemo, place: Place): Freshness | null {
  if (memo.policy === null) return null;
  const policy = CachePolicy.fromObject(memo.policy);
  if (!policy.stale()) return 'fresh'; // not its timeToLive, which counts the time in which it may be stale as well
  if (policy.evaluateRequest(requestOf(place)).revalidation?.synchronous === false) return 'ask-behind';
  return Object.keys(memo.policy.rescc).length > 0 || memo.policy.resh.expires !== undefined ? 'ask' : null;
}

/** Directives are words in any case (RFC 9111 section 5.2); the library knows them in lower case only. */
function plainWords(headers: Record<string, string>): Record<string, string> {
  const words = headers['cache-control'];
  return words === undefined ? headers : { ...headers, 'cache-control': words.toLowerCase() };
}

/**
 * Whether a full reply brings the bytes that are here already: by its strong tag, or, where there is none, an app by its
 * length, its name and its first bytes. Beyond its head, only an app says by its hash what it is made of.
 */
export async function isSame(reply: Reply, memo: NameMemo, isApp: boolean, oneTime: boolean): Promise<boolean> {
  if (reply.length !== memo.length) return false;
  if (!oneTime && (reply.etag !== null || memo.etag !== null))
    return reply.etag === memo.etag && reply.etag?.startsWith('"') === true;
  if (reply.fileName !== memo.fileName || !isApp) return false;
  return (await peek(reply, HEAD_BYTES)).toString('hex') === memo.head;
}

/** Whether an image may be served though the upstream cannot be asked (RFC 5861 section 4). */
export function mayServeStale(memo: NameMemo): boolean {
  const words = memo.policy?.rescc ?? {};
  return !['must-revalidate', 'proxy-revalidate', 's-maxage', 'no-cache'].some((word) => Object.hasOwn(words, word));
}

/**
 * How many asked for a name lately. Where few did, the upstream is asked each time, so that a file that was just
 * replaced is noticed by the next device; in a herd, once in a while, since each look at a one-time link uses it up.
 */
export class AskBudgets {
  readonly #budgets = new LRUCache<string, { left: number; atMs: number }>({ max: MAX_BUDGETS });

  /** Counts an ask; true where there were few of them. One more may come after each `recheckMs`. */
  take(name: string, nowMs: number, recheckMs: number): boolean {
    const budget = this.#budgets.get(name) ?? { left: BURST, atMs: nowMs };
    const left = Math.min(BURST, budget.left + Math.max(0, nowMs - budget.atMs) / recheckMs);
    this.#budgets.set(name, { left: Math.max(0, left - 1), atMs: nowMs });
    return left >= 1;
  }
}

/** Whether a reply with this policy may be kept at all (RFC 9111 section 3). */
export function isStorable(policy: NameMemo['policy']): boolean {
  return policy === null || CachePolicy.fromObject(policy).storable();
}

/** Whether what is kept under a link's name can be served without asking. `recheckMs` counts where the server says nothing. */
export function freshnessOf(
  entry: { memo: NameMemo; checkedMs: number },
  link: { place: Place; oneTime: boolean; promise: unknown; quiet: boolean },
  recheckMs: number,
  nowMs: number,
): Freshness {
  // One link means one file: what it brought is what it means.
  if (link.oneTime && link.promise === null) return 'fresh';
  const explicit = link.oneTime ? null : explicitFreshness(entry.memo, link.place);
  if (explicit !== null) return explicit;
  return link.quiet || Math.abs(nowMs - entry.checkedMs) >= recheckMs ? 'ask' : 'fresh';
}

/** How long what is fresh stays so, in ms. */
export function freshForMs(
  entry: { memo: NameMemo; checkedMs: number },
  link: { oneTime: boolean; promise: unknown },
  recheckMs: number,
  nowMs: number,
): number {
  if (link.oneTime && link.promise === null) return Number.POSITIVE_INFINITY;
  const policy = link.oneTime || entry.memo.policy === null ? null : CachePolicy.fromObject(entry.memo.policy);
  if (policy?.stale() === false) return (policy.maxAge() - policy.age()) * 1_000;
  return recheckMs - Math.abs(nowMs - entry.checkedMs);
}

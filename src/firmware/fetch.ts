// Owns fetching a body from where firmware may come from: redirects followed and judged, errors told by whose fault they
// are, and what the head of the reply says of the bytes behind it.
import type { Dispatcher } from 'undici';
// Gives every pool its `request`; the gate's, which only dispatches, does without.
import 'undici';
import { GateError } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import type { Limits } from '../config/config.ts';
import { finalStatus, upstreamError } from '../upstream/failure.ts';
import { timesOf, type Upstreams } from '../upstream/upstreams.ts';
import { BodyBytes } from './body-bytes.ts';
import type { FetchTurn } from './fetch-turn.ts';
import { readFileName } from './file-name.ts';

/** What is to be fetched: an upstream's name and the URL there, by the name of ours that goes into Host. */
export type Place = { upstream: string; url: URL; host: string; authorization: string | null };

export type Fetcher = {
  upstreams: Upstreams;
  limits: () => Limits;
  /** Whether this upstream answers at the URL's origin: it gets our Host, a stranger its own. */
  isOwn: (upstream: string, url: URL) => boolean;
  mayFetch: (url: URL) => boolean;
  /** The origins at which this upstream answers, the one to ask first in front. */
  originsOf: (upstream: string) => string[];
};

/** A reply that carries firmware, or says that what we have is still right (304). */
export type Reply = {
  status: 200 | 206 | 304;
  upstream: string;
  url: URL;
  headers: Record<string, string>;
  /** Of the whole file, as far as the reply says. */
  length: number | null;
  /** Where in the file the body begins. */
  start: number;
  etag: string | null;
  lastModified: string | null;
  fileName: string | null;
  contentType: string;
  /** Bytes of the body that somebody has looked at already, and the rest of it. */
  begun: Buffer[];
  rest: Pick<BodyBytes, 'next'>;
  /** Ends the reply where it is; a body that came whole does not mind. */
  abort: () => void;
  /** Where other machines wait for what this one fetches. */
  turn?: FetchTurn;
};

/** In place of an upstream, where the bytes come from another machine of ours. */
export const ANOTHER_MACHINE = 'another machine';

const MAX_REDIRECTS = 5;
// A fill waits no longer than this for the next byte: the devices behind it give up soon after.
const STALL_MS = 15_000;
const OCTETS = 'application/octet-stream';
// What servers answer with 200 when they have no file: their error page, or Java's {"code":500}.
const NO_IMAGE = /^(text\/html|application\/(problem\+)?json)\b/i;

/**
 * Asks for a body. Follows the upstream's redirects itself, each hop judged anew, since no device follows one.
 * @throws {GateError} FIRMWARE_LINK_DEAD for 404 and 410, FIRMWARE_REDIRECT, UPSTREAM_* for the rest
 */
export async function fetchBody(
  fetcher: Fetcher,
  place: Place,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Reply> {
  let url = new URL(place.url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    if (!fetcher.mayFetch(url)) throw mayNotFetch(place, url);
    const reply = await askAnywhere(fetcher, place, url, headers, signal);
    const { statusCode } = reply;
    if (statusCode < 300 || statusCode >= 400 || statusCode === 304) return readReply(place, url, reply);
    await reply.body.dump().catch(() => {}); // where it leads is known already
    const location = reply.headers.location;
    if (typeof location !== 'string' || !URL.canParse(location, url))
      throw redirectError(place, 'redirects to nowhere');
    url = new URL(location, url);
  }
  throw redirectError(place, `redirects more than ${MAX_REDIRECTS} times`);
}

/** Where an upstream has several addresses, one that cannot be reached costs a moment and no download. */
async function askAnywhere(
  fetcher: Fetcher,
  place: Place,
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const own = fetcher.isOwn(place.upstream, url);
  const others = own ? fetcher.originsOf(place.upstream).filter((origin) => origin !== url.origin) : [];
  for (const origin of others) {
    try {
      return await askOnce(fetcher, place, url, headers, signal);
    } catch (error) {
      if (!(error instanceof GateError && error.code === 'UPSTREAM_CONNECT')) throw error;
      url.host = new URL(origin).host;
      url.protocol = new URL(origin).protocol;
    }
  }
  return askOnce(fetcher, place, url, headers, signal);
}

async function askOnce(
  fetcher: Fetcher,
  place: Place,
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const own = fetcher.isOwn(place.upstream, url);
  const limits = fetcher.limits();
  const sent: Record<string, string> = { ...headers, 'accept-encoding': 'identity', 'user-agent': 'otagate' };
  if (own) {
    sent.host = place.host;
    if (place.authorization !== null) sent.authorization = place.authorization;
  }
  try {
    const reply = await fetcher.upstreams.pool(url.origin, limits).request({
      path: url.pathname + url.search,
      method: 'GET',
      headers: sent,
      signal,
      ...timesOf(limits),
      bodyTimeout: Math.min(limits.idleMs, STALL_MS),
    });
    finalStatus(reply.statusCode, reply.body);
    return reply;
  } catch (error) {
    const failure = upstreamError(error, place.upstream, url.origin);
    if (failure.code === 'UPSTREAM_CONNECT') fetcher.upstreams.failed(url.origin, failure);
    throw failure;
  }
}

function readReply(place: Place, url: URL, reply: Dispatcher.ResponseData): Reply {
  const headers = plain(reply.headers);
  const { statusCode: status } = reply;
  if (status !== 200 && status !== 206 && status !== 304) return discard(reply, statusError(place, status));
  const refusal = status === 304 ? null : unfitHead(place, headers);
  if (refusal !== null) return discard(reply, refusal);
  const length = number(headers['content-length']);
  const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers['content-range'] ?? '');
  if (status === 206 && range === null)
    return discard(reply, badReply(place, 'sends a part (206) without saying which (Content-Range)'));
  const rest = new BodyBytes(reply.body);
  return {
    status,
    upstream: place.upstream,
    url,
    headers,
    length: status === 206 ? number(range?.[2]) : length,
    start: status === 206 ? (number(range?.[1]) ?? 0) : 0,
    etag: headers.etag ?? null,
    lastModified: headers['last-modified'] ?? null,
    fileName: readFileName(headers['content-disposition']) ?? fileNameOf(url),
    contentType: headers['content-type'] ?? OCTETS,
    begun: [],
    rest,
    abort: () => rest.abort(),
  };
}

/**
 * The first bytes of a body, at least that many where it has them; they stay in the reply. Where they do not come, it is
 * ended, and with it the turn that it holds. @throws {GateError} UPSTREAM_*
 */
export async function peek(reply: Reply, bytes: number): Promise<Buffer> {
  try {
    while (reply.begun.reduce((sum, chunk) => sum + chunk.length, 0) < bytes) {
      const chunk = await reply.rest.next();
      if (chunk === null) break;
      reply.begun.push(chunk);
    }
  } catch (error) {
    reply.abort();
    throw upstreamError(error, reply.upstream, reply.url.origin);
  }
  return Buffer.concat(reply.begun).subarray(0, bytes);
}

/** The whole body, with what was looked at. Throws what the connection throws. */
export async function* bodyOf(reply: Reply): AsyncGenerator<Buffer> {
  yield* reply.begun.splice(0);
  for (let next = await reply.rest.next(); next !== null; next = await reply.rest.next()) yield next;
}

/** Ends the reply where it is, once the signal says so. Gives back how to leave it alone from then on. */
export function endWith(reply: Pick<Reply, 'abort'>, signal: AbortSignal): () => void {
  const end = (): void => reply.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  return () => signal.removeEventListener('abort', end);
}

/** What devices would write to flash as it comes, though it is no image. */
function unfitHead(place: Place, headers: Record<string, string>): GateError | null {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== '') {
    const what = `sends the firmware encoded (Content-Encoding: ${printable(encoding, 40)}) though identity was asked for: no device can undo that`;
    return badReply(place, what);
  }
  const type = headers['content-type'] ?? OCTETS;
  if (!NO_IMAGE.test(type) || headers['content-disposition'] !== undefined) return null;
  return badReply(place, `answers the firmware link with ${printable(type, 60)}, which is a page and no image`);
}

/** The body is left where it is: its connection ends with it. */
function discard(reply: Dispatcher.ResponseData, error: GateError): never {
  reply.body.on('error', () => {}).destroy();
  throw error;
}

function statusError(place: Place, status: number): GateError {
  if (status === 404 || status === 410) {
    const message = `upstream ${place.upstream} knows this firmware link no longer (${status}): it was used up, it has expired, or the file was removed`;
    return new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'upstream', status: 404 });
  }
  const message = `upstream ${place.upstream} answers the firmware link with ${status}`;
  const retry = status >= 500 || status === 429;
  return new GateError('UPSTREAM_STATUS', message, { fault: 'upstream', retry, facts: { upstreamStatus: status } });
}

function badReply(place: Place, what: string): GateError {
  return new GateError('UPSTREAM_REPLY', `upstream ${place.upstream} ${what}`, { fault: 'upstream' });
}

function redirectError(place: Place, what: string): GateError {
  return new GateError('FIRMWARE_REDIRECT', `upstream ${place.upstream} ${what}`, { fault: 'upstream' });
}

function mayNotFetch(place: Place, url: URL): GateError {
  if (url.href === place.url.href) {
    const message = 'this link leads to a place that is allowed no longer (firmware.allow)';
    return new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'gate', status: 404 });
  }
  return redirectError(
    place,
    `redirects to ${printable(url.origin)}, which is neither an upstream nor in firmware.allow`,
  );
}

function fileNameOf(url: URL): string | null {
  const last = url.pathname.split('/').at(-1) ?? '';
  return last.includes('.') ? last : null;
}

function plain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

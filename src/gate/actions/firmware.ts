// Carries out `firmware`: finds the bytes behind a link of ours and streams them, always with a length.
import type { Dispatcher } from 'undici';
import { GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Passage } from '../../policy/decide.ts';
import { answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { canonicalName, endToEnd, type HeaderList, upstreamHeaders, upstreamHost } from '../headers.ts';
import { CODES, pump } from '../pump.ts';
import { closeBehindRest, endAfterRest } from '../rest.ts';
import { finalStatus, timesOf, type Upstreams, upstreamError } from '../upstreams.ts';

const MAX_REDIRECTS = 5;
// An image without a length is read whole before the first byte goes out; the largest slot in the field has 6 MB.
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
// Java's one-time links: a HEAD would use up one of the three GETs that a link allows.
const ONE_TIME = /\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** @throws {GateError} for a dead link and for every way in which an upstream can fail before the first byte */
export async function carryOutFirmware(exchange: Exchange, passage: Passage, upstreams: Upstreams): Promise<void> {
  const { live, claims, story, request } = exchange;
  const origin = upstreams.pick(live.upstreams, passage.upstream, Date.now());
  const source = live.sources.locate(claims?.source ?? passage.path, passage.route.path, origin);
  if (source === null) {
    throw new GateError('FIRMWARE_LINK_DEAD', 'this link leads to a place that is allowed no longer (firmware.allow)', {
      fault: 'gate',
      status: 404,
    });
  }
  if (request.method === 'HEAD' && ONE_TIME.test(source.pathname)) {
    throw new GateError('METHOD_NOT_ALLOWED', 'a HEAD would use up a one-time link: ask with GET', {
      fault: 'client',
      status: 405,
    });
  }
  story.upstream = source.origin;
  const leaving = new AbortController();
  const onClose = (): void => leaving.abort();
  request.socket.once('close', onClose);
  try {
    const response = await fetchFollowing(exchange, passage, upstreams, source, leaving.signal);
    await serve(exchange, passage, response);
  } catch (error) {
    if (leaving.signal.aborted) throw new GateError('CLIENT_GONE', 'the client left', { fault: 'client' });
    throw error;
  } finally {
    request.socket.off('close', onClose);
  }
}

/** Follows the upstream's redirects itself, each hop judged anew, since no device follows one. */
async function fetchFollowing(
  exchange: Exchange,
  passage: Passage,
  upstreams: Upstreams,
  first: URL,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await fetchOnce(exchange, passage, upstreams, url, signal);
    const location = response.headers.location;
    if (response.statusCode < 300 || response.statusCode >= 400 || response.statusCode === 304) return response;
    await response.body.dump().catch(() => {}); // where it leads is known already
    const next = typeof location === 'string' && URL.canParse(location, url) ? new URL(location, url) : null;
    if (next === null || !exchange.live.sources.mayFetch(next)) {
      const to = next === null ? 'nowhere' : printable(next.origin);
      throw redirectError(passage, `redirects to ${to}, which is neither an upstream nor in firmware.allow`);
    }
    url = next;
  }
  throw redirectError(passage, `redirects more than ${MAX_REDIRECTS} times`);
}

async function fetchOnce(
  exchange: Exchange,
  passage: Passage,
  upstreams: Upstreams,
  url: URL,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { live, story, request } = exchange;
  const ownUpstream = (live.upstreams[passage.upstream] ?? []).some((origin) => new URL(origin).origin === url.origin);
  // A stranger's host gets none of the client's headers, and its own name.
  const headers: HeaderList = ownUpstream
    ? [
        ...upstreamHeaders(exchange, passage).filter(([name]) => name !== 'accept-encoding'),
        ['host', upstreamHost(exchange, passage)],
      ]
    : rangeHeaders(request.headers);
  headers.push(['accept-encoding', 'identity']);
  const askedMs = performance.now();
  try {
    const response = await upstreams.pool(url.origin, live.limits).request({
      path: url.pathname + url.search,
      method: request.method === 'HEAD' ? 'HEAD' : 'GET',
      headers: headers.flat(),
      signal,
      ...timesOf(live.limits),
    });
    story.upstreamMs = performance.now() - askedMs;
    finalStatus(response.statusCode, response.body);
    return response;
  } catch (error) {
    const failure = upstreamError(error, passage.upstream, url.origin);
    if (failure.code === 'UPSTREAM_CONNECT') upstreams.failed(url.origin, Date.now());
    throw failure;
  }
}

function rangeHeaders(headers: NodeJS.Dict<string | string[]>): HeaderList {
  return ['range', 'if-range', 'if-none-match', 'if-modified-since'].flatMap((name): HeaderList => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
}

async function serve(exchange: Exchange, passage: Passage, upstream: Dispatcher.ResponseData): Promise<void> {
  const { outlet, request, story, live } = exchange;
  const headers = endToEnd(flatten(upstream.headers)).filter(
    ([name]) => !['date', 'content-length'].includes(name.toLowerCase()),
  );
  const length = upstream.headers['content-length'];
  const hasLength = typeof length === 'string' || upstream.statusCode === 304;
  if (outlet.kind !== 'response') return;
  if (carriesImage(upstream)) refuseEncoded(upstream, passage);
  if (request.method === 'HEAD' || !hasLength) {
    const body =
      request.method === 'HEAD' ? Buffer.alloc(0) : await readWhole(upstream.body, passage, story.upstream ?? '');
    if (request.method === 'HEAD') await upstream.body.dump().catch(() => {});
    if (request.method === 'HEAD' && typeof length === 'string')
      return answerHead(exchange, upstream.statusCode, headers, length);
    // Written whole, it is over when all of it has left, or the connection is.
    if (request.method !== 'HEAD' && carriesImage(upstream))
      outlet.response.once('close', () => noteDownload(exchange, outlet.response.writableFinished));
    return answer(exchange, upstream.statusCode, headers, body);
  }
  const { response } = outlet;
  story.status = upstream.statusCode;
  const sent: HeaderList = headers.map(([name, value]) => [canonicalName(name), value]);
  if (typeof length === 'string') sent.push(['Content-Length', length]);
  sent.push(['X-Request-Id', exchange.id]);
  closeBehindRest(response);
  response.writeHead(upstream.statusCode, sent.flat());
  const end = await pump(upstream.body, response, live.limits.idleMs, (bytes) => {
    story.bytes += bytes;
  });
  if (carriesImage(upstream)) noteDownload(exchange, end === 'complete');
  if (end === 'complete') return;
  story.code = CODES[end];
  story.detail = `the download ended after ${story.bytes} of ${String(length)} bytes: ${end}`;
}

function answerHead(exchange: Exchange, status: number, headers: HeaderList, length: string): void {
  const { outlet, story } = exchange;
  story.status = status;
  if (outlet.kind !== 'response') return;
  const sent: HeaderList = [
    ...headers.map(([name, value]): [string, string] => [canonicalName(name), value]),
    ['Content-Length', length],
  ];
  closeBehindRest(outlet.response);
  outlet.response.writeHead(status, sent.flat());
  void endAfterRest(outlet.response);
}

/** Whether the body is firmware, or a part of it: not a page that says why there is none. */
function carriesImage({ statusCode }: Dispatcher.ResponseData): boolean {
  return statusCode === 200 || statusCode === 206;
}

/** Devices write to flash what comes, as it comes. @throws {GateError} UPSTREAM_REPLY for an encoded image */
function refuseEncoded(upstream: Dispatcher.ResponseData, passage: Passage): void {
  const encoding = [upstream.headers['content-encoding'] ?? []].flat().join(', ').trim();
  if (encoding === '' || encoding.toLowerCase() === 'identity') return;
  upstream.body.on('error', () => {}).destroy();
  const message = `upstream ${passage.upstream} sends the firmware encoded (Content-Encoding: ${printable(encoding, 40)}) though identity was asked for: no device can undo that`;
  throw new GateError('UPSTREAM_REPLY', message, { fault: 'upstream', facts: { upstream: passage.upstream } });
}

function noteDownload({ story }: Exchange, complete: boolean): void {
  story.events.push({ event: 'download', atMs: Date.now(), device: story.device, bytes: story.bytes, complete });
}

async function readWhole(body: AsyncIterable<Buffer>, passage: Passage, origin: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_BUFFERED_BYTES) {
        const message = `upstream ${passage.upstream} sends a firmware without a length, of more than ${MAX_BUFFERED_BYTES} bytes`;
        throw new GateError('FIRMWARE_NO_LENGTH', message, { fault: 'upstream' });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw upstreamError(error, passage.upstream, origin);
  }
  return Buffer.concat(chunks);
}

function flatten(headers: NodeJS.Dict<string | string[]>): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).flatMap((one) => [name, one]),
  );
}

function redirectError(passage: Passage, what: string): GateError {
  return new GateError('FIRMWARE_REDIRECT', `upstream ${passage.upstream} ${what}`, { fault: 'upstream' });
}

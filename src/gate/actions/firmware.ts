// Carries out `firmware`: finds the bytes behind a link of ours, and hands them out, always with a length.
import { GateError } from '../../base/errors.ts';
import { cacheStatus, type ServedHow } from '../../firmware/cache-status.ts';
import { contentDisposition } from '../../firmware/file-name.ts';
import { contentRange, decideRange, type Selection } from '../../firmware/range.ts';
import { storedHash } from '../../firmware/sources.ts';
import type { EventQueue } from '../../link/events.ts';
import type { FirmwareAsk } from '../../link/firmware.ts';
import type { Passage } from '../../policy/decide.ts';
import type { Upstreams } from '../../upstream/upstreams.ts';
import { answer } from '../answer.ts';
import { sendDownload, whileHere, whose } from '../download.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenImage } from '../firmware-asks.ts';
import type { FirmwareDesk } from '../firmware-desk.ts';
import { endToEnd, type HeaderList, upstreamHost } from '../headers.ts';
import { judgeDownload } from '../offers.ts';
import { closeBehindRest, endAfterRest } from '../rest.ts';

const PLAIN_TYPE = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;

export type Serving = { firmware: FirmwareDesk; upstreams: Upstreams; events: EventQueue };

/** @throws {GateError} for a dead link and for every way in which an image can fail before the first byte */
export async function carryOutFirmware(exchange: Exchange, passage: Passage, serving: Serving): Promise<void> {
  const { story } = exchange;
  const ask = makeAsk(exchange, passage, serving.upstreams);
  story.upstream = ask.stored === null ? new URL(ask.url).origin : null;
  const image = await openImage(exchange, ask, serving);
  try {
    judge(exchange, image);
    await serve(exchange, image, serving);
  } finally {
    image.leave();
  }
}

async function openImage(exchange: Exchange, ask: FirmwareAsk, { firmware }: Serving): Promise<OpenImage> {
  try {
    return await whileHere(exchange, firmware.asks.open(ask), ({ leave }) => leave());
  } catch (error) {
    if (error instanceof GateError && error.code !== 'CLIENT_GONE') {
      noteRefused(exchange, error, null);
    }
    throw error;
  }
}

/**
 * The link says who downloads: an image that was not known yet at the check is judged now.
 * @throws {GateError} FIRMWARE_WITHHELD, before the first byte
 */
function judge(exchange: Exchange, { file: { object } }: OpenImage): void {
  const { claims, live } = exchange;
  const broken =
    claims === null
      ? null
      : judgeDownload(claims, { app: object.app, lengthBytes: object.length }, live.offers.allowed);
  if (broken === null) return;
  const { rule, why } = broken;
  const message = `this image is withheld from this device (${rule}): ${why}`;
  const error = new GateError('FIRMWARE_WITHHELD', message, { fault: 'upstream', status: 409, facts: { rule } });
  noteRefused(exchange, error, `${rule}: ${why}`);
  throw error;
}

function noteRefused(exchange: Exchange, { code }: GateError, why: string | null): void {
  exchange.story.events.push({ event: 'download-refused', atMs: Date.now(), code, why, ...whose(exchange) });
}

/** What control is asked for this request. @throws {GateError} FIRMWARE_LINK_DEAD for a place that is allowed no longer */
function makeAsk(exchange: Exchange, passage: Passage, upstreams: Upstreams): FirmwareAsk {
  const { live, claims, request } = exchange;
  const stored = claims === null ? null : storedHash(claims.source);
  if (stored !== null)
    return { stored, upstream: passage.upstream, url: '', host: '', hint: null, authorization: null };
  const origin = upstreams.pick(live, passage.upstream);
  const url = live.sources.locate(claims?.source ?? passage.path, passage.route.path, origin);
  if (url === null) {
    const message = 'this link leads to a place that is allowed no longer (firmware.allow)';
    throw new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'gate', status: 404 });
  }
  return {
    stored: null,
    upstream: passage.upstream,
    url: url.href,
    host: upstreamHost(exchange, passage),
    hint: claims === null ? null : { board: claims.board, version: claims.version },
    authorization: credentials(request),
  };
}

/** The client's own, where it meant them to go further than here (RFC 9110 section 7.6.1). */
function credentials({ headers, rawHeaders }: Exchange['request']): string | null {
  if (headers.authorization === undefined) return null;
  const sent = endToEnd(rawHeaders).filter(([name]) => name.toLowerCase() === 'authorization');
  return sent.length === 1 ? (sent[0]?.[1] ?? null) : null;
}

async function serve(exchange: Exchange, image: OpenImage, serving: Serving): Promise<void> {
  const { outlet, request, story } = exchange;
  if (outlet.kind !== 'response') return;
  const { file } = image;
  const { object } = file;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const etag = file.sha256 === null ? null : `"sha256-${file.sha256}"`;
  const selection = decideRange({ method, headers: request.headers }, { ...object, etag });
  const bytes = method === 'GET' && carriesBytes(selection) ? await serving.firmware.hot.get(file) : null;
  const how = howServed(image, bytes !== null);
  story.cache = how.kind;
  const headers: HeaderList = [
    ['Accept-Ranges', 'bytes'],
    ...(etag === null ? [] : [['ETag', etag] satisfies [string, string]]),
    ...lastModified(object.lastModifiedMs),
    ['Cache-Status', cacheStatus(how)],
  ];
  if (selection.kind === 'not-modified') return answer(exchange, 304, headers, Buffer.alloc(0));
  if (selection.kind === 'precondition-failed') return answer(exchange, 412, headers, Buffer.alloc(0));
  if (selection.kind === 'unsatisfiable') {
    return answer(
      exchange,
      416,
      [...headers, ['Content-Range', contentRange(selection, object.length)]],
      Buffer.alloc(0),
    );
  }
  const { start, end } = selection.kind === 'part' ? selection : { start: 0, end: object.length };
  headers.push(['Content-Type', PLAIN_TYPE.test(object.contentType) ? object.contentType : 'application/octet-stream']);
  headers.push(['Content-Disposition', contentDisposition(object.fileName)]);
  if (selection.kind === 'part') headers.push(['Content-Range', contentRange(selection, object.length)]);
  headers.push(['Content-Length', String(end - start)], ['X-Request-Id', exchange.id]);
  const status = selection.kind === 'part' ? 206 : 200;
  const { response } = outlet;
  const writeHead = (): void => {
    story.status = status;
    closeBehindRest(response);
    response.writeHead(status, headers.flat());
  };
  if (method === 'GET') {
    const from = bytes !== null ? 'memory' : how.kind === 'hit' ? 'disk' : 'fill';
    return sendDownload(exchange, response, { file, bytes, start, end, from }, writeHead, serving);
  }
  writeHead();
  void endAfterRest(response);
}

function carriesBytes({ kind }: Selection): boolean {
  return kind === 'whole' || kind === 'part';
}

function howServed({ file, how }: OpenImage, inMemory: boolean): ServedHow {
  switch (how) {
    case 'hit':
      return { kind: 'hit', from: inMemory || file.sha256 === null ? 'memory' : 'disk' };
    case 'miss':
      return file.object.stored ? { kind: 'miss', collapsed: false } : { kind: 'bypass' };
    case 'joined':
      return { kind: 'filling' };
    case 'revalidated':
      return { kind: 'revalidated' };
    case 'stale':
      return { kind: 'stale', why: 'error' };
  }
}

function lastModified(ms: number | null): HeaderList {
  return ms === null ? [] : [['Last-Modified', new Date(ms).toUTCString()]];
}

// Carries out `firmware`: finds the bytes behind a link of ours, and hands them out, always with a length.
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { cacheStatus, type ServedHow } from '../../firmware/cache-status.ts';
import { contentDisposition } from '../../firmware/file-name.ts';
import { contentRange, decideRange, type Selection } from '../../firmware/range.ts';
import type { FirmwareAsk } from '../../link/firmware.ts';
import type { Passage } from '../../policy/decide.ts';
import type { Upstreams } from '../../upstream/upstreams.ts';
import { answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { oneHeader } from '../facts.ts';
import type { OpenImage } from '../firmware-asks.ts';
import type { FirmwareDesk } from '../firmware-desk.ts';
import { type HeaderList, upstreamHost } from '../headers.ts';
import { closeBehindRest, endAfterRest } from '../rest.ts';
import { sendImage } from '../send-image.ts';

export type Serving = { firmware: FirmwareDesk; upstreams: Upstreams };

/** @throws {GateError} for a dead link and for every way in which an image can fail before the first byte */
export async function carryOutFirmware(
  exchange: Exchange,
  passage: Passage,
  { firmware: desk, upstreams }: Serving,
): Promise<void> {
  const { story } = exchange;
  const ask = makeAsk(exchange, passage, upstreams);
  story.upstream = new URL(ask.url).origin;
  const image = await whileHere(exchange, desk.asks.open(ask), ({ leave }) => leave());
  try {
    await serve(exchange, image, desk);
  } finally {
    image.leave();
  }
}

/** What control is asked for this request. @throws {GateError} FIRMWARE_LINK_DEAD for a place that is allowed no longer */
function makeAsk(exchange: Exchange, passage: Passage, upstreams: Upstreams): FirmwareAsk {
  const { live, claims, request } = exchange;
  const origin = upstreams.pick(live.upstreams, passage.upstream, Date.now());
  const url = live.sources.locate(claims?.source ?? passage.path, passage.route.path, origin);
  if (url === null) {
    const message = 'this link leads to a place that is allowed no longer (firmware.allow)';
    throw new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'gate', status: 404 });
  }
  return {
    purpose: 'serve',
    upstream: passage.upstream,
    url: url.href,
    host: upstreamHost(exchange, passage),
    hint: claims === null ? null : { board: claims.board, version: claims.version },
    authorization: oneHeader(request, 'authorization') ?? null,
  };
}

/** Waits for something as long as the client is there; what comes after it left is given back. @throws {GateError} CLIENT_GONE */
async function whileHere<T>(exchange: Exchange, work: Promise<T>, giveBack: (late: T) => void): Promise<T> {
  const { socket } = exchange.request;
  const gone = Promise.withResolvers<'gone'>();
  const onClose = (): void => gone.resolve('gone');
  socket.once('close', onClose);
  try {
    const first = await Promise.race([work.then((value) => ({ value })), gone.promise]);
    if (first !== 'gone') return first.value;
    void work.then(giveBack, () => {});
    throw new GateError('CLIENT_GONE', 'the client left', { fault: 'client' });
  } finally {
    socket.off('close', onClose);
  }
}

async function serve(exchange: Exchange, image: OpenImage, desk: FirmwareDesk): Promise<void> {
  const { outlet, request, story } = exchange;
  if (outlet.kind !== 'response') return;
  const { file } = image;
  const { object } = file;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const etag = file.sha256 === null ? null : `"sha256-${file.sha256}"`;
  const selection = decideRange({ method, headers: request.headers }, { ...object, etag });
  const bytes = method === 'GET' && carriesBytes(selection) ? await desk.hot.get(file) : null;
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
  headers.push(['Content-Type', printable(object.contentType, 100)]);
  headers.push(['Content-Disposition', contentDisposition(object.fileName)]);
  if (selection.kind === 'part') headers.push(['Content-Range', contentRange(selection, object.length)]);
  headers.push(['Content-Length', String(end - start)], ['X-Request-Id', exchange.id]);
  const status = selection.kind === 'part' ? 206 : 200;
  const { response } = outlet;
  const lane = desk.join(laneKey(exchange));
  try {
    if (method === 'GET') {
      for (let waitMs = lane.admission(); waitMs > 0; waitMs = lane.admission())
        await whileHere(exchange, setTimeout(Math.ceil(waitMs)), () => {});
    }
    story.status = status;
    closeBehindRest(response);
    response.writeHead(status, headers.flat());
    if (method === 'HEAD') return void endAfterRest(response);
    const sent = await sendImage(response, { file, bytes, start, end }, lane, {
      encrypted: (request.socket as Partial<TLSSocket>).encrypted === true,
      idleMs: exchange.live.limits.idleMs,
      onBytes: (count) => {
        story.bytes += count;
      },
    });
    const from = bytes !== null ? 'memory' : how.kind === 'hit' ? 'disk' : 'fill';
    const complete = sent.kind === 'complete';
    noteDownload(exchange, { complete, length: object.length, from });
    if (sent.kind === 'complete') return;
    story.code = sent.code;
    story.detail = `the download ended after ${story.bytes} of ${end - start} bytes: ${sent.detail}`;
  } finally {
    lane.leave();
  }
}

type Download = { complete: boolean; length: number; from: 'memory' | 'disk' | 'fill' };

function noteDownload({ claims, facts, story }: Exchange, download: Download): void {
  const { device, bytes } = story;
  const promised =
    claims === null ? null : { version: claims.version, board: claims.board, opening: claims.opening?.id ?? null };
  story.events.push({
    event: 'download',
    atMs: Date.now(),
    device,
    client: facts.client,
    bytes,
    promised,
    ...download,
  });
}

function carriesBytes({ kind }: Selection): boolean {
  return kind === 'whole' || kind === 'part';
}

/** One download is one download, whatever its number of requests. */
function laneKey({ claims, facts, story, decision }: Exchange): string {
  if (claims?.device != null) return `device ${claims.device}`;
  const path = 'path' in decision ? decision.path : '';
  return `client ${facts.client} ${story.device ?? ''} ${path}`;
}

function howServed({ file, how }: OpenImage, inMemory: boolean): ServedHow {
  switch (how) {
    case 'hit':
      return { kind: 'hit', from: inMemory || file.sha256 === null ? 'memory' : 'disk' };
    case 'miss':
      return { kind: 'miss', collapsed: false };
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

// Owns one download on its way to a device: its place in the pace, its bytes, and what control hears of it.
import { setTimeout } from 'node:timers/promises';
import { GateError } from '../base/errors.ts';
import type { DownloadFrom, EventQueue } from '../link/events.ts';
import { type ClientResponse, letGoOfHead } from './client.ts';
import type { Exchange } from './exchange.ts';
import type { FirmwareDesk } from './firmware-desk.ts';
import { type ImagePart, sendImage } from './send-image.ts';

// Often enough for a page that shows how far a device is, seldom enough for ten thousand of them.
const TELL_EVERY_MS = 10_000;

/** Sends a part of an image behind `writeHead`, when it is this device's turn. @throws {GateError} before that */
export async function sendDownload(
  exchange: Exchange,
  response: ClientResponse,
  part: ImagePart & { from: DownloadFrom },
  writeHead: () => void,
  { firmware, events }: { firmware: FirmwareDesk; events: EventQueue },
): Promise<void> {
  const { story, request, live } = exchange;
  const startedMs = Date.now();
  const lane = firmware.join(laneKey(exchange));
  try {
    for (let waitMs = lane.admission(); waitMs > 0; waitMs = lane.admission())
      await whileHere(exchange, setTimeout(Math.ceil(waitMs)), () => {});
    const { state } = part.file;
    if (state.kind === 'failed') throw new GateError(state.code, state.detail, { fault: 'upstream' });
    writeHead();
    if (state.kind === 'filling') response.flushHeaders(); // what comes after may take its time
    letGoOfHead(request);
    events.add({ event: 'download-begun', atMs: startedMs, ...whose(exchange) });
    let toldMs = startedMs;
    const sent = await sendImage(response, part, lane, {
      tlsWriteBytes: request.socket.encrypted === true ? () => firmware.tlsWriteBytes : null,
      idleMs: live.limits.idleMs,
      onBytes: (count) => {
        story.bytes += count;
        const nowMs = Date.now();
        if (nowMs - toldMs < TELL_EVERY_MS) return;
        toldMs = nowMs;
        const { length } = part.file.object;
        // A part from the middle says nothing of how far the image is.
        if (part.start === 0)
          events.add({
            event: 'download-moved',
            atMs: nowMs,
            startedMs,
            bytes: story.bytes,
            length,
            ...whose(exchange),
          });
      },
    });
    const complete = sent.kind === 'complete';
    if (!complete) {
      story.code = sent.code;
      story.detail = `the download ended after ${story.bytes} of ${part.end - part.start} bytes: ${sent.detail}`;
    }
    story.events.push({
      event: 'download',
      atMs: Date.now(),
      startedMs,
      ...whose(exchange),
      offset: part.start,
      bytes: story.bytes,
      complete,
      code: complete ? null : sent.code,
      gapMs: Math.round(sent.gapMs),
      length: part.file.object.length,
      from: part.from,
    });
  } finally {
    lane.leave();
  }
}

/** Waits for something as long as the client is there; what comes after it left is given back. @throws {GateError} CLIENT_GONE */
export async function whileHere<T>(exchange: Exchange, work: Promise<T>, giveBack: (late: T) => void): Promise<T> {
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

/** Whose download it is, for the events. */
export function whose({ id, claims, facts, story }: Exchange) {
  const promised =
    claims === null ? null : { version: claims.version, board: claims.board, opening: claims.opening?.id ?? null };
  return { download: id, device: story.device, client: facts.client, promised };
}

/** One download is one download, whatever its number of requests. */
function laneKey({ claims, facts, story, decision }: Exchange): string {
  if (claims?.device != null) return `device ${claims.device}`;
  const path = 'path' in decision ? decision.path : '';
  return `client ${facts.client} ${story.device ?? ''} ${path}`;
}

// The process of plain downloads: so many, some at a time, on fresh connections or on kept ones, or until it is told to stop.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { answerCalls } from '../rig/child.ts';
import { dial, downloadOf, exchange, exchangeOnce, type Patience, type Way } from '../rig/device-client.ts';
import { checkOf, offerIn } from '../rig/device-words.ts';
import { type ImageName, imageOf, isPartOf } from '../rig/firmware.ts';

export type DownloadsPlan = {
  way: Way;
  /** Each is fetched by a client of its own, again and again; several may be the same. */
  paths: string[];
  downloads: number;
  /** Of each client: `fresh` as devices do, `kept` for what a handshake costs. */
  connections: 'fresh' | 'kept';
  image: ImageName;
  /** The clients begin one by one within it. */
  withinMs: number;
  silenceMs: number;
  limitMs: number;
};

export type DownloadsResult = {
  identical: number;
  /** Complete, and not the image. */
  corrupt: number;
  failed: number;
  /** Of those that failed, and did not just run out of the measurement's time: the first reason. */
  because: string;
  bytes: number;
  wallMs: number;
  longestGapMs: number;
};

let stopping = new AbortController();
/** Of the run that goes on, or went last. */
let result: DownloadsResult = nothing();

const calls = {
  /** One check for each client, since a link is one device's: the paths of the links. One after another. */
  links: async ({ way, devices }: { way: Way; devices: number }): Promise<string[]> => {
    const paths: string[] = [];
    for (let index = 0; index < devices; index += 1) paths.push(await linkFor(way, index));
    return paths;
  },

  /** The suite and protocol that this server comes to with such a client. */
  suite: async (way: Way): Promise<string> => {
    const socket = await dial(way);
    const suite = socket instanceof TLSSocket ? `${socket.getProtocol()} ${socket.getCipher().name}` : 'plain';
    socket.destroy();
    return suite;
  },

  run: async (plan: DownloadsPlan): Promise<DownloadsResult> => {
    stopping = new AbortController();
    const image = imageOf(plan.image);
    const startedMs = performance.now();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(plan.limitMs)]);
    result = nothing();
    let left = plan.downloads;
    const client = async (path: string, index: number): Promise<void> => {
      await sleep((index * plan.withinMs) / plan.paths.length);
      let socket: Socket | null = plan.connections === 'kept' ? await dial(plan.way) : null;
      while (left > 0 && !signal.aborted) {
        left -= 1;
        if (socket?.destroyed) socket = await dial(plan.way);
        await downloadOnce(plan, path, socket, image, { silenceMs: plan.silenceMs, signal }, result);
      }
      socket?.destroy();
    };
    await Promise.all(plan.paths.map(client));
    return { ...result, wallMs: performance.now() - startedMs };
  },

  /** The result so far. */
  progress: (): DownloadsResult => result,

  stop: (): void => stopping.abort(),
};

function nothing(): DownloadsResult {
  return { identical: 0, corrupt: 0, failed: 0, because: '', bytes: 0, wallMs: 0, longestGapMs: 0 };
}

async function downloadOnce(
  plan: DownloadsPlan,
  path: string,
  socket: Socket | null,
  image: Buffer,
  patience: Patience,
  result: DownloadsResult,
): Promise<void> {
  let same = true;
  const onBody = (part: Buffer, offset: number): void => {
    result.bytes += part.length;
    same &&= isPartOf(image, part, offset);
  };
  const reply =
    socket === null
      ? await exchangeOnce(plan.way, downloadOf(path), patience, onBody)
      : await exchange(socket, plan.way.name, downloadOf(path, 'keep-alive'), patience, onBody);
  result.longestGapMs = Math.max(result.longestGapMs, reply.longestGapMs);
  if (reply.end === 'complete' && reply.status === 200) {
    if (same && reply.bytes === image.length) result.identical += 1;
    else result.corrupt += 1;
    return;
  }
  result.failed += 1;
  if (reply.end !== 'given-up' && result.because === '')
    result.because = `${reply.end}, status ${reply.status}, ${reply.bytes} bytes ${reply.because}`.trim();
}

async function linkFor(way: Way, index: number): Promise<string> {
  const parts: Buffer[] = [];
  const reply = await exchangeOnce(way, checkOf(index), { silenceMs: 30_000 }, (part) => void parts.push(part));
  const offer = offerIn(Buffer.concat(parts));
  if (offer === null) throw new Error(`a check brings no offer: ${reply.end}, status ${reply.status} ${reply.because}`);
  return offer.path;
}

export type DownloadsCalls = typeof calls;

answerCalls(calls);

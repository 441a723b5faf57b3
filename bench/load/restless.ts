// The process of restless devices: each checks and downloads again and again, whatever happens to the gate meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from '../rig/child.ts';
import { downloadOf, exchangeOnce, type Way } from '../rig/device-client.ts';
import { checkOf, offerIn } from '../rig/device-words.ts';
import { imageOf, isPartOf } from '../rig/firmware.ts';

export type RestlessPlan = { way: Way; devices: number; imageBytes: number };

export type Tally = {
  /** Complete by Content-Length, and the true image of the version that was offered: by that version. */
  identical: Map<string, number>;
  /** Complete by Content-Length, and anything else. There must be none; the first of them are told of. */
  corrupt: number;
  corruptions: string[];
  /** Cut short on the way, and so known to be no image. */
  cutShort: number;
  /** Downloads and checks that got no body, by what came instead. */
  failed: Map<string, number>;
};

const PAUSE_MS = 100;
const MAX_TOLD = 5;
const tally: Tally = { identical: new Map(), corrupt: 0, corruptions: [], cutShort: 0, failed: new Map() };
let leaving = new AbortController();

const calls = {
  begin: ({ way, devices, imageBytes }: RestlessPlan): void => {
    leaving = new AbortController();
    for (let index = 0; index < devices; index += 1) void live(way, index, imageBytes, leaving.signal);
  },
  tally: (): Tally => tally,
  stop: (): void => leaving.abort(),
};

async function live(way: Way, index: number, imageBytes: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await upgrade(way, index, imageBytes, signal);
    await sleep(PAUSE_MS);
  }
}

async function upgrade(way: Way, index: number, imageBytes: number, signal: AbortSignal): Promise<void> {
  const patience = { silenceMs: 30_000, signal };
  const parts: Buffer[] = [];
  const checked = await exchangeOnce(way, checkOf(index), patience, (part) => void parts.push(part));
  const offer = offerIn(Buffer.concat(parts));
  if (checked.end !== 'complete' || offer === null) return fail(`check: ${checked.end}, status ${checked.status}`);
  const image = imageOf({ version: offer.version, bytes: imageBytes });
  let wrongAt: number | null = null;
  const got = await exchangeOnce(way, downloadOf(offer.path), patience, (part, offset) => {
    if (wrongAt === null && !isPartOf(image, part, offset)) wrongAt = offset;
  });
  if (got.status !== 200) return fail(`download: ${got.end}, status ${got.status}`);
  if (got.end !== 'complete') {
    tally.cutShort += 1;
    return;
  }
  if (wrongAt === null && got.bytes === image.length) {
    tally.identical.set(offer.version, (tally.identical.get(offer.version) ?? 0) + 1);
    return;
  }
  const where = wrongAt === null ? '' : `, other bytes from ${wrongAt} on`;
  tally.corrupt += 1;
  if (tally.corruptions.length < MAX_TOLD)
    tally.corruptions.push(`${offer.version}: ${got.bytes} of ${image.length} bytes${where}`);
}

function fail(what: string): void {
  tally.failed.set(what, (tally.failed.get(what) ?? 0) + 1);
}

export type RestlessCalls = typeof calls;

answerCalls(calls);

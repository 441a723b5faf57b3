// Owns the check: one try of it, the tries that follow a failure, and what comes of them.

import { SCREEN_CODES, type Wiring } from './connection.ts';
import type { Quirks } from './generation.ts';
import { exchange, type Request } from './http-client.ts';
import { type ManifestVerdict, readManifest } from './manifest.ts';

type Answer = Omit<Extract<ManifestVerdict, { manifest: 'update' | 'current' }>, 'manifest'>;

export type CheckOutcome =
  /** An upgrade follows: the offered version is newer, or forced. */
  | ({ outcome: 'update'; version: string; url: string } & Omit<Answer, 'version' | 'url'>)
  /** Nothing to do. */
  | ({ outcome: 'current' } & Answer)
  /** `code` as it is on the screen: 264, 32769, 32772, 32774, 32794, an HTTP status, or -1. */
  | { outcome: 'failed'; code: number; because: string; tries: number }
  /** An exception or a failed assertion: the device restarts, asks again, and fails again. */
  | { outcome: 'crashed'; because: string };

/** A reply larger than this does not fit the heap of a device. */
const MAX_REPLY_BYTES = 64 * 1024;

/** Tries of one boot, and the pause in ms after the n-th failure (from 1): 10 s, doubled each time. */
export const MAX_TRIES = 10;
export function retryPauseMs(failures: number): number {
  return 10_000 * 2 ** (failures - 1);
}

/** One request and its verdict. What the reply brings for `flash` is stored even where the check crashes later on. */
export async function checkOnce(
  request: Request,
  running: string,
  flash: Map<string, string | number>,
  quirks: Quirks,
  wiring: Wiring,
): Promise<CheckOutcome> {
  const parts: Buffer[] = [];
  let received = 0;
  const reply = await exchange(request, quirks, wiring, {
    onHead: (head) => (head.status === 200 ? 'go-on' : 'stop'),
    onBody: (part) => {
      parts.push(part);
      received += part.length;
      return received > MAX_REPLY_BYTES ? 'stop' : 'go-on';
    },
  });
  if (reply.exchange === 'no-reply') return failed(reply.code, reply.because);
  const { head, end } = reply;
  if (head.status !== 200) return failed(head.status, `HTTP status ${head.status}`);
  if (end === 'stopped') return { outcome: 'crashed', because: `a reply of more than ${MAX_REPLY_BYTES} bytes` };
  if (end !== 'complete') {
    if (quirks.panicsOnTruncation) return { outcome: 'crashed', because: `assert: ${describeShort(end, received)}` };
    // ReadAll gives an empty text then, which is no JSON.
    return failed(SCREEN_CODES.badJson, describeShort(end, received));
  }
  const verdict = readManifest(Buffer.concat(parts), running, flash);
  if (verdict.manifest === 'bad-json') return failed(SCREEN_CODES.badJson, 'the reply is not JSON');
  if (verdict.manifest === 'abort') return { outcome: 'crashed', because: verdict.because };
  const { manifest, version, url, ...rest } = verdict;
  if (manifest === 'update' && version !== null && url !== null) return { outcome: 'update', version, url, ...rest };
  return { outcome: 'current', version, url, ...rest };
}

/** Tries until an answer, a crash, or the last failure. `pause` waits for the given milliseconds. */
export async function checkWithRetries(
  once: () => Promise<CheckOutcome>,
  tries: number,
  pause: (ms: number) => Promise<void>,
): Promise<CheckOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await once();
    if (outcome.outcome !== 'failed') return outcome;
    if (attempt >= tries) return { ...outcome, tries: attempt };
    await pause(retryPauseMs(attempt));
  }
}

function describeShort(end: string, received: number): string {
  return `the body ended (${end}) after ${received} bytes`;
}

function failed(code: number, because: string): CheckOutcome {
  return { outcome: 'failed', code, because, tries: 1 };
}

// Owns the download: a bare GET, written to the slot as it comes, and validated after its last byte.

import type { Wiring } from './connection.ts';
import type { Quirks } from './generation.ts';
import { exchange } from './http-client.ts';
import { type Chip, checkImage, hasImageMagic, IMAGE_HEAD_BYTES, readAppHead } from './image-check.ts';

export type DownloadOutcome =
  /** Whole and bootable. `version` is the image's own, whatever the manifest said. */
  | { outcome: 'valid'; version: string; project: string; elfSha256: string; bytes: number; elapsedMs: number }
  /** 1.5–1.9 leave an image alone that carries the running version. */
  | { outcome: 'skipped'; version: string; bytes: number }
  /** The device goes on with what it runs. `status` is null where no reply came. */
  | { outcome: 'failed'; at: DownloadStage; because: string; status: number | null; bytes: number }
  /** The device restarts in the middle, and starts again at byte 0. */
  | { outcome: 'crashed'; because: string; bytes: number };

/** Where a download fails: no reply, its status, its length, within the body, while writing, at the end. */
export type DownloadStage = 'request' | 'status' | 'length' | 'body' | 'write' | 'validate';

export type Slot = { chip: Chip; slotBytes: number; running: string };

/**
 * Fetches an image and validates it. No headers of the device go out: only the link can tell which device it is.
 * No Range, no second try, no redirect. Up to `slotBytes` are held in memory.
 */
export async function download(url: string, slot: Slot, quirks: Quirks, wiring: Wiring): Promise<DownloadOutcome> {
  const startedAt = performance.now();
  const parts: Buffer[] = [];
  let bytes = 0;
  let ended: DownloadOutcome | undefined;
  let status: number | null = null;

  const fail = (at: DownloadStage, because: string): DownloadOutcome => ({
    outcome: 'failed',
    at,
    because,
    status,
    bytes,
  });
  const request = { method: 'GET', url, headers: {}, body: Buffer.alloc(0) } as const;
  const reply = await exchange(request, quirks, wiring, {
    onHead: (head) => {
      status = head.status;
      if (head.status !== 200) ended = fail('status', `HTTP status ${head.status}`);
      else if (head.contentLength === 0) ended = fail('length', 'Failed to get content length');
      return ended === undefined ? 'go-on' : 'stop';
    },
    onBody: (part) => {
      const headBefore = bytes >= IMAGE_HEAD_BYTES;
      parts.push(part);
      bytes += part.length;
      if (!headBefore && bytes >= IMAGE_HEAD_BYTES) ended = judgeHead(Buffer.concat(parts));
      if (ended === undefined && bytes > slot.slotBytes) {
        ended = fail('write', `the image does not fit the slot of ${slot.slotBytes} bytes`);
      }
      return ended === undefined ? 'go-on' : 'stop';
    },
  });

  function judgeHead(head: Buffer): DownloadOutcome | undefined {
    const { version } = readAppHead(head);
    if (quirks.skipsSameVersion && version === slot.running) return { outcome: 'skipped', version, bytes };
    return hasImageMagic(head) ? undefined : fail('write', 'OTA image has invalid magic byte');
  }

  if (ended !== undefined) return ended;
  if (reply.exchange === 'no-reply') return fail('request', reply.because);
  if (reply.end !== 'complete') {
    const because = `${bytes} of ${reply.head.contentLength} bytes came (${reply.end})`;
    // Silence is an error of the read, and ends the upgrade; an early end trips an assertion in ESP-IDF's days.
    const crashes = quirks.panicsOnTruncation && reply.end === 'cut-short';
    return crashes ? { outcome: 'crashed', because, bytes } : fail('body', because);
  }
  const verdict = checkImage(Buffer.concat(parts), slot.chip);
  if (verdict.image === 'invalid') return fail('validate', verdict.because);
  const { version, project, elfSha256 } = verdict;
  return { outcome: 'valid', version, project, elfSha256, bytes, elapsedMs: performance.now() - startedAt };
}

// Owns what becomes of a whole and verified image: kept on the shelf and in the library, or passed on for a while.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import { HEAD_BYTES } from '../ota/image.ts';
import { cleanFileName } from './file-name.ts';
import type { Fill, GoodVerdict } from './fill.ts';
import { isStorable, type NameMemo } from './freshness.ts';
import type { Library } from './library.ts';
import { isNoRoom, type Partial } from './partial.ts';
import type { PassingImages } from './passing.ts';
import type { Shelf } from './shelf.ts';

export type KeepingParts = {
  library: Library;
  shelf: Shelf;
  passing: PassingImages;
  log: Log;
  settings: () => { maxBytes: number };
};

/**
 * Takes over the file of a whole image. Gives back where it stands from now on.
 * @throws {Error} with the system's code, where neither the disk nor memory takes it
 */
export async function keepImage(
  { library, shelf, settings, passing, log }: KeepingParts,
  begun: { name: string | null; policy: NameMemo['policy'] },
  fill: Fill,
  verdict: GoodVerdict,
  partial: Partial,
): Promise<string> {
  const { memo } = partial;
  const nowMs = Date.now();
  const fileName = cleanFileName(memo.fileName ?? 'firmware.bin');
  const lastModifiedMs = readDate(memo.lastModified);
  if (
    fill.kept &&
    isStorable(begun.policy) &&
    (library.image(verdict.sha256) !== undefined || library.makeRoom(verdict.length, settings().maxBytes))
  ) {
    const head = (await partial.read(0, HEAD_BYTES)).toString('hex');
    try {
      await shelf.place(partial, verdict.sha256);
      library.add({
        sha256: verdict.sha256,
        kind: verdict.kind,
        length: verdict.length,
        fileName,
        contentType: memo.contentType,
        facts: { ...verdict.facts },
        pinned: false,
        addedMs: nowMs,
        offeredMs: nowMs,
      });
      if (begun.name !== null) {
        const { etag, lastModified } = memo;
        const kept: NameMemo = {
          policy: begun.policy,
          length: verdict.length,
          fileName: memo.fileName,
          etag,
          lastModified,
          head,
        };
        library.name({ name: begun.name, sha256: verdict.sha256, checkedMs: nowMs, usedMs: nowMs, memo: kept });
      }
      return shelf.image(verdict.sha256);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      log.warn(
        { event: 'firmware-not-kept', detail: errorText(error) },
        'the disk does not take a firmware: it is passed on',
      );
    }
  } else if (fill.kept && isStorable(begun.policy)) {
    log.warn(
      { event: 'firmware-store-full', bytes: library.bytes(), maxBytes: settings().maxBytes },
      `no room in the firmware store for ${printable(fileName, 120)}, since all that is there is pinned or current: raise firmware.maxBytes or purge something`,
    );
  }
  if (fill.kept) await shelf.pass(partial);
  await partial.close();
  const { contentType } = memo;
  const image = {
    id: fill.id,
    sha256: verdict.sha256,
    file: partial.file,
    length: verdict.length,
    fileName,
    contentType,
    lastModifiedMs,
    app: verdict.facts,
  };
  passing.add(isStorable(begun.policy) ? begun.name : null, image, nowMs);
  return partial.file;
}

function readDate(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

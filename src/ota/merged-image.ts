// Owns cutting the app out of a merged image (bootloader, partition table and app in one file, as `esptool merge_bin`
// makes it), which no device can take over the air.
import { signatureLength } from './app-signature.ts';
import { type AppFacts, endOfImage, HEADER_BYTES, judgeHead, SEGMENT_HEADER_BYTES, segmentLength } from './image.ts';
import { ImageVerifier } from './image-verifier.ts';
import {
  appPartitions,
  hasPartitionTable,
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  type Partition,
  readPartitions,
} from './partition-table.ts';

/** `bytes` is a view of the flash that was given, no copy. */
export type ExtractedApp = { ok: true; bytes: Buffer; facts: AppFacts } | { ok: false; why: string };

export const MAX_FLASH_BYTES = 16 * 1024 * 1024;

/**
 * The app in a flash image, whole and verified: the one of the factory partition, else of ota_0, ota_1 and so on.
 * Never throws, whatever the bytes are.
 */
export function extractApp(flash: Buffer): ExtractedApp {
  if (flash.length > MAX_FLASH_BYTES) return no(`it has ${flash.length} bytes, more than a flash of 16 MiB`);
  if (judgeHead(flash, flash.length).kind === 'app') return no('it is an app already: there is nothing to cut out');
  if (!hasPartitionTable(flash)) return no('there is no partition table at 0x8000');
  const table = flash.subarray(PARTITION_TABLE_OFFSET, PARTITION_TABLE_OFFSET + PARTITION_TABLE_BYTES);
  let why = 'none of its partitions holds an app';
  for (const partition of appPartitions(readPartitions(table))) {
    const slot = flash.subarray(partition.offset, partition.offset + partition.size);
    const head = judgeHead(slot, slot.length);
    if (head.kind === 'app') return cut(slot, head.facts, partition);
    // A file that ends where the app ends has no bytes for the slots behind it.
    if (head.kind === 'unfit' && slot.length > 0) why = `partition ${partition.label} holds no app: ${head.why}`;
  }
  return no(why);
}

function cut(slot: Buffer, facts: AppFacts, { label }: Partition): ExtractedApp {
  const length = appLength(slot, facts);
  if (length === null) return no(`the app in partition ${label} is damaged: a segment has no possible length`);
  if (length > slot.length) return no(`the app in partition ${label} ends before it is whole`);
  const bytes = slot.subarray(0, length);
  const verifier = new ImageVerifier(length);
  verifier.update(bytes);
  const verdict = verifier.finish();
  if (verdict.ok) return { ok: true, bytes, facts };
  return no(
    `the app in partition ${label} is damaged: ${verdict.what} should be ${verdict.expected}, is ${verdict.found}`,
  );
}

/** Of an app at the start of a slot, in bytes, with its signature; null where its segments cannot be walked. */
function appLength(slot: Buffer, { segments, hashAppended }: AppFacts): number | null {
  let at = HEADER_BYTES;
  for (let index = 0; index < segments && at < slot.length; index += 1) {
    const length = segmentLength(slot, at);
    if (length === null) return null;
    at += SEGMENT_HEADER_BYTES + length;
  }
  const { end } = endOfImage(at, hashAppended);
  return end + signatureLength(slot, end);
}

function no(why: string): ExtractedApp {
  return { ok: false, why };
}

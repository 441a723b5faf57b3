// Owns the first look at a file of firmware: from its head, what it is and what it says of itself. The head of an app is
// laid out by ESP-IDF's esp_app_format.h and esp_app_desc.h, little-endian.
import { isAssetsHead } from './assets-image.ts';
import { hexByte, textAt, wordAt } from './image-bytes.ts';
import { hasPartitionTable, PARTITION_TABLE_OFFSET } from './partition-table.ts';

export type AppFacts = {
  /** As devices name themselves in `chip_model_name`: `esp32s3`; `chip-0x..` where the id is unknown. */
  chip: string;
  chipId: number;
  /** Of the flash that it was built for; null where the code is unknown. */
  flashBytes: number | null;
  segments: number;
  secureVersion: number;
  project: string;
  version: string;
  /** Date and time as the compiler wrote them: `Nov 22 2026 12:05:12`; empty where the build left them out. */
  builtAt: string;
  idfVersion: string;
  /** Of the program before it became an image; hexadecimal. */
  elfSha256: string;
  /** Whether the SHA-256 of the image is its end. Without it, only a checksum of 8 bits guards the segments. */
  hashAppended: boolean;
};

/** What a file is. `unfit`: one for an ESP32, but none that a device could take over the air. */
export type ImageKind =
  | { kind: 'app'; facts: AppFacts }
  | { kind: 'merged' }
  | { kind: 'assets' }
  | { kind: 'other' }
  | { kind: 'unfit'; why: string };

/** `more`: so many bytes from the start have to be there before it can be told. */
export type HeadVerdict = { kind: 'more'; bytes: number } | ImageKind;

/** Header, first segment's header and description: what a device reads before it begins to write. */
export const HEAD_BYTES = 288;
export const HEADER_BYTES = 24;
export const SEGMENT_HEADER_BYTES = 8;

const IMAGE_MAGIC = 0xe9;
const ERASED = 0xff;
const APP_MAGIC = 0xabcd5432;
const APP_MAGIC_OFFSET = 32;
const DESCRIPTION_BYTES = 256;
const MAX_SEGMENTS = 16;
const SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024;

// esp_chip_id_t.
const CHIPS: ReadonlyMap<number, string> = new Map([
  [0x00, 'esp32'],
  [0x02, 'esp32s2'],
  [0x05, 'esp32c3'],
  [0x09, 'esp32s3'],
  [0x0c, 'esp32c2'],
  [0x0d, 'esp32c6'],
  [0x10, 'esp32h2'],
  [0x12, 'esp32p4'],
  [0x14, 'esp32c61'],
  [0x17, 'esp32c5'],
  [0x19, 'esp32h21'],
  [0x1c, 'esp32h4'],
  [0x20, 'esp32s31'],
]);
// esp_image_flash_size_t: 1 MB, doubled with each code.
const LAST_FLASH_CODE = 7;
const MEGABYTE = 1024 * 1024;

/**
 * Judges a file by its beginning. Total: it never throws, whatever the bytes are.
 * @param head the first bytes; where it is the whole file, it is judged by what there is
 * @param length of the whole file in bytes; null where it is not known yet
 */
export function judgeHead(head: Uint8Array, length: number | null): HeadVerdict {
  if (!reaches(head, HEAD_BYTES, length)) return more(HEAD_BYTES, length);
  if (head.length === 0) return unfit('it is empty');
  if (hasAppMagic(head)) return readAppHead(head, length);
  if (isAssetsHead(head, length)) return { kind: 'assets' };
  // A merged image begins with a bootloader, or with the erased flash before it (ESP32, S2, P4, C5).
  const isImage = head[0] === IMAGE_MAGIC;
  if (!isImage && head[0] !== ERASED) return { kind: 'other' };
  const wanted = PARTITION_TABLE_OFFSET + 2;
  if (!reaches(head, wanted, length)) return more(wanted, length);
  if (hasPartitionTable(head)) return { kind: 'merged' };
  return isImage ? unfit('it has no description of an app: a bootloader, or damaged') : { kind: 'other' };
}

function reaches(head: Uint8Array, bytes: number, length: number | null): boolean {
  return head.length >= Math.min(bytes, length ?? bytes);
}

function more(bytes: number, length: number | null): HeadVerdict {
  return { kind: 'more', bytes: Math.min(bytes, length ?? bytes) };
}

function hasAppMagic(head: Uint8Array): boolean {
  return head.length >= APP_MAGIC_OFFSET + 4 && wordAt(head, APP_MAGIC_OFFSET) === APP_MAGIC;
}

/** What a file is that has the app's mark. */
function readAppHead(head: Uint8Array, length: number | null): ImageKind {
  const [magic = 0, segments = 0] = head;
  const hashFlag = head[23] ?? 0;
  const first = segmentLength(head, HEADER_BYTES);
  if (magic !== IMAGE_MAGIC) return unfit(`it begins with ${hexByte(magic)} instead of 0xe9: its head is damaged`);
  if (head.length < HEAD_BYTES) return unfit(`it ends after ${head.length} bytes, within its head`);
  if (segments === 0 || segments > MAX_SEGMENTS) return unfit(`it claims ${segments} segments, not 1 to 16`);
  // ESP-IDF takes any value but 0 for "appended"; its tools write and read 0 and 1 alone.
  if (hashFlag > 1) return unfit(`its mark for an appended SHA-256 is ${hexByte(hashFlag)}, not 0 or 1`);
  if (first === null || first < DESCRIPTION_BYTES) return unfit('the length of its first segment cannot be right');
  if (length !== null && HEADER_BYTES + SEGMENT_HEADER_BYTES + first > length)
    return unfit(`its first segment alone is longer than its ${length} bytes`);
  return { kind: 'app', facts: readFacts(head) };
}

/** The length in a segment's header at this offset, or null where ESP-IDF would refuse it (verify_segment_header). */
export function segmentLength(bytes: Uint8Array, offset: number): number | null {
  const length = wordAt(bytes, offset + 4);
  return length % 4 === 0 && length < SEGMENT_LIMIT_BYTES ? length : null;
}

/** Where an image ends, from the end of its last segment: its checksum is the last byte of a block of 16. */
export function endOfImage(endOfSegments: number, hashAppended: boolean): { hashed: number; end: number } {
  const hashed = Math.ceil((endOfSegments + 1) / 16) * 16;
  return { hashed, end: hashed + (hashAppended ? 32 : 0) };
}

function readFacts(head: Uint8Array): AppFacts {
  const chipId = wordAt(head, 12) & 0xffff;
  const flashCode = (head[3] ?? 0) >> 4;
  return {
    chip: CHIPS.get(chipId) ?? `chip-0x${chipId.toString(16).padStart(2, '0')}`,
    chipId,
    flashBytes: flashCode <= LAST_FLASH_CODE ? MEGABYTE << flashCode : null,
    segments: head[1] ?? 0,
    secureVersion: wordAt(head, 36),
    version: textAt(head, 48, 32),
    project: textAt(head, 80, 32),
    builtAt: `${textAt(head, 128, 16)} ${textAt(head, 112, 16)}`.trim(),
    idfVersion: textAt(head, 144, 32),
    elfSha256: Buffer.from(head.subarray(176, 208)).toString('hex'),
    hashAppended: head[23] === 1,
  };
}

function unfit(why: string): ImageKind {
  return { kind: 'unfit', why };
}

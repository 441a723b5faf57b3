// Owns what the device makes of a written image before it boots it: the walk of ESP-IDF's esp_image_format.c.
// On purpose it shares nothing with the gate's own reader, so that a fault in one cannot hide a fault in the other.

import { createHash } from 'node:crypto';

export type Chip = 'esp32' | 'esp32s3' | 'esp32c3';

/** Chip ids of the image header (esp_app_format.h). */
export const CHIP_IDS: Record<Chip, number> = { esp32: 0, esp32s3: 9, esp32c3: 5 };

export type ImageVerdict =
  | { image: 'valid'; version: string; project: string; elfSha256: string; bytes: number }
  | { image: 'invalid'; because: string };

const IMAGE_MAGIC = 0xe9;
const APP_MAGIC = 0xabcd5432;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const MAX_SEGMENTS = 16;
const SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024;
const CHECKSUM_SEED = 0xef;
const HASH_BYTES = 32;

/** Header, first segment header and app description: what the firmware reads before it begins to write. */
export const IMAGE_HEAD_BYTES = 288;

/** What the head of an image says of itself. `head` holds at least 288 bytes; nothing is checked. */
export function readAppHead(head: Buffer): { version: string; project: string; elfSha256: string } {
  return {
    version: cString(head.subarray(48, 80)),
    project: cString(head.subarray(80, 112)),
    elfSha256: head.subarray(176, 208).toString('hex'),
  };
}

/** Whether the first byte is one that `esp_ota_write` takes: it refuses another at once, before anything is stored. */
export function hasImageMagic(image: Buffer): boolean {
  return image[0] === IMAGE_MAGIC;
}

/**
 * The verdict on a whole image, in the order in which ESP-IDF checks: magic, chip, segments, checksum, SHA-256,
 * app description. Bytes after the image are not looked at, as on the device. A merged image starts with the
 * bootloader, which is an image too, but carries no app description at 32 (or, for ESP32, starts with 0xFF).
 */
export function checkImage(image: Buffer, chip: Chip): ImageVerdict {
  if (image.length < HEADER_BYTES) return invalid(`only ${image.length} bytes`);
  if (!hasImageMagic(image)) return invalid(`magic byte is 0x${hex(image[0] ?? 0)}, not 0xe9`);
  const chipId = image.readUInt16LE(12);
  if (chipId !== CHIP_IDS[chip]) return invalid(`chip id is ${chipId}, this device is ${CHIP_IDS[chip]} (${chip})`);
  const count = image.readUInt8(1);
  if (count < 1 || count > MAX_SEGMENTS) return invalid(`segment count is ${count}, not 1 to ${MAX_SEGMENTS}`);

  let offset = HEADER_BYTES;
  let checksum = CHECKSUM_SEED;
  for (let index = 0; index < count; index++) {
    if (offset + SEGMENT_HEADER_BYTES > image.length) return invalid(`ends before the header of segment ${index}`);
    const length = image.readUInt32LE(offset + 4);
    offset += SEGMENT_HEADER_BYTES;
    if (length % 4 !== 0 || length >= SEGMENT_LIMIT_BYTES) return invalid(`segment ${index} has length ${length}`);
    if (offset + length > image.length) return invalid(`ends within segment ${index}`);
    for (const byte of image.subarray(offset, offset + length)) checksum ^= byte;
    offset += length;
  }

  // The checksum is the last byte of a block of 16 that begins after the last segment.
  const end = (offset + 1 + 15) & ~15;
  if (end > image.length) return invalid('ends before its checksum');
  const stored = image.readUInt8(end - 1);
  if (stored !== checksum) return invalid(`checksum is 0x${hex(stored)}, the data gives 0x${hex(checksum)}`);
  const hashed = image.readUInt8(23) === 1;
  if (hashed) {
    if (end + HASH_BYTES > image.length) return invalid('ends before its SHA-256');
    const digest = createHash('sha256').update(image.subarray(0, end)).digest();
    if (!digest.equals(image.subarray(end, end + HASH_BYTES))) return invalid('Image hash failed');
  }
  if (image.length < IMAGE_HEAD_BYTES || image.readUInt32LE(32) !== APP_MAGIC) {
    return invalid('no app description at 32: a bootloader or merged image');
  }
  return { image: 'valid', ...readAppHead(image), bytes: hashed ? end + HASH_BYTES : end };
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function invalid(because: string): ImageVerdict {
  return { image: 'invalid', because };
}

// Builds ESP32 application images byte by byte: whole ones, and ones with a fault planted.
import { createCipheriv, createHash } from 'node:crypto';
import { buildFlash } from './flash-layout.ts';

/** Chip ids as they stand at offset 12 of an image (esp_chip_id_t of ESP-IDF). */
export const CHIP_IDS = {
  esp32: 0,
  esp32s2: 2,
  esp32c3: 5,
  esp32s3: 9,
  esp32c2: 0x0c,
  esp32c6: 0x0d,
  esp32h2: 0x10,
  esp32p4: 0x12,
  esp32c5: 0x17,
} as const;

export type ChipName = keyof typeof CHIP_IDS;

/**
 * What is wrong with an image.
 * - `wrong-chip`: whole and consistent, but for another chip than the one asked for.
 * - `flipped-bit`: one bit in the middle differs; checksum and SHA-256 are of the right bytes.
 * - `truncated`: the last third is missing.
 * - `merged`: a whole flash image, with bootloader and partition table before the app.
 * - `other-version`: whole, but its description carries another version than the one asked for.
 */
export type ImageFault = 'wrong-chip' | 'flipped-bit' | 'truncated' | 'merged' | 'other-version';

export interface ImageOptions {
  /** At most 31 bytes, like `project`; the field of 32 ends with a zero byte. */
  version: string;
  project?: string;
  chip?: ChipName;
  /** Of the whole file in bytes, before a fault is planted; rounded up to a multiple of 16, 1 KiB at the least. */
  size?: number;
  /** `Nov 22 2026`, as the compiler's `__DATE__` writes it. */
  buildDate?: string;
  /** `12:05:12` */
  buildTime?: string;
  idfVersion?: string;
  secureVersion?: number;
  /** Flash size in MB: 2, 4, 8, 16 or 32. */
  flashMegabytes?: 2 | 4 | 8 | 16 | 32;
  /** Whether the SHA-256 of the file follows the checksum (offset 23). */
  hashAppended?: boolean;
  /** 32 bytes; left out, it follows from the seed and the version. */
  elfSha256?: Buffer;
  /** The filler follows from it alone: the same seed, the same bytes. */
  seed?: string;
  fault?: ImageFault;
}

export interface MergedImageOptions extends ImageOptions {
  /** Where the app begins in flash; a multiple of 64 KiB, past the partition table. */
  appOffset?: number;
}

const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const DESCRIPTION_BYTES = 256;
const CHECKSUM_SEED = 0xef;
const SMALLEST_IMAGE = 1024;
const FLASH_SIZE_CODES = { 2: 1, 4: 2, 8: 3, 16: 4, 32: 5 } as const;

interface Segment {
  loadAddress: number;
  data: Buffer;
}

/**
 * An application image in the format of ESP-IDF's bootloader (esp_app_format.h, esp_app_desc.h).
 * @throws {RangeError} where a text does not fit its field.
 */
export function buildImage(options: ImageOptions): Buffer {
  const chip = options.chip ?? 'esp32s3';
  if (options.fault === undefined) return wholeImage(options, chip);
  switch (options.fault) {
    case 'wrong-chip':
      return wholeImage(options, chip === 'esp32c3' ? 'esp32s3' : 'esp32c3');
    case 'other-version':
      return wholeImage({ ...options, version: `${options.version}.9` }, chip);
    case 'merged':
      return buildMergedImage(withoutFault(options));
    case 'truncated': {
      const image = wholeImage(options, chip);
      return image.subarray(0, Math.floor((image.length * 2) / 3));
    }
    case 'flipped-bit': {
      const image = wholeImage(options, chip);
      const middle = image.length >> 1;
      image.writeUInt8(image.readUInt8(middle) ^ 0x10, middle);
      return image;
    }
  }
}

/**
 * What a factory flashes: bootloader, partition table (`AA 50` at 0x8000) and app in one file. The app in it, at
 * `appOffset`, is what `buildImage` gives for the same options; `size` is the app's.
 * @throws {RangeError} where a text does not fit its field, or `appOffset` is not one that a bootloader takes.
 */
export function buildMergedImage(options: MergedImageOptions): Buffer {
  const chip = options.chip ?? 'esp32s3';
  const bootloader = assemble(
    [{ loadAddress: 0x403c_9700, data: filler('bootloader', 14 * 1024) }],
    CHIP_IDS[chip],
    FLASH_SIZE_CODES[options.flashMegabytes ?? 16],
    true,
  );
  const { appOffset = 0x2_0000, ...app } = options;
  return buildFlash({ chip, bootloader, app: buildImage(app), appOffset });
}

function withoutFault(options: ImageOptions): ImageOptions {
  const { fault: _, ...rest } = options;
  return rest;
}

function wholeImage(options: ImageOptions, chip: ChipName): Buffer {
  const hashAppended = options.hashAppended ?? true;
  const size = Math.ceil(Math.max(options.size ?? 300_000, SMALLEST_IMAGE) / 16) * 16;
  // Every segment is a multiple of 4 and the file without its hash one of 16: with 3 bytes of padding and the
  // checksum, the segments fill the rest to the byte.
  const room = size - (hashAppended ? 32 : 0) - 4 - HEADER_BYTES - 4 * SEGMENT_HEADER_BYTES;
  const shares = [room >> 2, room >> 5, room >> 4].map((share) => share & ~3);
  const [rodata = 0, dram = 0, iram = 0] = shares;
  const seed = options.seed ?? `${options.project ?? 'xiaozhi'} ${options.version}`;
  const text = room - DESCRIPTION_BYTES - rodata - dram - iram;
  const segments: Segment[] = [
    { loadAddress: 0x3c15_0020, data: Buffer.concat([description(options, seed), filler(`${seed} rodata`, rodata)]) },
    { loadAddress: 0x3fc9_a000, data: filler(`${seed} dram`, dram) },
    { loadAddress: 0x4037_4000, data: filler(`${seed} iram`, iram) },
    { loadAddress: 0x4200_0020, data: filler(`${seed} text`, text) },
  ];
  return assemble(segments, CHIP_IDS[chip], FLASH_SIZE_CODES[options.flashMegabytes ?? 16], hashAppended);
}

function assemble(segments: Segment[], chipId: number, flashSizeCode: number, hashAppended: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(0xe9, 0);
  header.writeUInt8(segments.length, 1);
  header.writeUInt8(2, 2);
  header.writeUInt8((flashSizeCode << 4) | 0x0f, 3);
  header.writeUInt32LE(0x4037_5a20, 4);
  header.writeUInt8(0xee, 8);
  header.writeUInt16LE(chipId, 12);
  header.writeUInt16LE(99, 17);
  header.writeUInt8(hashAppended ? 1 : 0, 23);

  const parts: Buffer[] = [header];
  let checksum = CHECKSUM_SEED;
  for (const { loadAddress, data } of segments) {
    const segmentHeader = Buffer.alloc(SEGMENT_HEADER_BYTES);
    segmentHeader.writeUInt32LE(loadAddress, 0);
    segmentHeader.writeUInt32LE(data.length, 4);
    parts.push(segmentHeader, data);
    for (const byte of data) checksum ^= byte;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.alloc(15 - (length % 16) + 1);
  padding.writeUInt8(checksum, padding.length - 1);
  parts.push(padding);
  const image = Buffer.concat(parts);
  return hashAppended ? Buffer.concat([image, createHash('sha256').update(image).digest()]) : image;
}

function description(options: ImageOptions, seed: string): Buffer {
  const block = Buffer.alloc(DESCRIPTION_BYTES);
  block.writeUInt32LE(0xabcd_5432, 0);
  block.writeUInt32LE(options.secureVersion ?? 0, 4);
  const text = (value: string, offset: number, field: number) => {
    const bytes = Buffer.from(value);
    if (bytes.length >= field) throw new RangeError(`"${value}" does not fit a field of ${field} bytes`);
    bytes.copy(block, offset);
  };
  text(options.version, 16, 32);
  text(options.project ?? 'xiaozhi', 48, 32);
  text(options.buildTime ?? '12:05:12', 80, 16);
  text(options.buildDate ?? 'Nov 22 2026', 96, 16);
  text(options.idfVersion ?? 'v5.5.1', 112, 32);
  const elf = options.elfSha256 ?? createHash('sha256').update(`${seed} ${options.version} elf`).digest();
  if (elf.length !== 32) throw new RangeError('elfSha256 is 32 bytes');
  elf.copy(block, 144);
  return block;
}

/** A key stream: as incompressible as real code, or more, and the same on every run. */
function filler(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

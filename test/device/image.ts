// Owns the images of the device tests: small ones that ESP-IDF would boot, built from the format's description.

import { createHash } from 'node:crypto';

export type ImageFacts = { version?: string; project?: string; chipId?: number; hashed?: boolean; dataBytes?: number };

/** A bootable app image: two segments, the first with the app description; checksum, and a SHA-256 unless told not to. */
export function appImage(facts: ImageFacts = {}): Buffer {
  const description = Buffer.alloc(256);
  description.writeUInt32LE(0xabcd5432, 0);
  description.write(facts.version ?? '2.0.0', 16, 'utf8');
  description.write(facts.project ?? 'xiaozhi', 48, 'utf8');
  description.write('10:20:30', 80);
  description.write('Jul 12 2025', 96);
  description.write('v5.4.1', 112);
  description.fill(0xe1, 144, 176);
  const code = Buffer.alloc(facts.dataBytes ?? 4096, Buffer.from('some code of the app, over and over. '));
  return assemble([description, code], facts.chipId ?? 9, facts.hashed ?? true);
}

/** A merged image: a bootloader, whole in itself, then a partition table at 0x8000 and the app at 0x10000. */
export function mergedImage(): Buffer {
  const bootloader = assemble([Buffer.alloc(2048, 0x36)], 9, true);
  const merged = Buffer.alloc(0x10000, 0xff);
  bootloader.copy(merged, 0);
  merged.write('aa50', 0x8000, 'hex');
  return Buffer.concat([merged, appImage()]);
}

function assemble(segments: Buffer[], chipId: number, hashed: boolean): Buffer {
  const header = Buffer.alloc(24);
  header[0] = 0xe9;
  header[1] = segments.length;
  header[3] = 0x4f;
  header.writeUInt16LE(chipId, 12);
  header[23] = hashed ? 1 : 0;
  const parts: Buffer[] = [header];
  let checksum = 0xef;
  for (const [index, segment] of segments.entries()) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0x3c000020 + index * 0x10000, 0);
    head.writeUInt32LE(segment.length, 4);
    parts.push(head, segment);
    for (const byte of segment) checksum ^= byte;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.alloc(16 - (length % 16));
  padding[padding.length - 1] = checksum;
  const plain = Buffer.concat([...parts, padding]);
  return hashed ? Buffer.concat([plain, createHash('sha256').update(plain).digest()]) : plain;
}

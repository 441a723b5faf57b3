// The image builder, checked by a walk over the bytes that shares nothing with it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildImage, buildMergedImage } from '../../src/demo/image.ts';

interface Walked {
  chip: number;
  flashSize: number;
  segments: number[];
  checksumFits: boolean;
  hashFits: boolean;
  trailing: number;
}

function walk(image: Buffer): Walked {
  assert.equal(image[0], 0xe9, 'magic');
  let at = 24;
  let checksum = 0xef;
  const segments: number[] = [];
  for (let left = image[1] ?? 0; left > 0; left--) {
    const length = image.readUInt32LE(at + 4);
    assert.equal(length % 4, 0, 'a segment is a multiple of 4');
    at += 8;
    for (const end = at + length; at < end; at++) checksum ^= image[at] ?? 0;
    segments.push(length);
  }
  while ((at + 1) % 16 !== 0) at++;
  const checksumFits = image[at] === checksum;
  at++;
  const hash = createHash('sha256').update(image.subarray(0, at)).digest();
  const hashed = image[23] === 1;
  return {
    chip: image.readUInt16LE(12),
    flashSize: (image[3] ?? 0) >> 4,
    segments,
    checksumFits,
    hashFits: hashed && hash.equals(image.subarray(at, at + 32)),
    trailing: image.length - at - (hashed ? 32 : 0),
  };
}

function textAt(image: Buffer, offset: number, length: number): string {
  return image.toString('latin1', offset, offset + length).replace(/\0.*$/s, '');
}

describe('an image', () => {
  it('is whole by every rule of the bootloader, and of the wanted size', () => {
    for (const size of [1024, 300_000, 3_145_728]) {
      const image = buildImage({ version: '2.0.0', size });
      assert.equal(image.length, size);
      const walked = walk(image);
      assert.deepEqual(
        { ...walked, segments: walked.segments.length },
        { chip: 9, flashSize: 4, segments: 4, checksumFits: true, hashFits: true, trailing: 0 },
      );
    }
    assert.equal(buildImage({ version: '2.0.0', size: 300_001 }).length, 300_016);
  });

  it('carries its description where the bootloader looks for it', () => {
    const elfSha256 = createHash('sha256').update('elf').digest();
    const image = buildImage({
      version: '1.6.0',
      project: 'bread',
      buildDate: 'Mar  1 2026',
      elfSha256,
      secureVersion: 3,
    });
    assert.equal(image.readUInt32LE(32), 0xabcd5432);
    assert.equal(image.readUInt32LE(36), 3);
    assert.equal(textAt(image, 48, 32), '1.6.0');
    assert.equal(textAt(image, 80, 32), 'bread');
    assert.equal(textAt(image, 112, 16), '12:05:12');
    assert.equal(textAt(image, 128, 16), 'Mar  1 2026');
    assert.equal(textAt(image, 144, 32), 'v5.5.1');
    assert.deepEqual(image.subarray(176, 208), elfSha256);
  });

  it('ends with the checksum where no hash is appended', () => {
    const image = buildImage({ version: '2.0.0', size: 4096, hashAppended: false });
    assert.equal(image.length, 4096);
    assert.deepEqual([walk(image).checksumFits, walk(image).trailing, image[23]], [true, 0, 0]);
  });

  it('is the same for the same seed, another for another, and does not compress', () => {
    const build = (seed: string) => buildImage({ version: '2.0.0', size: 65_536, seed });
    assert.deepEqual(build('a'), build('a'));
    assert.notDeepEqual(build('a'), build('b'));
    assert.ok(gzipSync(build('a')).length > 65_000);
  });

  it('refuses a text that does not fit its field', () => {
    assert.throws(() => buildImage({ version: '1'.repeat(32) }), RangeError);
    assert.equal(textAt(buildImage({ version: '1'.repeat(31) }), 48, 32), '1'.repeat(31));
  });
});

describe('a planted fault', () => {
  const whole = buildImage({ version: '2.0.0', size: 65_536 });

  it('wrong-chip: consistent, for another chip', () => {
    const walked = walk(buildImage({ version: '2.0.0', chip: 'esp32s3', fault: 'wrong-chip' }));
    assert.deepEqual([walked.chip, walked.checksumFits, walked.hashFits], [5, true, true]);
    assert.equal(walk(buildImage({ version: '2.0.0', chip: 'esp32c3', fault: 'wrong-chip' })).chip, 9);
  });

  it('flipped-bit: one bit of the segments differs, and neither checksum nor hash fits', () => {
    const flipped = buildImage({ version: '2.0.0', size: 65_536, fault: 'flipped-bit' });
    const different = [...whole.keys()].filter((at) => whole[at] !== flipped[at]);
    assert.equal(different.length, 1);
    const walked = walk(flipped);
    assert.deepEqual([walked.checksumFits, walked.hashFits, walked.trailing], [false, false, 0]);
  });

  it('truncated: the beginning of the whole one', () => {
    const cut = buildImage({ version: '2.0.0', size: 65_536, fault: 'truncated' });
    assert.equal(cut.length, 43_690);
    assert.deepEqual(cut, whole.subarray(0, 43_690));
  });

  it('other-version: whole, but not the version that was asked for', () => {
    const other = buildImage({ version: '2.0.0', fault: 'other-version' });
    assert.equal(textAt(other, 48, 32), '2.0.0.9');
    assert.equal(walk(other).hashFits, true);
  });
});

describe('a merged image', () => {
  it('has no description at 32, a partition table at 0x8000, and the app where the table says', () => {
    const merged = buildMergedImage({ version: '2.0.0', size: 300_000 });
    assert.notEqual(merged.readUInt32LE(32), 0xabcd5432);
    assert.equal(merged[0], 0xe9);
    assert.equal(walk(merged.subarray(0, 14_416)).hashFits, true, 'the bootloader is an image itself');

    const table = new Map<string, { type: number; offset: number; size: number }>();
    let at = 0x8000;
    for (; merged.readUInt16BE(at) === 0xaa50; at += 32) {
      const entry = {
        type: merged[at + 2] ?? -1,
        offset: merged.readUInt32LE(at + 4),
        size: merged.readUInt32LE(at + 8),
      };
      table.set(textAt(merged, at + 12, 16), entry);
    }
    assert.deepEqual([...table.keys()], ['nvs', 'otadata', 'phy_init', 'ota_0', 'ota_1']);
    assert.equal(merged.readUInt16BE(at), 0xebeb);
    assert.deepEqual(merged.subarray(at + 16, at + 32), createHash('md5').update(merged.subarray(0x8000, at)).digest());

    const slot = table.get('ota_0');
    assert.ok(slot !== undefined && slot.type === 0 && slot.size >= 300_000);
    assert.deepEqual(merged.subarray(slot.offset), buildImage({ version: '2.0.0', size: 300_000 }));
  });

  it('begins with erased flash where the chip is an ESP32', () => {
    const merged = buildMergedImage({ version: '2.0.0', chip: 'esp32', appOffset: 0x10_0000 });
    assert.ok(merged.subarray(0, 0x1000).every((byte) => byte === 0xff));
    assert.equal(merged[0x1000], 0xe9);
    assert.equal(walk(merged.subarray(0x10_0000)).chip, 0);
    assert.throws(() => buildMergedImage({ version: '2.0.0', appOffset: 0x1234 }), RangeError);
  });

  it('is what the fault "merged" gives', () => {
    assert.deepEqual(buildImage({ version: '2.0.0', fault: 'merged' }), buildMergedImage({ version: '2.0.0' }));
  });
});

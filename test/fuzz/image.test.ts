// Whatever bytes come as an image: the reader never throws, judges the same however they are cut, and reads no further.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildImage } from '../../src/demo/image.ts';
import { judgeHead } from '../../src/ota/image.ts';
import { ImageVerifier } from '../../src/ota/image-verifier.ts';
import { extractApp } from '../../src/ota/merged-image.ts';
import { outcome, verify } from '../ota/image-samples.ts';

const SOUND = buildImage({ version: '2.0.0', size: 8_192 });

/** Sound images that something happened to: bytes written over, cut out, put in, or cut off. */
const hurt = fc
  .array(
    fc.record({
      at: fc.nat(SOUND.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      how: fc.constantFrom('over', 'in', 'out', 'off'),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((blows) =>
    blows.reduce<Buffer>((image, { at, bytes, how }) => {
      const place = Math.min(at, image.length);
      if (how === 'off') return image.subarray(0, place);
      const behind = how === 'in' ? place : place + bytes.length;
      const middle = how === 'out' ? [] : [Buffer.from(bytes)];
      return Buffer.concat([image.subarray(0, place), ...middle, image.subarray(behind)]);
    }, SOUND),
  );
const anything = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  // Past the first look: the marks of an app, and noise.
  fc.uint8Array({ minLength: 300, maxLength: 2_000 }).map((bytes) => {
    const image = Buffer.from(bytes);
    image[0] = 0xe9;
    image.writeUInt32LE(0xabcd5432, 32);
    return image;
  }),
  hurt,
);

test('no image that something happened to is taken for the app that it was', () => {
  fc.assert(
    fc.property(hurt, (image) => {
      if (image.equals(SOUND)) return;
      assert.notEqual(outcome(image), 'app');
    }),
    { numRuns: 2_000 },
  );
});

test('any bytes get a verdict, the same one however they are cut into pieces', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 700 }), fc.constantFrom(0, 1, -1), (image, piece, more) => {
      const promised = Math.max(0, image.length + more);
      assert.deepEqual(verify(image, piece, promised), verify(image, image.length || 1, promised));
      assert.deepEqual(judgeHead(image, image.length), judgeHead(Buffer.from(image), image.length));
    }),
    { numRuns: 1_500 },
  );
});

test('an app is cut out of nothing that is not a sound merged image', () => {
  const flashes = fc.uint8Array({ minLength: 64, maxLength: 3_072 }).map((table) => {
    const flash = Buffer.alloc(0x8000 + 0xc00 + SOUND.length, 0xff);
    flash.set(table.subarray(0, 0xc00), 0x8000);
    flash.writeUInt16LE(0x50aa, 0x8000);
    SOUND.copy(flash, 0x8000 + 0xc00);
    return flash;
  });
  fc.assert(
    fc.property(fc.oneof(flashes, anything), (flash) => {
      const found = extractApp(flash);
      if (found.ok) assert.equal(outcome(Buffer.from(found.bytes)), 'app');
    }),
    { numRuns: 1_000 },
  );
});

test('a promise of any length is held against what came', () => {
  fc.assert(
    fc.property(fc.nat(10_000), (promised) => {
      const verifier = new ImageVerifier(promised);
      verifier.update(SOUND);
      assert.equal(verifier.finish().ok, promised === SOUND.length);
    }),
    { numRuns: 500 },
  );
});

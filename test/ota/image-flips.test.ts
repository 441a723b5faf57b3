// A flipped bit is found wherever it is: in the head by the first look, everywhere else by the verifier at the end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { HEAD_BYTES } from '../../src/ota/image.ts';
import { buildAssets, dice, flipped, outcome, signedV1, signedV2 } from './image-samples.ts';

const HASHED = buildImage({ version: '2.0.0', size: 65_536 });
const PLAIN = buildImage({ version: '2.0.0', size: 65_536, hashAppended: false });

/** All of the head, and 200 bytes elsewhere. */
function places(file: Buffer): number[] {
  const next = dice(2026);
  const elsewhere = Array.from({ length: 200 }, () => HEAD_BYTES + next(file.length - HEAD_BYTES));
  return [...Array(HEAD_BYTES).keys(), ...elsewhere];
}

/** The places where at least one flipped bit goes through. */
function unseen(file: Buffer, at: readonly number[]): number[] {
  const passes = (place: number, bit: number) =>
    ['app', 'assets', 'merged', 'other'].includes(outcome(flipped(file, place, bit)));
  return at.filter((place) => [0, 1, 2, 3, 4, 5, 6, 7].some((bit) => passes(place, bit)));
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

describe('every bit of', () => {
  it('an app with its hash', () => assert.deepEqual(unseen(HASHED, places(HASHED)), []));

  it('an app signed by version 2, but what fills its sector behind the signature', () => {
    const image = signedV2(PLAIN);
    assert.deepEqual(
      unseen(
        image,
        places(image).filter((place) => place < PLAIN.length + 1200),
      ),
      [],
    );
  });

  it('an app signed by version 1, but the signature itself, which only the device can judge', () => {
    const image = signedV1(HASHED);
    assert.deepEqual(unseen(image, [...places(HASHED), ...range(HASHED.length, HASHED.length + 4)]), []);
    assert.equal(unseen(image, range(HASHED.length + 4, image.length)).length, 64);
  });

  it('assets', () => {
    const assets = buildAssets();
    assert.deepEqual(unseen(assets, places(assets)), []);
  });
});

// The checksum of 8 bits covers the segments' data alone. esptool appends the hash unless told not to, and every
// xiaozhi-esp32 has it.
it('an app without its hash is guarded in its data, but not in its header, load addresses and padding', () => {
  const header = range(2, 23); // flash mode, size and speed, entry, pins, chip and its revisions
  const headers = segmentHeaders(PLAIN);
  const loadAddresses = headers.flatMap((at) => range(at, at + 4));
  const end = (headers.at(-1) ?? 0) + 8 + PLAIN.readUInt32LE((headers.at(-1) ?? 0) + 4);
  const padding = range(end, PLAIN.length - 1);
  const all = [...places(PLAIN), ...headers.flatMap((at) => range(at, at + 8)), ...range(end - 8, PLAIN.length)];
  const found = [...new Set(unseen(PLAIN, all))].sort((a, b) => a - b);
  assert.deepEqual(found, [...header, ...loadAddresses, ...padding]);
});

function segmentHeaders(image: Buffer): number[] {
  const headers: number[] = [];
  for (let at = 24; headers.length < image.readUInt8(1); at += 8 + image.readUInt32LE(at + 4)) headers.push(at);
  return headers;
}

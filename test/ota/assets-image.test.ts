// An assets.bin is known without a mark of its own, and verified as the device verifies it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeHead } from '../../src/ota/image.ts';
import { ASSETS, type Asset, buildAssets, flipped, noise, outcome, sha256, verify, withWord } from './image-samples.ts';

const WHOLE = buildAssets();

function many(count: number): Asset[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `emoji_${index}.png`,
    bytes: noise(index + 1, 300 + index),
  }));
}

describe('what packers make is known, with and without a length', () => {
  const files: [what: string, file: Buffer][] = [
    ['fonts, models and an index', WHOLE],
    ['one file', buildAssets([{ name: 'index.json', bytes: noise(3, 300) }])],
    ['an empty file', buildAssets([{ name: 'empty', bytes: Buffer.alloc(0) }, ...ASSETS])],
    ['a name of 32 bytes and more', buildAssets([{ name: 'a'.repeat(40), bytes: noise(7, 500) }])],
    ['a name with spaces', buildAssets([{ name: 'my font (2).bin', bytes: noise(7, 500) }])],
    ['a Chinese name', buildAssets([{ name: '字体.bin', bytes: noise(7, 500) }])],
    ['233 files, whose head begins like an image', buildAssets(many(0xe9))],
    ['489 files, whose head begins like an image of one segment', buildAssets(many(0x1e9))],
    ['255 files, whose head begins like erased flash', buildAssets(many(0xff))],
  ];
  for (const [what, file] of files) {
    it(what, () => {
      for (const length of [file.length, null]) {
        assert.equal(judgeHead(file.subarray(0, 288), length).kind, 'assets');
        const verdict = verify(file, 4096, length);
        assert.deepEqual(verdict, { ok: true, kind: 'assets', sha256: sha256(file), length: file.length, facts: null });
      }
    });
  }
});

describe('what is wrong is refused', () => {
  const sum = `0x${WHOLE.toString('hex', 5, 6)}${WHOLE.toString('hex', 4, 5)}`;
  const faults: [what: string, file: Buffer, what: string, expected: string | RegExp][] = [
    ['a flipped bit in a file', flipped(WHOLE, 20_000), 'checksum', sum],
    ['a flipped bit in the table', flipped(WHOLE, 100), 'checksum', sum],
    ['a flipped bit in the first name', flipped(WHOLE, 20, 7), 'checksum', sum],
    ['a control in the first name', flipped(WHOLE, 34, 5), 'checksum', sum],
    ['a first file that is not the first', withWord(WHOLE, 48, 77), 'checksum', sum],
    ['another checksum', flipped(WHOLE, 4), 'checksum', /^0x/],
    ['a checksum of more than 16 bits', flipped(WHOLE, 7), 'checksum', /^0x/],
    ['one file more', withWord(WHOLE, 0, 4), 'segments', '4 files, the first of them behind the table'],
    ['one file less', withWord(WHOLE, 0, 2), 'segments', '2 files, the first of them behind the table'],
    ['no files', withWord(WHOLE, 0, 0), 'segments', /^0 files/],
    ['4,294,967,295 files', withWord(WHOLE, 0, 0xffff_ffff), 'segments', /^4294967295 files/],
    ['a shorter length', withWord(WHOLE, 8, 1000), 'length', '1012 bytes'],
    ['a length of 4 GiB', withWord(WHOLE, 8, 0xffff_ffff), 'length', `${0xffff_ffff + 12} bytes`],
    ['one byte too few', WHOLE.subarray(0, -1), 'length', `${WHOLE.length} bytes`],
    ['one byte too many', Buffer.concat([WHOLE, Buffer.alloc(1)]), 'length', `${WHOLE.length} bytes`],
    ['half of it', WHOLE.subarray(0, WHOLE.length >> 1), 'length', `${WHOLE.length} bytes`],
    ['its head alone', WHOLE.subarray(0, 60), 'length', `${WHOLE.length} bytes`],
  ];
  for (const [what, file, fault, expected] of faults) {
    it(what, () => {
      const verdict = verify(file);
      assert.ok(!verdict.ok, JSON.stringify(verdict));
      assert.equal(verdict.what, fault);
      if (typeof expected === 'string') assert.equal(verdict.expected, expected);
      else assert.match(verdict.expected, expected);
    });
  }
});

describe('what is none goes as something else', () => {
  const two = (file: Buffer) => withWord(withWord(file, 8, 1), 48, 5);
  const files: [what: string, file: Buffer][] = [
    ['two signs missing', two(WHOLE)],
    ['a name with a control in it, and another length', withWord(flipped(WHOLE, 34, 5), 8, 1)],
    ['a table whose entries are of another size', Buffer.concat([WHOLE.subarray(0, 28), WHOLE.subarray(44)])],
    ['less than a table of one', WHOLE.subarray(0, 55)],
    ['zeroes', Buffer.alloc(1000)],
    ['noise', noise(12, 1000)],
  ];
  for (const [what, file] of files) it(what, () => assert.equal(outcome(file), 'other'));

  it('a sign missing where the length is unknown', () => {
    for (const file of [
      Buffer.from(WHOLE).fill(0, 12, 44),
      Buffer.from(WHOLE).fill(0x1b, 14, 15),
      Buffer.from(WHOLE).fill(0x41, 43, 44),
      withWord(WHOLE, 0, 0),
      withWord(WHOLE, 4, 0x1_0000),
      withWord(WHOLE, 8, 1),
      withWord(WHOLE, 48, 5),
    ])
      assert.equal(judgeHead(file, null).kind, 'other');
  });
});

it('the sum is right wherever the pieces begin, and however many there are', () => {
  const heavy = buildAssets([{ name: 'full.bin', bytes: Buffer.alloc(1 << 20, 0xff) }, ...ASSETS]);
  for (const chunkBytes of [13, 511, 512, 1021, 65_536, heavy.length]) assert.equal(verify(heavy, chunkBytes).ok, true);
  for (let shift = 0; shift < 4; shift += 1)
    assert.equal(outcome(Buffer.concat([Buffer.alloc(shift), heavy]).subarray(shift)), 'assets');
});

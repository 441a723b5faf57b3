// From its first bytes a file is known for what it is, and what is no app for the air is refused before it is on its way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildImage, buildMergedImage, CHIP_IDS, type ChipName } from '../../src/demo/image.ts';
import { HEAD_BYTES, judgeHead } from '../../src/ota/image.ts';
import { buildAssets, dice, flipped, noise, withByte, withWord } from './image-samples.ts';

const APP = buildImage({ version: '2.0.0', size: 65_536 });
const BOOTLOADER = buildMergedImage({ version: '2.0.0' }).subarray(0, 14 * 1024);
const chips = Object.keys(CHIP_IDS) as ChipName[];

function judge(file: Uint8Array, length: number | null = file.length) {
  return judgeHead(file, length);
}

describe('an app says', () => {
  for (const chip of chips) {
    it(`that it is for ${chip}`, () => {
      const verdict = judge(buildImage({ version: '2.0.0', chip }));
      assert.ok(verdict.kind === 'app');
      assert.deepEqual([verdict.facts.chip, verdict.facts.chipId], [chip, CHIP_IDS[chip]]);
    });
  }

  it('everything of its description', () => {
    const image = buildImage({
      version: '2.4.2',
      project: 'xiaozhi',
      buildDate: 'Nov 22 2026',
      buildTime: '12:05:12',
      idfVersion: 'v5.5.1-dirty',
      secureVersion: 7,
      flashMegabytes: 8,
      elfSha256: Buffer.alloc(32, 0xc3),
      hashAppended: false,
    });
    assert.deepEqual(judge(image.subarray(0, HEAD_BYTES), image.length), {
      kind: 'app',
      facts: {
        chip: 'esp32s3',
        chipId: 9,
        flashBytes: 8 * 1024 * 1024,
        segments: 4,
        secureVersion: 7,
        project: 'xiaozhi',
        version: '2.4.2',
        builtAt: 'Nov 22 2026 12:05:12',
        idfVersion: 'v5.5.1-dirty',
        elfSha256: 'c3'.repeat(32),
        hashAppended: false,
      },
    });
  });

  it('a chip that is newer than this list by its number', () => {
    const verdict = judge(withWord(APP, 12, 0x1234));
    assert.equal(verdict.kind === 'app' && verdict.facts.chip, 'chip-0x1234');
  });

  for (const [code, megabytes] of [1, 2, 4, 8, 16, 32, 64, 128, null, null].entries()) {
    it(`${megabytes ?? 'nothing'} of its flash by code ${code}`, () => {
      const verdict = judge(withByte(APP, 3, code << 4));
      assert.equal(verdict.kind === 'app' && verdict.facts.flashBytes, megabytes && megabytes * 1024 * 1024);
    });
  }

  it('texts without controls, though their fields have no end', () => {
    const image = Buffer.from(APP);
    image.fill('x', 48, 80);
    image.write('a\x1b[31m\n\x9bb\0c', 80, 'latin1');
    image.fill(0, 112, 144);
    const verdict = judge(image);
    assert.ok(verdict.kind === 'app');
    const { version, project, builtAt } = verdict.facts;
    assert.deepEqual([version, project, builtAt], ['x'.repeat(32), 'a\\x1b[31m\\x0a\\x9bb', '']);
  });
});

describe('too few bytes', () => {
  for (const have of [0, 1, 31, 36, HEAD_BYTES - 1]) {
    it(`${have} of an app ask for its head`, () => {
      assert.deepEqual(judge(APP.subarray(0, have), APP.length), { kind: 'more', bytes: HEAD_BYTES });
      assert.deepEqual(judge(APP.subarray(0, have), null), { kind: 'more', bytes: HEAD_BYTES });
    });
  }

  it('never ask for more than the file has', () => {
    assert.deepEqual(judge(APP.subarray(0, 10), 100), { kind: 'more', bytes: 100 });
    assert.deepEqual(judge(BOOTLOADER.subarray(0, 300), 5000), { kind: 'more', bytes: 5000 });
  });

  for (const [what, file] of [
    ['a bootloader', BOOTLOADER],
    ['erased flash', Buffer.alloc(40_000, 0xff)],
  ] as const) {
    it(`${what} asks on up to where a partition table would be`, () => {
      for (const length of [null, 100_000])
        assert.deepEqual(judge(file.subarray(0, HEAD_BYTES), length), { kind: 'more', bytes: 0x8002 });
    });
  }
});

describe('unfit for the air', () => {
  const files: [what: string, file: Buffer, why: RegExp][] = [
    ['nothing', Buffer.alloc(0), /empty/],
    ['a bootloader', BOOTLOADER, /no description/],
    ['an app without its magic byte', withByte(APP, 0, 0xe8), /0xe8 instead of 0xe9/],
    ['an app without its mark', flipped(APP, 33), /no description/],
    ['no segments', withByte(APP, 1, 0), /claims 0 segments/],
    ['17 segments', withByte(APP, 1, 17), /claims 17 segments/],
    ['a mark for the hash that is neither', withByte(APP, 23, 2), /0x02, not 0 or 1/],
    ['a first segment of an odd length', withWord(APP, 28, 4097), /first segment cannot/],
    ['a first segment of 16 MiB', withWord(APP, 28, 0x100_0000), /first segment cannot/],
    ['a first segment of 4 GiB', withWord(APP, 28, 0xffff_fffc), /first segment cannot/],
    ['a first segment that has no room for the description', withWord(APP, 28, 252), /first segment cannot/],
    ['a file shorter than its first segment', APP.subarray(0, 4096), /longer than its 4096 bytes/],
    ['a file that ends within its head', APP.subarray(0, 287), /ends after 287 bytes/],
    ['a file that ends with its mark', APP.subarray(0, 36), /ends after 36 bytes/],
    ['a file that ends before its mark', APP.subarray(0, 35), /no description/],
    ['one byte', APP.subarray(0, 1), /no description/],
  ];
  for (const [what, file, why] of files) {
    it(what, () => {
      const verdict = judge(file);
      assert.equal(verdict.kind, 'unfit');
      assert.match(verdict.kind === 'unfit' ? verdict.why : '', why);
    });
  }
});

describe('neither app nor unfit', () => {
  for (const chip of chips) {
    it(`a merged image for ${chip}`, () => {
      const merged = buildMergedImage({ version: '2.0.0', chip });
      assert.equal(judge(merged).kind, 'merged');
      assert.equal(judge(merged.subarray(0, 0x8002), null).kind, 'merged');
    });
  }

  it('assets', () => assert.equal(judge(buildAssets()).kind, 'assets'));

  const others: [what: string, file: Buffer][] = [
    ['a picture', Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), noise(3, 40_000)])],
    ['erased flash', Buffer.alloc(40_000, 0xff)],
    ['a few erased bytes', Buffer.alloc(10, 0xff)],
    ['text', Buffer.from('not found\n')],
    ['zeroes', Buffer.alloc(5000)],
    ['noise', noise(4, 5000)],
    ['a compressed app', Buffer.concat([Buffer.from('1f8b0800', 'hex'), noise(6, 5000)])],
  ];
  for (const [what, file] of others) it(what, () => assert.equal(judge(file).kind, 'other'));
});

it('no flipped bit in the head of an app makes another kind of file of it', () => {
  for (const image of [APP, buildImage({ version: '2.0.0', size: 65_536, hashAppended: false })]) {
    for (let at = 0; at < HEAD_BYTES; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        for (const length of [image.length, null]) {
          const { kind } = judge(flipped(image, at, bit), length);
          assert.ok(kind === 'unfit' || kind === 'app', `bit ${bit} of byte ${at}: ${kind}`);
        }
      }
    }
  }
});

it('never throws, whatever comes', () => {
  const next = dice(77);
  const starts = [APP, BOOTLOADER, buildAssets(), Buffer.alloc(0x9000, 0xff), noise(8, 400)];
  for (let round = 0; round < 5000; round += 1) {
    const start = starts[round % starts.length] ?? APP;
    const head = Buffer.from(start.subarray(0, next(2) === 0 ? next(400) : next(0x8100)));
    for (let change = next(4); change > 0 && head.length > 0; change -= 1) head[next(head.length)] = next(256);
    const length = [null, head.length, next(1000), head.length + next(100_000)][next(4)] ?? null;
    const verdict = judge(head, length);
    if (verdict.kind === 'more')
      assert.ok(verdict.bytes > head.length, `asks for ${verdict.bytes}, has ${head.length}`);
  }
});

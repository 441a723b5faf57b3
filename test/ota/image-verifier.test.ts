// A whole file is verified as a device would verify it, in whatever pieces it comes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildImage, buildMergedImage, CHIP_IDS, type ChipName } from '../../src/demo/image.ts';
import { checkImage } from '../../src/device/image-check.ts';
import { ImageVerifier } from '../../src/ota/image-verifier.ts';
import {
  appOfSegments,
  buildAssets,
  dice,
  flipped,
  noise,
  outcome,
  type Scheme,
  sha256,
  signedV1,
  signedV2,
  verify,
  withByte,
  withWord,
} from './image-samples.ts';

const HASHED = buildImage({ version: '2.0.0', size: 20_000 });
const PLAIN = buildImage({ version: '2.0.0', size: 20_000, hashAppended: false });
// Where the second segment's header stands in both, and the sum of all four.
const SECOND = 32 + HASHED.readUInt32LE(28);

describe('what is right is accepted, by its content', () => {
  const files: [what: string, file: Buffer, kind: string][] = [
    ...(Object.keys(CHIP_IDS) as ChipName[]).flatMap((chip): [string, Buffer, string][] =>
      [true, false].map((hashAppended) => [
        `an app for ${chip}, hash ${hashAppended ? 'appended' : 'left out'}`,
        buildImage({ version: '2.0.0', chip, hashAppended, size: 10_000 }),
        'app',
      ]),
    ),
    ['a large app', buildImage({ version: '2.0.0', size: 3_000_000 }), 'app'],
    ['an app of one segment', appOfSegments(HASHED, [256]), 'app'],
    ['an app of 16 segments', appOfSegments(HASHED, [1024, ...Array<number>(15).fill(36)]), 'app'],
    ['an app with empty segments, as linkers leave them', appOfSegments(HASHED, [5000, 0, 0, 4, 0, 400, 0]), 'app'],
    ...[256, 260, 264, 268].map((first): [string, Buffer, string] => [
      `an app with ${(first + 32) % 16} bytes in its last block`,
      appOfSegments(HASHED, [first]),
      'app',
    ]),
    ['a merged image', buildMergedImage({ version: '2.0.0' }), 'merged'],
    ['a merged image for ESP32', buildMergedImage({ version: '2.0.0', chip: 'esp32' }), 'merged'],
    ['assets', buildAssets(), 'assets'],
    ['anything else', noise(1, 5000), 'other'],
    ['erased flash', Buffer.alloc(50_000, 0xff), 'other'],
  ];
  for (const [what, file, kind] of files) {
    it(what, () => {
      for (const length of [file.length, null]) {
        const verdict = verify(file, 65_536, length);
        assert.ok(verdict.ok, JSON.stringify(verdict));
        assert.deepEqual([verdict.kind, verdict.sha256, verdict.length], [kind, sha256(file), file.length]);
        assert.equal(verdict.facts?.version ?? null, kind === 'app' ? '2.0.0' : null);
      }
    });
  }
});

describe('what is signed for secure boot is accepted', () => {
  const schemes: Scheme[] = ['rsa', 'ecdsa', 'ecdsa-p384'];
  // 4064 and the hash make 4096: nothing to pad.
  for (const size of [20_000, 20_480, 4096]) {
    for (const hashAppended of [true, false]) {
      const app = buildImage({ version: '2.0.0', size, hashAppended });
      const what = `${app.length} bytes, hash ${hashAppended ? 'appended' : 'left out'}`;
      it(`version 1, ${what}`, () => assert.equal(outcome(signedV1(app)), 'app'));
      for (const scheme of schemes)
        it(`version 2 by ${scheme}, ${what}`, () => assert.equal(outcome(signedV2(app, scheme)), 'app'));
      it(`version 2 with three blocks, ${what}`, () => assert.equal(outcome(signedV2(app, 'rsa', 3)), 'app'));
    }
  }
});

describe('what is wrong is refused, with what the image says and what came', () => {
  const end = HASHED.length;
  const lengths = 'lengths that are multiples of 4 and under 16 MiB';
  const v2 = signedV2(HASHED);
  const sector = v2.length - 4096;
  const files: [what: string, file: Buffer, fault: [string, string | RegExp, string | RegExp]][] = [
    ['nothing', Buffer.alloc(0), ['head', /./, 'it is empty']],
    ['a bootloader', buildMergedImage({ version: '1' }).subarray(0, 14_000), ['head', /./, /no description/]],
    ['an app without its magic byte', withByte(HASHED, 0, 0), ['head', /./, /0x00 instead of 0xe9/]],
    ['a segment of odd length', withWord(HASHED, SECOND + 4, 1001), ['segments', lengths, '1001 for segment 2 of 4']],
    ['a segment of 16 MiB', withWord(HASHED, SECOND + 4, 1 << 24), ['segments', lengths, /^16777216 for segment 2/]],
    ['a segment of 4 GiB', withWord(HASHED, SECOND + 4, 0xffff_fffc), ['segments', lengths, /^4294967292 for/]],
    ['a segment past the end', withWord(HASHED, SECOND + 4, 0xff_fffc), ['length', /^at least 167/, `${end} bytes`]],
    ['a flipped bit in a segment', flipped(HASHED, 9000, 3), ['checksum', /^0x..$/, /^0x..$/]],
    ['a flipped bit in a plain app', flipped(PLAIN, 9000, 3), ['checksum', /^0x..$/, /^0x..$/]],
    [
      'the same bit in two bytes',
      flipped(flipped(HASHED, 9000), 9001),
      ['sha256', HASHED.toString('hex', end - 32), /^[0-9a-f]{64}$/],
    ],
    [
      'a flipped bit in the hash',
      flipped(HASHED, end - 1),
      ['sha256', /^[0-9a-f]{64}$/, HASHED.toString('hex', end - 32)],
    ],
    ['a flipped bit in the checksum', flipped(HASHED, end - 33), ['checksum', /./, /./]],
    ['another chip in the header', withByte(HASHED, 12, 5), ['sha256', /./, /./]],
    ['one byte too few', HASHED.subarray(0, -1), ['length', `at least ${end} bytes`, `${end - 1} bytes`]],
    ['a hash that is missing', HASHED.subarray(0, -32), ['length', `at least ${end} bytes`, `${end - 32} bytes`]],
    ['a checksum that is missing', PLAIN.subarray(0, -1), ['length', `at least ${PLAIN.length} bytes`, /./]],
    [
      'one byte too many',
      Buffer.concat([HASHED, Buffer.alloc(1)]),
      ['length', `${end} bytes, or a secure boot signature behind them`, `${end + 1} bytes`],
    ],
    ['erased flash behind it', Buffer.concat([HASHED, Buffer.alloc(5000, 0xff)]), ['length', /./, /./]],
    ['a megabyte behind it', Buffer.concat([HASHED, noise(2, 1 << 20)]), ['length', /./, /./]],
    ['itself behind it', Buffer.concat([HASHED, HASHED]), ['length', /./, /./]],
    ['a signature of an unknown version 1', withByte(signedV1(HASHED), end, 1), ['length', /./, /./]],
    [
      'something behind a signature of version 1',
      Buffer.concat([signedV1(HASHED), Buffer.alloc(12)]),
      ['length', /./, /./],
    ],
    ['a cut signature of version 1', signedV1(HASHED).subarray(0, -1), ['length', /./, /./]],
    ['a cut signature of version 2', v2.subarray(0, -1), ['length', /./, /./]],
    ['a sector without the mark of a signature', withByte(v2, sector, 0xe6), ['length', /./, /./]],
    ['a signature by an unknown scheme', withByte(v2, sector + 1, 4), ['checksum', /RSA/, 'scheme 4']],
    ['a flipped bit in a signature', flipped(v2, sector + 900), ['checksum', /signature/, /./]],
    [
      'a flipped bit in a second signature',
      flipped(signedV2(HASHED, 'rsa', 2), sector + 1216 + 900),
      ['checksum', /signature/, /./],
    ],
    [
      'a flipped bit in the padding before a signature',
      flipped(v2, sector - 1),
      ['sha256', v2.toString('hex', sector + 4, sector + 36), /^[0-9a-f]{64}$/],
    ],
    [
      'a signature of another image',
      Buffer.concat([v2.subarray(0, sector), signedV2(PLAIN).subarray(-4096)]),
      ['sha256', /./, /./],
    ],
  ];
  for (const [what, file, [fault, expected, found]] of files) {
    it(what, () => {
      const verdict = verify(file);
      assert.ok(!verdict.ok, 'accepted');
      assert.equal(verdict.what, fault);
      for (const [text, wanted] of [
        [verdict.expected, expected],
        [verdict.found, found],
      ] as const) {
        if (typeof wanted === 'string') assert.equal(text, wanted);
        else assert.match(text, wanted);
      }
    });
  }
});

describe('another length than promised is refused, whatever the file is', () => {
  const files = {
    app: HASHED,
    merged: buildMergedImage({ version: '1' }),
    assets: buildAssets(),
    other: noise(3, 999),
  };
  for (const [kind, file] of Object.entries(files)) {
    it(kind, () => {
      for (const length of [0, file.length - 1, file.length + 1, 10 * file.length]) {
        const found = `${file.length} bytes`;
        assert.deepEqual(verify(file, 1000, length), { ok: false, what: 'length', expected: `${length} bytes`, found });
      }
    });
  }
});

describe('the pieces in which a file comes make no difference', () => {
  const files: [what: string, file: Buffer][] = [
    ['an app', HASHED],
    ['an app without a hash', PLAIN],
    ['a signed app, version 1', signedV1(HASHED)],
    ['a signed app, version 2', signedV2(HASHED, 'rsa', 2)],
    ['a damaged app', flipped(flipped(HASHED, 9000), 9003)],
    ['an app with a bad segment', withWord(HASHED, SECOND + 4, 0xffff_fffc)],
    ['a cut app', HASHED.subarray(0, 15_001)],
    ['an app in a head', buildImage({ version: '1', size: 1024 }).subarray(0, 200)],
    ['a merged image', buildMergedImage({ version: '2.0.0', size: 2000 })],
    ['a bootloader', buildMergedImage({ version: '2.0.0' }).subarray(0, 14_000)],
    ['assets', buildAssets()],
    ['damaged assets', flipped(buildAssets(), 30_000)],
    ['something else', noise(4, 4001)],
  ];
  for (const [what, file] of files) {
    it(what, () => {
      for (const length of [file.length, null]) {
        const whole = verify(file, file.length, length);
        for (const chunkBytes of [1, 7, 31, 287, 288, 289, 1460, 4096, 16_383])
          assert.deepEqual(verify(file, chunkBytes, length), whole, `${chunkBytes} bytes at once`);
      }
    });
  }

  it('nor does where they stand in memory', () => {
    const shifted = Buffer.concat([Buffer.alloc(3), HASHED]);
    for (let shift = 0; shift < 4; shift += 1) {
      const memory = Buffer.concat([Buffer.alloc(shift), HASHED]);
      assert.equal(outcome(memory.subarray(shift)), 'app');
    }
    assert.equal(outcome(new Uint8Array(shifted.buffer, shifted.byteOffset + 3, HASHED.length)), 'app');
  });

  it('and empty ones count for nothing', () => {
    const verifier = new ImageVerifier(HASHED.length);
    for (const part of [HASHED.subarray(0, 0), HASHED.subarray(0, 288), Buffer.alloc(0), HASHED.subarray(288)])
      verifier.update(part);
    assert.equal(verifier.finish().ok, true);
  });
});

describe('a cut file is refused', () => {
  const files: [what: string, file: Buffer][] = [
    ['app', HASHED],
    ['app without a hash', PLAIN],
    ['signed app', signedV2(PLAIN)],
    ['assets', buildAssets()],
  ];
  for (const [what, file] of files) {
    it(what, () => {
      const next = dice(11);
      const starts = Array.from({ length: 64 }, (_, index) => index * 8);
      const cuts = [...starts, ...Array.from({ length: 300 }, () => next(file.length)), file.length - 1];
      for (const cut of cuts) {
        assert.ok(!verify(file.subarray(0, cut), 4096, file.length).ok, `promised whole, cut at ${cut}`);
        // Assets that end within their table's first entry, or a signed image without all of its signature, cannot be told.
        const partOf = outcome(file.subarray(0, cut));
        const tellable = what === 'assets' ? cut >= 56 : !(what === 'signed app' && cut === PLAIN.length);
        if (tellable)
          assert.ok(!['app', 'assets', 'other'].includes(partOf), `its own length, cut at ${cut}: ${partOf}`);
      }
    });
  }
});

it('agrees with what a device makes of an image', () => {
  const next = dice(99);
  const counts = { valid: 0, invalid: 0 };
  for (let round = 0; round < 400; round += 1) {
    const image = Buffer.from(round % 2 === 0 ? HASHED : PLAIN);
    const first = round % 2 === 0 ? 0 : next(400); // the checksum alone lets much pass
    for (let change = next(3); change > 0; change -= 1) image[next(2) === 0 ? first : next(image.length)] = next(256);
    image[23] = round % 2 === 0 ? 1 : 0;
    const file = next(4) === 0 ? image.subarray(0, 288 + next(image.length - 287)) : image;
    image.writeUInt16LE(9, 12); // a device takes no image for another chip
    const device = checkImage(file, 'esp32s3');
    assert.equal(verify(file).ok, device.image === 'valid', `round ${round}: ${JSON.stringify(device)}`);
    counts[device.image] += 1;
  }
  assert.ok(counts.valid > 50 && counts.invalid > 50, JSON.stringify(counts));
});

// Out of a merged image comes the app, byte for byte as it was built, or the reason why there is none.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildImage, buildMergedImage, CHIP_IDS, type ChipName } from '../../src/demo/image.ts';
import { extractApp, MAX_FLASH_BYTES } from '../../src/ota/merged-image.ts';
import { readPartitions } from '../../src/ota/partition-table.ts';
import { dice, flipped, noise, sha256, signedV1, signedV2, withByte, withWord } from './image-samples.ts';

const APP = buildImage({ version: '2.0.0', size: 65_536 });
const MERGED = buildMergedImage({ version: '2.0.0', size: 65_536 });

type Slot = { subtype: number; offset: number; size?: number; bytes?: Buffer; type?: number; label?: string };

/** A flash of these partitions, erased in between. */
function flash(slots: readonly Slot[], length = 0x8_0000): Buffer {
  const memory = Buffer.alloc(length, 0xff);
  for (const [index, { type = 0, subtype, offset, size = 0x2_0000, bytes, label = `p${index}` }] of slots.entries()) {
    const at = 0x8000 + 32 * index;
    memory.fill(0, at, at + 32);
    memory.set([0xaa, 0x50, type, subtype], at);
    memory.writeUInt32LE(offset, at + 4);
    memory.writeUInt32LE(size, at + 8);
    memory.write(label.slice(0, 16), at + 12, 'latin1');
    bytes?.copy(memory, offset);
  }
  return memory;
}

function why(image: Buffer): string {
  const result = extractApp(image);
  return result.ok ? `an app of ${result.bytes.length} bytes` : result.why;
}

describe('the app comes out as it was built', () => {
  const same = (image: Buffer, app: Buffer) => {
    const result = extractApp(image);
    assert.ok(result.ok, JSON.stringify(result));
    assert.equal(sha256(result.bytes), sha256(app));
    assert.equal(result.facts.version, '2.0.0');
  };

  for (const chip of Object.keys(CHIP_IDS) as ChipName[]) {
    for (const hashAppended of [true, false]) {
      const options = { version: '2.0.0', chip, hashAppended, size: 50_000 };
      it(`for ${chip}, hash ${hashAppended ? 'appended' : 'left out'}`, () =>
        same(buildMergedImage(options), buildImage(options)));
    }
  }

  it('from wherever it is', () =>
    same(buildMergedImage({ version: '2.0.0', appOffset: 0x10_0000 }), buildImage({ version: '2.0.0' })));
  it('from a flash that is erased behind it', () => same(Buffer.concat([MERGED, Buffer.alloc(1 << 20, 0xff)]), APP));
  it('from a flash of 16 MiB', () => same(Buffer.concat([MERGED, Buffer.alloc(MAX_FLASH_BYTES - MERGED.length)]), APP));
  it('from the last bytes of its partition', () =>
    same(flash([{ subtype: 0x10, offset: 0x2_0000, size: APP.length, bytes: APP }]), APP));

  for (const [what, signed] of [
    ['version 1', signedV1(APP)],
    ['version 2', signedV2(APP)],
    ['version 2 with two blocks', signedV2(APP, 'ecdsa', 2)],
  ] as const) {
    it(`with its signature, ${what}`, () => same(flash([{ subtype: 0, offset: 0x1_0000, bytes: signed }]), signed));
  }

  it('without the damaged rest of a signature, which no device would look at', () => {
    const signed = flipped(signedV2(APP), signedV2(APP).length - 3500);
    same(flash([{ subtype: 0, offset: 0x1_0000, bytes: signed }]), APP);
  });
});

describe('of several apps', () => {
  const app = (version: string) => buildImage({ version, size: 20_000 });
  const ota1 = { subtype: 0x11, offset: 0x1_0000, bytes: app('1.1.0') };
  const ota0 = { subtype: 0x10, offset: 0x3_0000, bytes: app('1.0.0') };
  const factory = { subtype: 0, offset: 0x5_0000, bytes: app('0.9.0') };
  const version = (slots: readonly Slot[]) => {
    const result = extractApp(flash(slots));
    return result.ok ? result.facts.version : result.why;
  };

  it('factory is the first', () => assert.equal(version([ota1, ota0, factory]), '0.9.0'));
  it('then ota_0', () => assert.equal(version([ota1, ota0]), '1.0.0'));
  it('then the one after', () => assert.equal(version([ota1]), '1.1.0'));
  it('an erased factory is passed over', () =>
    assert.equal(version([ota0, { subtype: 0, offset: 0x5_0000 }]), '1.0.0'));
  it('an app that is no partition for apps is not taken', () => {
    for (const other of [{ type: 1 }, { type: 0x40 }, { subtype: 0x20 }])
      assert.match(version([{ ...factory, ...other }]), /none of its partitions/);
  });
});

describe('why there is none', () => {
  const damaged = (at: number) =>
    buildMergedImage({ version: '2.0.0', size: 65_536 }).fill(0x55, 0x2_0000 + at, 0x2_0000 + at + 3);
  const reasons: [what: string, image: Buffer, why: RegExp][] = [
    ['nothing', Buffer.alloc(0), /no partition table/],
    ['an app', APP, /app already/],
    ['noise', noise(3, 100_000), /no partition table/],
    ['a merged image that is cut before its table', MERGED.subarray(0, 0x8001), /no partition table/],
    ['a cut table', MERGED.subarray(0, 0x8050), /none of its partitions/],
    ['a merged image without its app', MERGED.subarray(0, 0x2_0000), /none of its partitions/],
    ['an app that is cut', MERGED.subarray(0, -1), /partition ota_0 ends before it is whole/],
    [
      'an app cut within its head',
      MERGED.subarray(0, 0x2_0000 + 100),
      /partition ota_0 holds no app: it ends after 100/,
    ],
    [
      'an app that is longer than its partition',
      flash([{ subtype: 0, offset: 0x1_0000, size: 0x4000, bytes: APP }]),
      /longer than its 16384 bytes/,
    ],
    ['an app with a damaged head', damaged(0), /partition ota_0 holds no app: it begins with 0x55/],
    ['an app with a damaged segment', damaged(5000), /partition ota_0 is damaged: (checksum|sha256) should be/],
    [
      'an app with a bad segment length',
      withByte(MERGED, 0x2_0000 + 24 + 8 + APP.readUInt32LE(28) + 4, 3),
      /no possible length/,
    ],
    ['more than 16 MiB', Buffer.concat([MERGED], MAX_FLASH_BYTES + 1), /more than a flash of 16 MiB/],
  ];
  for (const [what, image, reason] of reasons) it(what, () => assert.match(why(image), reason));
});

describe('a partition table', () => {
  it('says what it holds', () => {
    assert.deepEqual(readPartitions(MERGED.subarray(0x8000, 0x9000)).slice(-2), [
      { label: 'ota_0', type: 0, subtype: 0x10, offset: 0x2_0000, size: 0x5_0000 },
      { label: 'ota_1', type: 0, subtype: 0x11, offset: 0x7_0000, size: 0x5_0000 },
    ]);
  });

  it('ends at its digest, at erased flash, or where its bytes end', () => {
    assert.equal(readPartitions(MERGED.subarray(0x8000)).length, 5);
    assert.equal(readPartitions(flash([{ subtype: 0, offset: 0 }]).subarray(0x8000)).length, 1);
    assert.equal(readPartitions(MERGED.subarray(0x8000, 0x8000 + 63)).length, 1);
    assert.equal(readPartitions(Buffer.alloc(0)).length, 0);
  });

  it('has 96 entries at the most', () => {
    const entry = MERGED.subarray(0x8000, 0x8020);
    assert.equal(readPartitions(Buffer.concat(Array.from({ length: 5000 }, () => entry))).length, 96);
  });

  it('has labels without controls, though they have no end', () => {
    const table = flash([{ subtype: 0, offset: 0, label: '\x1b[2J\n56789abcdef' }]).subarray(0x8000);
    assert.equal(readPartitions(table)[0]?.label, '\\x1b[2J\\x0a56789abcdef');
  });
});

describe('hostile flashes', () => {
  const anywhere = [0, 1, 0x1_0000, 0x7_ffff, 0x8_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  it('with partitions that point anywhere', () => {
    for (const offset of anywhere)
      for (const size of anywhere) assert.match(why(flash([{ subtype: 0, offset, size }])), /partition/);
  });

  it('with an app whose segments are longer than anything', () => {
    for (const length of [0xff_fffc, 0x100_0000, 0x7fff_fffc, 0xffff_fffc]) {
      let app = APP;
      for (let at = 28; at + 4 < app.length && at < 4000; at += 264) app = withWord(app, at, length);
      assert.match(why(flash([{ subtype: 0, offset: 0x1_0000, bytes: app }])), /partition/);
    }
  });

  it('with a table full of partitions that lie upon each other', () => {
    const slots = Array.from({ length: 95 }, (_, index) => ({
      subtype: 0x10 + (index % 16),
      offset: 64 * index,
      size: 0xffff_ffff,
    }));
    assert.match(why(flash(slots)), /partition/);
  });

  it('with any bytes changed', () => {
    const next = dice(5);
    for (let round = 0; round < 1000; round += 1) {
      const image = Buffer.from(MERGED);
      for (let change = 0; change < 20; change += 1) {
        const at = [0x8000 + next(0xa0), 0x2_0000 + next(0x200), next(image.length)][next(3)] ?? 0;
        image[at] = next(256);
      }
      const result = extractApp(image);
      if (result.ok) assert.equal(sha256(result.bytes), sha256(APP));
    }
  });
});

// What a device reports of its hardware is read as far as it can be read, and fits into a link.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Hardware, readHardware, writeHardware } from '../../src/ota/hardware.ts';
import { readReport } from '../../src/ota/identity.ts';

const entry = (label: string, type: number, subtype: number, size: number) => ({
  label,
  type,
  subtype,
  address: 0,
  size,
});
const V1 = [entry('model', 1, 0x82, 0xf0000), entry('ota_0', 0, 16, 0x600000), entry('ota_1', 0, 17, 0x5f0000)];
const V2 = [entry('ota_0', 0, 16, 0x3f0000), entry('ota_1', 0, 17, 0x3f0000), entry('assets', 1, 0x82, 0x800000)];

const reported = (body: string) => readReport(() => undefined, Buffer.from(body));
const table = (partitions: unknown) => reported(JSON.stringify({ partition_table: partitions }));

describe('the partition table', () => {
  const tables: [what: string, partitions: unknown, slotBytes: number | null, layout: Hardware['layout']][] = [
    ['of firmware 1; the smaller slot counts', V1, 0x5f0000, 'v1'],
    ['of firmware 2', V2, 0x3f0000, 'v2'],
    ['of another maker', V2.slice(0, 2), 0x3f0000, null],
    ['with both marks', [...V1, ...V2], 0x3f0000, null],
    ['without a slot', [entry('factory', 0, 0, 0x300000), entry('model', 1, 0x82, 1)], 0, 'v1'],
    ['none', undefined, null, null],
    ['empty', [], null, null],
    ['of nonsense', [null, 7, 'x', { type: 0, subtype: 16, size: '7' }], null, null],
    ['with a size below zero', [entry('ota_0', 0, 16, -1)], null, null],
    ['that is no list', { label: 'ota_0' }, null, null],
    ['longer than any flash holds', Array.from({ length: 100 }, () => V1[1]), null, null],
  ];
  for (const [what, partitions, slotBytes, layout] of tables)
    it(what, () => {
      const report = table(partitions);
      assert.deepEqual([report.slotBytes, report.layout], [slotBytes, layout]);
    });

  it('in a body whose SSID breaks the JSON', () => {
    const elf = 'ab'.repeat(32);
    const body = `{"flash_size":16777216,"application":{"elf_sha256":"${elf}"},"partition_table": ${JSON.stringify(V1)},"board":{"type":"b","ssid":"a"b"}}`;
    const { slotBytes, layout, elfSha256, flashBytes } = reported(body);
    assert.deepEqual([slotBytes, layout, elfSha256, flashBytes], [0x5f0000, 'v1', elf, 16_777_216]);
  });
});

describe('in a link', () => {
  const every: Hardware[] = [null, 'esp32', 'esp32s3', 'esp32c61'].flatMap((chip) =>
    [null, 0, 0x3f0000, 0x600000, 128 * 1024 * 1024].flatMap((slotBytes) =>
      ([null, 'v1', 'v2'] as const).map((layout) => ({ chip, slotBytes, layout })),
    ),
  );
  it('it says the same again, in a few characters', () => {
    for (const hardware of every) {
      const text = writeHardware(hardware);
      assert.deepEqual(readHardware(text), hardware, text);
      assert.ok(text.length <= 12, text);
    }
  });

  it('a chip of a name that is none is left out', () =>
    assert.equal(readHardware(writeHardware({ chip: 'x,y', slotBytes: null, layout: null }))?.chip, null));

  it('what is nothing of ours is nothing', () => {
    for (const text of ['', 's3', 's3,rk', 's3,rk,3', 'S3,rk,2', `${'a'.repeat(99)},,`])
      assert.equal(readHardware(text), null);
  });
});

// Columns, widths, times and colours: what makes the output of a command tidy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paintFor } from '../../src/cli/paint.ts';
import { labelled, table } from '../../src/cli/table.ts';
import { displayWidth, padTo, wrap } from '../../src/cli/text-width.ts';
import { duration, localMoment, localTime } from '../../src/cli/times.ts';
import { english } from '../../src/cli/words.ts';
import { chinese } from '../../src/cli/words-zh.ts';

const plain = paintFor(false);
const coloured = paintFor(true);

test('Chinese takes two columns, colours and accents none', () => {
  assert.equal(displayWidth('ota'), 3);
  assert.equal(displayWidth('已升级'), 6);
  assert.equal(displayWidth('，（）'), 6);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('😀'), 2);
  assert.equal(displayWidth(coloured.bad('已升级')), 6);
  assert.equal(padTo('设备', 6), '设备  ');
  assert.equal(padTo('too long', 3), 'too long');
});

test('lines break at spaces, and between Chinese characters but for what no line may begin or end with', () => {
  assert.equal(wrap('one two three', 7), 'one two\nthree');
  assert.equal(wrap('a-word-that-is-too-long x', 5), 'a-word-that-is-too-long\nx');
  assert.equal(wrap('one\ntwo', 40), 'one\ntwo');
  assert.equal(wrap('设备重启中', 6), '设备重\n启中');
  assert.equal(wrap('设备重，启', 6), '设备\n重，启');
  assert.equal(wrap('设备（重启）', 6), '设备\n（重\n启）');
  assert.equal(wrap('用 --limit 查看', 10), '用 --limit\n查看');
});

test('columns are as wide as what stands in them, and empty ones are left out', () => {
  const rows = [
    ['aa:bb', '已升级', '', 'x'],
    ['cc', '失败', '', ''],
  ];
  assert.deepEqual(table(['DEVICE', 'STATE', 'WHY', 'FROM'], rows, plain), [
    'DEVICE  STATE   FROM',
    'aa:bb   已升级  x',
    'cc      失败',
  ]);
  const painted = table(['A', 'B'], [[coloured.bad('x'), 'y']], coloured);
  assert.equal(painted[1], `${coloured.bad('x')}  y`);
  assert.notEqual(painted[0], 'A  B');
});

test('labels stand in a column of their own', () => {
  assert.equal(labelled('cert', 'ota.test', plain), 'cert      ota.test');
  assert.equal(labelled('', 'more', plain), '          more');
  assert.equal(labelled('证书', 'ota.test', plain), '证书      ota.test');
});

test('durations are told in their two largest units, and never as longer than they are', () => {
  const cases: [ms: number, en: string, zh: string][] = [
    [-5, '0 s', '0 秒'],
    [999, '0 s', '0 秒'],
    [59_999, '59 s', '59 秒'],
    [60_000, '1 min', '1 分'],
    [1_799_000, '29 min 59 s', '29 分 59 秒'],
    [3_600_000, '1 h', '1 小时'],
    [3_661_000, '1 h 1 min', '1 小时 1 分'],
    [86_400_000 + 59_000, '1 d', '1 天'],
    [3 * 86_400_000 + 3_600_000, '3 d 1 h', '3 天 1 小时'],
  ];
  for (const [ms, en, zh] of cases) {
    assert.equal(duration(ms, english.units), en);
    assert.equal(duration(ms, chinese.units), zh);
  }
});

test('moments are told in the zone of the terminal', () => {
  const ms = Date.UTC(2026, 0, 31, 18, 4, 9);
  const zone = process.env.TZ;
  try {
    process.env.TZ = 'Asia/Shanghai';
    assert.equal(localTime(ms), '2026-02-01 02:04:09');
    assert.equal(localMoment(ms), '2026-02-01 02:04:09 +08:00');
    process.env.TZ = 'America/St_Johns';
    assert.equal(localMoment(ms), '2026-01-31 14:34:09 -03:30');
    process.env.TZ = 'UTC';
    assert.equal(localMoment(ms), '2026-01-31 18:04:09 +00:00');
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

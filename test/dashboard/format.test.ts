// Numbers, sizes and times as people read them, in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailsText } from '../../src/dashboard/base/details.ts';
import { countdown, makeFormat } from '../../src/dashboard/base/format.ts';

const en = makeFormat('en', 'UTC');
const zh = makeFormat('zh', 'Asia/Shanghai');
const AT_MS = Date.UTC(2026, 10, 23, 21, 4, 5);

test('sizes go in powers of 1024', () => {
  assert.deepEqual([0, 1023, 1024, 2_621_440, 5 * 1024 ** 4, 9 * 1024 ** 5].map(en.bytes), [
    '0 B',
    '1,023 B',
    '1 KiB',
    '2.5 MiB',
    '5 TiB',
    '9,216 TiB',
  ]);
  assert.equal(en.rate(61_440), '60 KiB/s');
});

test('a duration has its two largest units, and none that is nothing', () => {
  const seconds = [0, 0.4, 59, 60, 3_600, 3_661, 7_500, 90_000, 864_000];
  assert.deepEqual(
    seconds.map((one) => en.duration(one * 1_000)),
    ['0s', '0s', '59s', '1m', '1h', '1h 1m', '2h 5m', '1d 1h', '10d'],
  );
  assert.equal(zh.duration(7_500_000), '2小时5分钟');
  assert.equal(en.longDuration(600_000), '10 minutes');
  assert.equal(en.longDuration(7_200_000), '2 hours');
  assert.equal(zh.longDuration(1_800_000), '30分钟');
});

test('what was is told from now', () => {
  assert.equal(en.ago(AT_MS - 2_000, AT_MS), 'now');
  assert.equal(en.ago(AT_MS - 90_000, AT_MS), '1 minute ago');
  assert.equal(en.ago(AT_MS - 86_400_000, AT_MS), 'yesterday');
  assert.equal(zh.ago(AT_MS - 3_600_000, AT_MS), '1小时前');
  assert.equal(en.ago(AT_MS + 60_000, AT_MS), 'in 1 minute', 'a clock that is ahead');
});

test('moments stand in the reader’s own time', () => {
  assert.equal(en.time(AT_MS), '21:04:05');
  assert.equal(en.moment(AT_MS), '23 Nov 2026, 21:04');
  assert.equal(zh.moment(AT_MS), '2026年11月24日 05:04');
});

test('a countdown never shows less than there is, nor less than nothing', () => {
  assert.deepEqual([600_000, 599_001, 59_999, 1, 0, -5_000, 7_199_000].map(countdown), [
    '10:00',
    '10:00',
    '1:00',
    '0:01',
    '0:00',
    '0:00',
    '1:59:59',
  ]);
});

test('details have their units; what is empty or untrue is left out, and what is true is its name', () => {
  const detail = {
    bytes: 2048,
    gapMs: 31_000,
    ms: 240,
    seconds: 71,
    sealed: true,
    forced: false,
    why: null,
    route: '',
    n: 3,
  };
  const names = { sealed: 'sealed link', gapMs: 'longest pause' };
  assert.equal(
    detailsText(detail, names, en),
    'bytes: 2 KiB · longest pause: 31s · ms: 240 ms · seconds: 1m 11s · sealed link · n: 3',
  );
  assert.equal(detailsText({ toString: 'x', from: ['a', 'b'] }, {}, en), 'toString: x · from: a, b');
  assert.equal(detailsText('plain', {}, en), 'plain');
});

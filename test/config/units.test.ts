// Owns the tables of sizes, durations, rates and moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMoment } from '../../src/config/moment.ts';
import type { Reading } from '../../src/config/reading.ts';
import { readDuration, readRate, readSize, writeDuration, writeSize } from '../../src/config/units.ts';

const value = (reading: Reading<number>): number | string | undefined =>
  reading.ok ? reading.value : (reading.wrongs[0]?.suggestion ?? reading.wrongs[0]?.problem);

test('sizes in bytes, powers of 1024 and powers of 1000', () => {
  const sizes: [unknown, number | string | undefined][] = [
    [4096, 4096],
    ['4096', 4096],
    ['0', 0],
    ['64KiB', 65_536],
    ['2GiB', 2_147_483_648],
    ['1.5MiB', 1_572_864],
    ['5MB', 5_000_000],
    ['5kB', 5000],
    ['5KB', 5000],
    ['1TiB', 1_099_511_627_776],
    ['1.1KB', 1100],
    ['64k', '64KiB'],
    ['64kib', '64KiB'],
    ['2G', '2GiB'],
    ['64 KiB', '64KiB'],
    ['10 bytes', '10B'],
    [-1, 'is not a whole number of bytes'],
    [1.5, 'is not a whole number of bytes'],
    ['0.3B', 'is not a whole number of bytes'],
    [Number.NaN, 'is not a whole number of bytes'],
    ['9007199254740993', 'is not a size'],
    ['999999999999999TiB', 'is not a whole number of bytes'],
    ['much', 'is not a size'],
    ['1.KiB', 'is not a size'],
    ['', 'is not a size'],
    ['1constructor', 'has a unit that is not known'],
    [null, 'has no value'],
    [['1'], 'is not of the right kind'],
  ];
  for (const [written, read] of sizes) assert.equal(value(readSize(written)), read, String(written));
});

test('durations, never without a unit', () => {
  const durations: [unknown, number | string | undefined][] = [
    ['1500ms', 1500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
    [30, '30s'],
    ['30', '30s'],
    ['30 s', '30s'],
    ['30 sec', '30s'],
    ['5 minutes', '5m'],
    ['2 hours', '2h'],
    ['24H', '24h'],
    ['0.0001ms', 'is not a whole number of milliseconds'],
    ['1h30m', 'is not a duration'],
    ['-1s', 'is not a duration'],
    ['4 fortnights', 'has a unit that is not known'],
    ['1toString', 'has a unit that is not known'],
    [true, 'is not of the right kind'],
    [undefined, 'is missing'],
  ];
  for (const [written, read] of durations) assert.equal(value(readDuration(written)), read, String(written));
});

test('rates are sizes for each second', () => {
  const rates: [unknown, number | string | undefined][] = [
    ['1MiB/s', 1_048_576],
    ['500KB/s', 500_000],
    ['4096/s', 4096],
    ['1MiB', '1MiB/s'],
    ['1m/s', '1MiB/s'],
    [4096, 'is not of the right kind'],
    ['1MiB/h', 'is not a rate'],
    ['/s', 'is not a size'],
  ];
  for (const [written, read] of rates) assert.equal(value(readRate(written)), read, String(written));
});

test('what is written reads the same again', () => {
  for (const milliseconds of [0, 1, 999, 1000, 1500, 60_000, 86_400_000, 172_800_000, 90_000, 2_592_000_000]) {
    assert.equal(value(readDuration(writeDuration(milliseconds))), milliseconds);
  }
  for (const bytes of [0, 1, 512, 1024, 1025, 4096, 262_144, 2 ** 31, 5_000_000]) {
    assert.equal(value(readSize(writeSize(bytes))), bytes);
  }
  assert.deepEqual([writeDuration(86_400_000), writeDuration(60_000), writeSize(4096)], ['24h', '1m', '4KiB']);
});

test('moments in RFC 3339 and as YAML writes them, always with a zone', () => {
  const moments: [unknown, number | string][] = [
    ['2026-12-01T00:00:00+08:00', Date.UTC(2026, 10, 30, 16)],
    ['2026-12-01T00:00:00Z', Date.UTC(2026, 11, 1)],
    ['2026-12-01 00:00:00 -05:30', Date.UTC(2026, 11, 1, 5, 30)],
    ['2026-12-01 00:00:00.25 +8', Date.UTC(2026, 10, 30, 16, 0, 0, 250)],
    ['2026-12-01t08:30+0800', Date.UTC(2026, 11, 1, 0, 30)],
    ['2024-02-29T12:00Z', Date.UTC(2024, 1, 29, 12)],
    ['2026-12-01T00:00:00', 'has no time zone, so it would mean another moment on another machine'],
    ['2026-12-01', 'has no time of day and no zone, so nobody can tell when it is over'],
    ['2026-02-29T00:00Z', 'is not in the calendar'],
    ['2026-12-01T24:30Z', 'is not in the calendar'],
    ['2026-12-01T00:00+19:00', 'has a zone that does not exist'],
    ['tomorrow', 'is not a date and time'],
    [1_796_083_200, 'is a number, which says neither unit nor zone'],
  ];
  for (const [written, read] of moments) assert.equal(value(readMoment(written)), read, String(written));
});

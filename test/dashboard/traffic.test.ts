// The numbers behind the charts, and who runs which version.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf, versionShares } from '../../src/dashboard/base/images.ts';
import { sumSince, toSeries, withPoint } from '../../src/dashboard/base/traffic.ts';
import { makeFirmware, makePoint } from '../rig/dashboard-world.ts';

const START_MS = 1_800_000_000_000; // a whole minute
const point = (second: number, requests: number, more = {}) => ({
  ...makePoint(START_MS + second * 1_000),
  requests,
  bytes: 10_240,
  activeDownloads: requests,
  ...more,
});
const minute = (from: number, requests: number) =>
  Array.from({ length: 12 }, (_, index) => point(from + (index + 1) * 5, requests));

test('an hour of points is kept, and the newest replaces one of its time', () => {
  const points = [point(0, 1), point(5, 1), point(10, 1)];
  assert.deepEqual(
    withPoint(points, point(10, 9)).map(({ requests }) => requests),
    [1, 1, 9],
  );
  assert.deepEqual(
    withPoint(points, point(3_605, 2)).map(({ requests }) => requests),
    [1, 2],
  );
});

test('counts are a minute’s and bytes a second’s, however wide a bucket is', () => {
  const traffic = { everyMs: 5_000, points: minute(0, 2) };
  const raw = toSeries(traffic, START_MS + 60_000, 60_000, 0);
  assert.equal(raw.atSeconds.length, 12);
  assert.deepEqual([raw.requests[0], raw.bytesPerSecond[0]], [24, 2_048]);
  const wide = toSeries(traffic, START_MS + 60_000, 3_600_000, 60_000);
  const began = START_MS / 1000;
  assert.deepEqual(
    [wide.atSeconds, wide.requests, wide.bytesPerSecond],
    [
      [began, began + 60],
      [0, 24],
      [0, 2_048],
    ],
    'it begins with nothing',
  );
  assert.deepEqual(wide.activeDownloads, [0, 2], 'the most at a time, not the sum');
});

test('a bucket that is not whole yet is left out: it would look like a fall', () => {
  const points = [...minute(0, 2), ...minute(60, 3).slice(0, 4)];
  const series = toSeries({ everyMs: 5_000, points }, START_MS + 80_000, 3_600_000, 60_000);
  assert.deepEqual(series.requests, [0, 24]);
  const odd = points.map((one) => ({ ...one, atMs: one.atMs + 1_700 }));
  assert.deepEqual(toSeries({ everyMs: 5_000, points: odd }, START_MS + 81_700, 3_600_000, 60_000).requests.length, 2);
});

test('only what lies in the span is shown, and nothing makes no points', () => {
  const points = [...minute(0, 2), ...minute(60, 3)];
  const series = toSeries({ everyMs: 5_000, points }, START_MS + 120_000, 60_000, 0);
  assert.deepEqual([...new Set(series.requests)], [36]);
  assert.deepEqual(toSeries({ everyMs: 5_000, points: [] }, 0, 60_000, 60_000).atSeconds, []);
  assert.equal(sumSince(points, 'requests', START_MS + 60_000), 36);
});

test('an image tells its board by its file name, and the rest by itself', () => {
  const [image] = makeFirmware(START_MS).images;
  assert.ok(image);
  const { board, version, chip } = factsOf(image);
  assert.deepEqual([board, version, chip], ['bread-compact-wifi', '2.4.2', 'esp32s3']);
  const named = (fileName: string) => {
    const facts = factsOf({ ...image, fileName, facts: { version: 7, chip: '' } });
    return [facts.board, facts.version, facts.chip];
  };
  assert.deepEqual(named('a_b_1.0.bin'), ['a_b', '1.0', null]);
  assert.deepEqual(named('merged-binary.bin'), [null, null, null]);
});

test('the versions that most devices run, and the others together', () => {
  const count = (name: string, devices: number) => ({ name, count: devices });
  const { shares, others } = versionShares(
    [count('1', 1), count('', 50), count('2', 6), count('3', 2), count('4', 1)],
    2,
  );
  assert.deepEqual(shares, [
    { name: '2', count: 6, share: 0.6 },
    { name: '3', count: 2, share: 0.2 },
  ]);
  assert.equal(others, 2);
});

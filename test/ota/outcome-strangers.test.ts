// A stranger who knows a device's name can fail in it, but only for the network that he is in: what the device itself is
// offered rests on what came from where it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DownloadSeen } from '../../src/ota/attempt.ts';
import type { Check, DeviceRecord, Observation } from '../../src/ota/device-record.ts';
import { observe } from '../../src/ota/outcome.ts';
import { begun, check, DEVICE, ended, LENGTH, none, offer } from './observations.ts';

const HOME = '192.0.2.1';
const from = <T extends Check | DownloadSeen>(client: string, seen: T): T => ({ ...seen, client });
const checkAt = (client: string, seconds: number, version = '2.0.0'): Check =>
  from(client, check(seconds, version, offer('2.0.1')));
const download = (client: string, seconds: number, id: string): DownloadSeen[] => [
  from(client, begun(seconds, '2.0.1', { id })),
  from(client, ended(seconds + 9, '2.0.1', LENGTH, { id, from: seconds })),
];
/** A whole download, after which the old version still runs. */
const failsAt = (client: string, seconds: number): Observation[] => [
  checkAt(client, seconds),
  ...download(client, seconds + 1, `d${seconds}`),
  checkAt(client, seconds + 60),
];

/** How often it failed from where it is, and from everywhere. */
function failures(...seen: Observation[][]): [home: number, all: number] {
  let record: DeviceRecord | null = null;
  for (const one of seen.flat()) record = observe(record, DEVICE, one).record;
  const { failed = [] } = record?.memory ?? {};
  const home = failed.find(({ network }) => network === HOME)?.times ?? 0;
  return [home, failed.reduce((sum, { times }) => sum + times, 0)];
}

const rounds = (client: string, many: number): Observation[][] =>
  Array.from({ length: many }, (_, round) => failsAt(client, round * 100));

test('failures where the device is count', () => {
  assert.deepEqual(failures(...rounds(HOME, 3)), [3, 3]);
});

test('failures of a stranger count where the stranger is', () => {
  assert.deepEqual(failures(...rounds('198.51.100.9', 3), [checkAt(HOME, 900)]), [0, 3]);
});

test('links that a stranger used are no failures of the device that checks next', () => {
  const round = (at: number): Observation[] => [
    checkAt('198.51.100.9', at),
    ...download('198.51.100.9', at + 1, `s${at}`),
    checkAt(HOME, at + 60),
  ];
  assert.deepEqual(failures(round(0), round(100), round(200)), [0, 0]);
});

test('an upgrade that a stranger claims is not rolled back by the device that never made it', () => {
  const round = (at: number): Observation[] => [
    checkAt('198.51.100.9', at),
    ...download('198.51.100.9', at + 1, `s${at}`),
    from('198.51.100.9', check(at + 40, '2.0.1', none)),
    checkAt(HOME, at + 60),
  ];
  assert.deepEqual(failures(round(0), round(100), round(200)), [0, 0]);
});

test('a stranger with many addresses pushes out nothing that has lasted, and takes no room without end', () => {
  const strangers = Array.from({ length: 40 }, (_, at) => failsAt(`198.51.100.${at}`, 1_000 + at * 100));
  const [home, all] = failures(...rounds(HOME, 3), ...strangers);
  assert.equal(home, 3);
  assert.ok(all <= 3 + 7, String(all));
});

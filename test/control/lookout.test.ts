// What is looked out for: upstreams that fail without a break, devices that fail again and again, certificates, the disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { CertificateStatus } from '../../src/control/certificate-status.ts';
import type { KeepingStatus } from '../../src/control/keeping.ts';
import { Lookout } from '../../src/control/lookout.ts';
import { Notices } from '../../src/control/notices.ts';
import type { GateEvent } from '../../src/link/events.ts';
import type { DeviceRow } from '../../src/ota/device-record.ts';
import { BASE, configOf } from '../config/checked.ts';

const MIB = 1024 ** 2;

function rig(
  certificates: Partial<CertificateStatus>[] = [],
  freeBytes = () => 10_000 * MIB,
  keeping: () => KeepingStatus = () => ({ kind: 'sqlite' }),
) {
  const notices = new Notices(pino({ enabled: false }));
  const told: string[] = [];
  notices.onNotice(({ kind, state, subject }, by) => {
    if (by === 'this machine') told.push(`${kind} ${subject} ${state}`);
  });
  const config = configOf(BASE);
  const lookout = new Lookout({
    notices,
    config: () => config,
    certificates: () => certificates as CertificateStatus[],
    keeping,
    freeBytes: async () => freeBytes(),
  });
  return { lookout, notices, told };
}

const request = (atMs: number, answered: boolean | null, name = 'console'): GateEvent => ({
  event: 'request',
  atMs,
  action: 'relay',
  status: 200,
  route: 'console',
  because: 'https',
  upstream: answered === null ? null : { name, answered },
});

test('an upstream is told when it failed for a minute without a break, and when it answers again', () => {
  const { lookout, told } = rig();
  for (const atMs of [0, 30_000, 59_999]) lookout.onEvent(request(atMs, false));
  assert.deepEqual(told, []);
  lookout.onEvent(request(60_000, false));
  lookout.onEvent(request(61_000, false));
  assert.deepEqual(told, ['upstream-down console begun']);
  lookout.onEvent(request(62_000, true));
  assert.deepEqual(told.slice(1), ['upstream-down console over']);
});

test('the trouble of an upstream ends with it', async () => {
  const { lookout, notices, told } = rig();
  for (const atMs of [0, 60_000]) lookout.onEvent(request(atMs, false, 'gone'));
  await lookout.look();
  assert.deepEqual(told, ['upstream-down gone begun', 'upstream-down gone over']);
  assert.deepEqual(notices.lasting(), []);
});

test('one answer in between makes it begin anew; what says nothing of it proves nothing', () => {
  const { lookout, told } = rig();
  lookout.onEvent(request(0, false));
  lookout.onEvent(request(50_000, null));
  lookout.onEvent(request(70_000, true));
  lookout.onEvent(request(80_000, false));
  lookout.onEvent(request(130_000, false));
  assert.deepEqual(told, []);
});

test('a device is told after three failures, if it has proved itself; its success ends it', () => {
  const { lookout, told } = rig();
  const row = { device: 'aa', board: 'b', version: '1.0', failures: 3, proven: false, why: null } as DeviceRow;
  lookout.onDevice(row);
  lookout.onDevice({ ...row, proven: true, failures: 2 });
  assert.deepEqual(told, []);
  lookout.onDevice({ ...row, proven: true });
  lookout.onDevice({ ...row, proven: true, failures: 4 });
  lookout.onDevice({ ...row, proven: true, failures: 0 });
  assert.deepEqual(told, ['device-failing aa begun', 'device-failing aa over']);
});

test('a device that came to another machine is told by that one: it is known here, and neither begin nor end is told', () => {
  const { lookout, notices, told } = rig();
  const row = { device: 'aa', board: 'b', version: '1.0', failures: 3, proven: true, why: null } as DeviceRow;
  lookout.onDevice(row, false);
  assert.equal(notices.lasting()[0]?.subject, 'aa');
  lookout.onDevice({ ...row, failures: 4 }, true);
  lookout.onDevice({ ...row, failures: 0 }, true);
  assert.deepEqual([told, notices.lasting()], [[], []]);
  lookout.onDevice(row, true);
  lookout.onDevice({ ...row, failures: 0 }, false);
  assert.deepEqual(told, ['device-failing aa begun', 'device-failing aa over']);
});

test('certificates: three failed orders, or a file that nobody renewed', async () => {
  const served = { names: ['a.example.com'], daysLeft: 20, notAfter: '2026-01-01T00:00:00Z', renewal: null };
  const failing = { failures: 3, lastError: 'refused' } as CertificateStatus['renewal'];
  const certificates: Partial<CertificateStatus>[] = [{ ...served, renewal: failing }];
  const { lookout, told } = rig(certificates);
  await lookout.look();
  certificates[0] = served;
  await lookout.look();
  certificates[0] = { ...served, daysLeft: 6 };
  await lookout.look();
  assert.deepEqual(told, [
    'certificate-not-renewed a.example.com begun',
    'certificate-not-renewed a.example.com over',
    'certificate-not-renewed a.example.com begun',
  ]);
});

test('the disk: low is told, and its end only where there is room to spare', async () => {
  let free = 500;
  const { lookout, told } = rig([], () => free * MIB);
  await lookout.look();
  free = 530;
  await lookout.look();
  assert.equal(told.length, 1);
  free = 600;
  await lookout.look();
  assert.equal(told.length, 2);
});

test('a certificate that has ended is not told as one that is about to', async () => {
  const ended = { names: ['a.example.com'], daysLeft: -1, notAfter: '2026-01-01T00:00:00Z', renewal: null };
  const { lookout, notices } = rig([ended]);
  await lookout.look();
  assert.match(notices.lasting()[0]?.detail ?? '', /has expired \(it ended 2026-01-01\): replace the files/);
});

test('a Redis that is gone is told after half a minute, with what to do, and when it is back', async () => {
  const there = { server: 'redis://10.0.0.5:6379', machine: 'a', machines: [], records: 0, trouble: null, lost: 0 };
  const counts = { waiting: { records: 0, observations: 0 }, dropped: 0, rebuilt: 0, commands: 0 };
  let keeping: KeepingStatus = { kind: 'redis', ...there, ...counts, connected: false, sinceMs: Date.now() - 20_000 };
  const { lookout, notices, told } = rig([], undefined, () => keeping);
  await lookout.look();
  assert.deepEqual(told, [], 'a failover is no trouble');
  keeping = { ...keeping, sinceMs: Date.now() - 31_000, trouble: 'connect ECONNREFUSED' };
  await lookout.look();
  assert.match(
    notices.lasting()[0]?.detail ?? '',
    /10\.0\.0\.5:6379 cannot be reached \(connect ECONNREFUSED\): start it/,
  );
  keeping = { ...keeping, connected: true, trouble: null };
  await lookout.look();
  assert.deepEqual(told, ['store-gone redis://10.0.0.5:6379 begun', 'store-gone redis://10.0.0.5:6379 over']);
});

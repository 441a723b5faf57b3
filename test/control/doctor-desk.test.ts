// The doctor's visits: which events are of a device that is played, and what a run is told of the gate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DoctorDesk } from '../../src/control/doctor-desk.ts';
import { doctorPlan } from '../../src/control/doctor-plan.ts';
import type { GateEvent } from '../../src/link/events.ts';
import type { Snapshot } from '../../src/link/snapshot.ts';

const ROUTE = {
  name: 'ota',
  path: '/xiaozhi/ota/',
  role: 'ota-check',
  target: { kind: 'upstream', upstream: 'console' },
};
const INTERFACES = {
  lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true }],
  eth0: [
    { address: '192.168.1.10', family: 'IPv4', internal: false },
    { address: 'fd00::1', family: 'IPv6', internal: false },
  ],
  wan: [{ address: '203.0.113.7', family: 'IPv4', internal: false }],
} as never;

function snapshotOf(domains: string[], http: string[], https: string[]): Snapshot {
  const listen = (hosts: string[], port: number) => hosts.map((host) => ({ host, port }));
  return {
    policy: { domains, routes: [ROUTE], publicPorts: { http: 80, https: 8443 } },
    listen: { http: listen(http, 8080), https: listen(https, 443) },
  } as never;
}

function check(device: string | null): GateEvent {
  return {
    event: 'check',
    atMs: 0,
    device,
    client: '',
    scheme: 'http',
    board: null,
    version: null,
    offered: null,
    opening: null,
  } as never;
}

test('what comes under the MAC of a visit is kept out; the same from anybody else is not', () => {
  const desk = new DoctorDesk(() => [snapshotOf(['ota.test'], ['::'], []), null]);
  assert.equal(desk.isPlayed(check('02:00:00:00:00:01')), false);
  const { mac } = desk.visit();
  assert.match(mac, /^02(:[0-9a-f]{2}){5}$/);
  assert.equal(desk.isPlayed(check(mac)), true);
  for (const other of ['02:00:00:00:00:01', mac.toUpperCase(), `${mac} `, null]) {
    if (other !== mac) assert.equal(desk.isPlayed(check(other)), false, String(other));
  }
  const request = { event: 'request', atMs: 0, action: 'relay', status: 200, route: null, because: '', upstream: null };
  assert.equal(desk.isPlayed(request as never), false);
});

test('a visit that has ended is kept out for the moment in which events are on their way, and no other can be ended', (t) => {
  const now = t.mock.method(performance, 'now', () => 1_000);
  const desk = new DoctorDesk(() => [snapshotOf([], [], []), null]);
  const { mac } = desk.visit();
  assert.deepEqual([desk.leave('02:00:00:00:00:01'), desk.leave(mac)], [false, true]);
  assert.equal(desk.isPlayed(check(mac)), true);
  now.mock.mockImplementation(() => 20_000);
  assert.equal(desk.isPlayed(check(mac)), false);
  const { mac: forgotten } = desk.visit();
  now.mock.mockImplementation(() => 20_000 + 11 * 60_000);
  assert.equal(desk.isPlayed(check(forgotten)), false, 'a run that was killed');
});

test('of many visits, the first counts as a device again', () => {
  const desk = new DoctorDesk(() => [snapshotOf([], [], []), null]);
  const macs = Array.from({ length: 17 }, () => desk.visit().mac);
  assert.deepEqual(macs.map((mac) => desk.isPlayed(check(mac))).filter((played) => !played).length, 1);
  assert.throws(() => new DoctorDesk(() => [null, null]).visit(), /still starting/);
});

test('a run looks at names, and at private addresses of listeners; never at a wildcard or loopback', () => {
  const hostsOf = (...from: Parameters<typeof snapshotOf>): string[] =>
    doctorPlan(snapshotOf(...from), null, INTERFACES).hosts.map(({ host, role }) => `${role} ${host}`);
  assert.deepEqual(hostsOf(['ota.test', '*.ota.test'], ['::'], ['::']), ['main ota.test', 'lan 192.168.1.10']);
  assert.deepEqual(hostsOf(['ota.test'], ['127.0.0.1'], ['127.0.0.1']), ['main ota.test']);
  assert.deepEqual(hostsOf(['192.168.1.10'], ['0.0.0.0'], []), ['main 192.168.1.10']);
  assert.deepEqual(hostsOf(['ota.test'], [], ['10.0.0.3']), ['main ota.test', 'lan 10.0.0.3']);
  const plan = doctorPlan(snapshotOf(['ota.test'], ['::'], []), 'a root', INTERFACES);
  assert.deepEqual(
    [plan.path, plan.publicPorts, plan.localRoot],
    ['/xiaozhi/ota/', { http: 80, https: null }, 'a root'],
  );
  assert.deepEqual(plan.listen, { http: { address: '127.0.0.1', port: 8080 }, https: null });
});

test('the last run is told in the language of whoever asks', () => {
  const desk = new DoctorDesk(() => [null, null]);
  assert.equal(desk.last('en'), null);
  const findings = [{ code: 'reply-chunked' as const, severity: 'fault' as const, at: 'x', values: {} }];
  desk.keep({ targets: [], paste: null, serverVersion: null, findings });
  assert.match(desk.last('en')?.findings[0]?.what ?? '', /chunked/);
  assert.match(desk.last('zh')?.findings[0]?.what ?? '', /分块/);
  assert.equal(desk.last('zh')?.well, false);
});

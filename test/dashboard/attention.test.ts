// What needs the operator: told where it is so, not told where it is not, the gravest first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate, Opening, Status, TrafficPoint } from '../../src/dashboard/api.ts';
import { type Concern, concerns, type Seen } from '../../src/dashboard/base/attention.ts';
import { makeFirmware, makeOpenings, makePoint, makeStatus } from '../rig/dashboard-world.ts';

const NOW_MS = Date.UTC(2026, 10, 23);

/** A gate that is well. */
function well(): Status {
  const status = makeStatus(NOW_MS);
  return {
    ...status,
    certificates: status.certificates.slice(0, 1),
    acme: status.acme.slice(0, 1),
    workers: status.workers.map((worker) => ({ ...worker, restarts: 0 })),
    totals: { ...status.totals, handshakes: {} },
    servers: status.servers.map((server) => ({ ...server, health: 'well' as const })),
  };
}

function kinds(seen: Partial<Seen>): Concern['kind'][] {
  const nothing = { openings: [], firmware: null, troubled: null, points: [], nowMs: NOW_MS };
  return concerns({ status: well(), ...nothing, ...seen }).map(({ kind }) => kind);
}

function certificate(change: Partial<Certificate>): { status: Status } {
  const status = well();
  const [first] = status.certificates;
  assert.ok(first);
  return { status: { ...status, certificates: [{ ...first, ...change }] } };
}

const finding = { what: '', why: '', remedy: '', zh: { what: '', why: '', remedy: '' } };

test('a gate that is well needs nobody', () => assert.deepEqual(kinds({ troubled: { failed: 0, withheld: 0 } }), []));

test('certificates: those that end without a renewal, have ended, fail, or that devices refuse', () => {
  assert.deepEqual(kinds(certificate({ renewal: null, daysLeft: 13 })), ['certificate-ends']);
  assert.deepEqual(kinds(certificate({ renewal: null, daysLeft: 14 })), []);
  assert.deepEqual(kinds(certificate({ daysLeft: 2 })), [], 'a certificate of six days is renewed by itself');
  assert.deepEqual(kinds(certificate({ daysLeft: 0 })), ['certificate-ends']);
  assert.deepEqual(kinds(certificate({ daysLeft: -1 })), ['certificate-ended']);
  const devices = (['fault', 'warning', 'note'] as const).map((severity) => ({
    ...finding,
    severity,
    code: 'cross-sign',
  }));
  assert.deepEqual(
    kinds(certificate({ devices })),
    ['certificate-finding', 'certificate-finding'],
    'a note is no concern',
  );
  const status = well();
  assert.deepEqual(kinds({ status: { ...status, acme: makeStatus(NOW_MS).acme } }), ['certificate-failing']);
  assert.deepEqual(kinds({ status: { ...status, uncovered: ['x.test'] } }), ['uncovered']);
});

test('gates: none that serves, one that was replaced, events that were lost', () => {
  const status = well();
  const workers = status.workers.map((worker) => ({ ...worker, snapshot: 0 }));
  assert.deepEqual(kinds({ status: { ...status, workers } }), ['no-gate']);
  assert.deepEqual(kinds({ status: { ...status, workers: makeStatus(NOW_MS).workers } }), ['gate-replaced']);
  assert.deepEqual(kinds({ status: { ...status, lan: { ...status.lan, gatewaysKnown: false } } }), [
    'gateways-unknown',
  ]);
  const totals = { ...status.totals, droppedEvents: 3, handshakes: { 'unknown ca': 2, 'no cipher': 9 } };
  const told = concerns({
    status: { ...status, totals },
    openings: [],
    firmware: null,
    troubled: null,
    points: [],
    nowMs: NOW_MS,
  });
  assert.deepEqual(told, [
    { kind: 'handshakes', severity: 'note', times: 11, reason: 'no cipher' },
    { kind: 'events-dropped', severity: 'note', count: 3 },
  ]);
});

test('upstream errors of the last five minutes alone', () => {
  const point = (ageMs: number): TrafficPoint => ({ ...makePoint(NOW_MS - ageMs), errors: 2 });
  assert.deepEqual(kinds({ points: [point(301_000)] }), []);
  assert.deepEqual(kinds({ points: [point(301_000), point(200_000)] }), ['upstream-errors']);
});

test('openings that last long, or are open to all; both is a warning', () => {
  const [declared] = makeOpenings(NOW_MS);
  assert.ok(declared);
  const severities = (change: Partial<Opening>) =>
    concerns({
      status: well(),
      openings: [{ ...declared, ...change }],
      firmware: null,
      troubled: null,
      points: [],
      nowMs: NOW_MS,
    }).map(({ severity }) => severity);
  assert.deepEqual(severities({ openedMs: NOW_MS, untilMs: NOW_MS + 600_000 }), []);
  assert.deepEqual(severities({ openedMs: NOW_MS, untilMs: NOW_MS + 600_000, from: [] }), ['note']);
  assert.deepEqual(severities({}), ['note']);
  assert.deepEqual(severities({ from: [] }), ['warning']);
});

test('devices and firmware that want a look', () => {
  assert.deepEqual(kinds({ troubled: { failed: 1, withheld: 2 } }), ['devices-failed', 'devices-withheld']);
  const firmware = makeFirmware(NOW_MS);
  assert.deepEqual(kinds({ firmware }), ['image-merged']);
  const full = { ...firmware, images: [], maxBytes: firmware.bytes, totals: { ...firmware.totals, failedFills: 2 } };
  assert.deepEqual(kinds({ firmware: full }), ['fills-failed', 'store-full']);
  assert.deepEqual(kinds({ firmware: { ...firmware, images: [], bytes: 0, maxBytes: 0 } }), [], 'no store at all');
});

test('faults come before warnings, warnings before notes', () => {
  const found = concerns({
    status: makeStatus(NOW_MS),
    openings: makeOpenings(NOW_MS),
    firmware: makeFirmware(NOW_MS),
    troubled: { failed: 1, withheld: 0 },
    points: [],
    nowMs: NOW_MS,
  }).map(({ severity }) => severity);
  assert.deepEqual(
    found,
    [...found].sort((a, b) => ['fault', 'warning', 'note'].indexOf(a) - ['fault', 'warning', 'note'].indexOf(b)),
  );
  assert.deepEqual(new Set(found).size, 3);
});

test('troubles that last are told, but not twice; so are servers that are left out', () => {
  const status = well();
  const trouble = { subject: 'x', detail: 'what to do', atMs: NOW_MS };
  const about = ['upstream-down', 'rollout-stopped', 'disk-low', 'backup-failed', 'store-gone'] as const;
  const troubles = [...about, 'device-failing' as const, 'certificate-not-renewed' as const].map((kind) => ({
    ...trouble,
    kind,
  }));
  assert.deepEqual(
    kinds({ status: { ...status, troubles } }),
    about.map(() => 'trouble'),
  );
  assert.deepEqual(kinds({ status: { ...status, servers: makeStatus(NOW_MS).servers } }), ['server-down']);
});

// Openings over the true state: their course, who used them, how they close early, and what the audit trail says.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { Config } from '../../src/config/config.ts';
import { Audit } from '../../src/control/audit.ts';
import { type OpeningRequest, Openings } from '../../src/control/openings.ts';
import type { GateEvent } from '../../src/link/events.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { MAX_AUDIT } from '../../src/store/sqlite-openings.ts';
import type { State } from '../../src/store/state.ts';

const START = Date.UTC(2026, 11, 1);
const MINUTE = 60_000;
const ROUTES = [
  { name: 'ota', path: '/xiaozhi/ota/', role: 'ota-check' },
  { name: 'console', path: '/', role: 'web' },
];
const CONFIG = { routes: ROUTES, openings: [], limits: { openingMs: 24 * 60 * MINUTE } } as unknown as Config;

function setUp(t: TestContext, config = CONFIG) {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-openings-'));
  const time = { nowMs: START };
  const told: { event: string; id?: string }[] = [];
  const disk = { takes: true };
  const begin = () => {
    const state = onDisk(openSqliteState(folder, time.nowMs), disk);
    const log = pino({}, { write: (line: string) => void told.push(JSON.parse(line)) });
    const audit = new Audit(state, log);
    return { state, audit, openings: new Openings(state, audit, log, () => time.nowMs) };
  };
  let run = begin();
  t.after(() => {
    run.state.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const restart = (): void => {
    run.state.close();
    run = begin();
  };
  const open = (changes: Partial<OpeningRequest> = {}) =>
    run.openings.open(
      config,
      {
        route: 'ota',
        durationMs: 10 * MINUTE,
        from: [],
        reason: '',
        startMs: null,
        closeAfter: { devices: null, idleMs: null },
        ...changes,
      },
      'command line',
    );
  return {
    time,
    disk,
    told,
    open,
    restart,
    list: () => run.openings.list(config),
    sweep: () => {
      const early = run.openings.sweep(config);
      run.openings.write();
      return early;
    },
    close: (name: string) => {
      const closed = run.openings.close(config, name, 'page');
      run.openings.write();
      return closed.map(({ id }) => ({ id, unwritten: run.openings.isUnwritten(id) }));
    },
    observe: (event: GateEvent) => run.openings.observe(event),
    audited: () => run.audit.list(100, null).map(({ what, who }) => `${what} by ${who}`),
    audit: () => run.audit,
  };
}

/** The state, with the writes of a disk that is full while `takes` is false. */
function onDisk(state: State, disk: { takes: boolean }): State {
  const onlyWithRoom =
    <Args extends unknown[]>(write: (...args: Args) => void) =>
    (...args: Args): void => {
      if (!disk.takes) throw new Error('database or disk is full');
      write(...args);
    };
  return {
    ...state,
    noteOpening: onlyWithRoom(state.noteOpening),
    removeOpening: onlyWithRoom(state.removeOpening),
    markClosed: onlyWithRoom(state.markClosed),
    audit: onlyWithRoom(state.audit),
  };
}

function check(device: string, version: string, opening: string | null): GateEvent {
  const rest = {
    client: '203.0.113.9',
    scheme: 'http',
    board: 'b',
    offer: { kind: 'none' },
    elfSha256: null,
    atMs: START,
  };
  return { event: 'check', device, version, opening, ...rest } as GateEvent;
}

function download(device: string, version: string, opening: string, changes: object = {}): GateEvent {
  const promised = { version, board: 'b', opening };
  const rest = { client: '203.0.113.9', bytes: 100, length: 100, complete: true, from: 'disk', atMs: START };
  return { event: 'download', device, promised, ...rest, ...changes } as GateEvent;
}

test('it is there until its end, and the audit trail says who opened it and that it ended', (t) => {
  const { time, open, list, sweep, audited } = setUp(t);
  open();
  time.nowMs += 10 * MINUTE - 1;
  assert.equal(list().length, 1);
  sweep();
  time.nowMs += 1;
  assert.equal(list().length, 0);
  sweep();
  sweep();
  assert.deepEqual(audited(), ['ended by gate', 'opened by command line']);
});

test('one that ended while the gate was down is closed, and told of', (t) => {
  const { time, open, restart, list, sweep, audit } = setUp(t);
  open();
  restart();
  assert.equal(list().length, 1, 'a restart keeps it');
  time.nowMs += 11 * MINUTE;
  restart();
  assert.equal(list().length, 0);
  sweep();
  assert.match(audit().list(1, null)[0]?.detail ?? '', /while the gate was down/);
});

test('one that begins later lasts as long as it was given, from then on', (t) => {
  const { open } = setUp(t);
  const { startMs, untilMs } = open({ startMs: START + 30 * MINUTE });
  assert.deepEqual([startMs, untilMs], [START + 30 * MINUTE, START + 40 * MINUTE]);
});

test('a route that is none of a device is refused, with the reason', (t) => {
  const { open, audited } = setUp(t);
  assert.throws(() => open({ route: 'console' }), /only the OTA check and firmware routes/);
  assert.throws(() => open({ durationMs: 25 * 60 * MINUTE }), /lasts 24h at most/);
  assert.deepEqual(audited(), []);
});

test('it closes when so many devices upgraded by its links, and not by what others claim', (t) => {
  const { open, observe, sweep, list, audit } = setUp(t);
  const { id } = open({ closeAfter: { devices: 2, idleMs: null } });
  observe(check('d1', '1.0', id));
  observe(check('d2', '1.0', id));
  observe(check('liar', '2.0', id));
  observe(download('d1', '2.0', id));
  observe(check('d1', '2.0', null));
  observe(check('d1', '2.0', null));
  assert.deepEqual(sweep(), [], 'one device');
  observe(download('d2', '2.0', id, { complete: false, bytes: 60 }));
  observe(check('d2', '2.0', null));
  observe(download('d2', '2.0', id, { bytes: 50, length: 100 }));
  observe(check('d2', '2.0', null));
  assert.deepEqual(sweep(), [], 'it never had the whole');
  observe(download('d2', '2.0', id));
  observe(check('d2', '1.0', null));
  assert.deepEqual(sweep(), [], 'it came back with the old version');
  assert.equal(list()[0]?.upgraded, 1);
  observe(check('d2', '2.0', null));
  assert.equal(sweep()[0]?.id, id);
  assert.equal(list().length, 0);
  assert.match(audit().list(1, null)[0]?.detail ?? '', /2 devices upgraded/);
});

test('it still closes early after hundreds of others that were used when they were over', (t) => {
  const { open, observe, sweep, close, list } = setUp(t);
  for (let nth = 0; nth < 205; nth += 1) {
    const { id } = open();
    close(id);
    observe(download('late', '2.0', id));
    sweep();
  }
  const { id } = open({ closeAfter: { devices: 1, idleMs: null } });
  observe(download('d1', '2.0', id));
  observe(check('d1', '2.0', null));
  assert.equal(sweep()[0]?.id, id);
  assert.equal(list().length, 0);
});

test('the count of devices that upgraded outlives a restart', (t) => {
  const { open, observe, restart, sweep, list } = setUp(t);
  const { id } = open({ closeAfter: { devices: 2, idleMs: null } });
  observe(download('d1', '2.0', id));
  observe(check('d1', '2.0', null));
  restart();
  assert.equal(list()[0]?.upgraded, 1);
  observe(download('d2', '2.0', id));
  observe(check('d2', '2.0', null));
  assert.equal(sweep().length, 1);
});

test('it closes when no device came for a time, counted from the last one', (t) => {
  const { time, open, observe, sweep } = setUp(t);
  const { id } = open({ closeAfter: { devices: null, idleMs: 2 * MINUTE } });
  time.nowMs += MINUTE;
  observe({ ...check('d1', '1.0', id), atMs: time.nowMs } as GateEvent);
  time.nowMs += 2 * MINUTE - 1;
  assert.deepEqual(sweep(), []);
  time.nowMs += 1;
  assert.equal(sweep().length, 1);
});

const DECLARED = {
  id: 'yaml-1',
  route: 'ota',
  from: [],
  startMs: null,
  untilMs: START + 60 * MINUTE,
  reason: '',
  closeAfter: { devices: null, idleMs: null },
};
const WITH_DECLARED = { ...CONFIG, openings: [DECLARED] } as unknown as Config;

test('one of the configuration that was closed stays closed, also after a restart', (t) => {
  const { list, close, restart, audited } = setUp(t, WITH_DECLARED);
  assert.equal(list()[0]?.openedBy, 'configuration');
  assert.equal(close('yaml-1').length, 1);
  restart();
  assert.deepEqual(list(), []);
  assert.deepEqual(audited(), ['closed by page']);
});

test('each device is told of once, however often it comes', (t) => {
  const { open, observe, audited, list } = setUp(t);
  const { id } = open();
  for (let round = 0; round < 5; round += 1) observe(check('d1', '1.0', id));
  observe(check('d2', '1.0', id));
  assert.deepEqual(audited(), ['used by gate', 'used by gate', 'opened by command line']);
  assert.equal(list()[0]?.devices, 2);
});

test('the audit trail keeps a bounded number of entries, and nothing unprintable', (t) => {
  const { audit } = setUp(t);
  audit().note('used', 'gate', 'a\u001b[31m\nb');
  assert.doesNotMatch(audit().list(1, null)[0]?.detail ?? '', /[\u001b\n]/);
  for (let round = 0; round < MAX_AUDIT + 250; round += 1) audit().note('used', 'gate', String(round));
  const all = audit().list(MAX_AUDIT * 2, null);
  assert.ok(all.length <= MAX_AUDIT + 100, `${all.length} entries`);
  assert.equal(all[0]?.detail, String(MAX_AUDIT + 249));
  const [, second] = all;
  assert.equal(audit().list(1, all[0]?.id ?? null)[0]?.id, second?.id);
});

test('what is closed on a full disk is closed, is told of once, and is written when there is room', (t) => {
  const { disk, told, open, close, list, sweep, restart } = setUp(t, WITH_DECLARED);
  const { id } = open();
  const events = (name: string) => told.flatMap((line) => (line.event === name ? [line.id] : []));
  disk.takes = false;
  assert.deepEqual(close('ota'), [
    { id: 'yaml-1', unwritten: true },
    { id, unwritten: true },
  ]);
  assert.deepEqual(list(), []);
  assert.deepEqual(close('ota'), [], 'they are closed already');
  for (let round = 0; round < 3; round += 1) assert.deepEqual(sweep(), []);
  assert.deepEqual(events('closing-not-written'), ['yaml-1', id]);
  disk.takes = true;
  sweep();
  assert.deepEqual(events('closing-written'), ['yaml-1', id]);
  restart();
  assert.deepEqual(list(), []);
});

test('its own rules close it on a full disk', (t) => {
  const { time, disk, told, open, observe, sweep, list } = setUp(t);
  const [counted, idle, lasting] = [
    open({ closeAfter: { devices: 1, idleMs: null } }),
    open({ closeAfter: { devices: null, idleMs: MINUTE } }),
    open({ durationMs: 5 * MINUTE }),
  ];
  disk.takes = false;
  observe(download('d1', '2.0', counted.id));
  observe(check('d1', '2.0', null));
  time.nowMs += MINUTE;
  assert.deepEqual(new Set(sweep().map(({ id }) => id)), new Set([counted.id, idle.id]));
  assert.deepEqual(
    list().map(({ id }) => id),
    [lasting.id],
  );
  time.nowMs += 4 * MINUTE;
  for (let round = 0; round < 3; round += 1) sweep();
  assert.deepEqual(list(), []);
  const noted = told.filter(({ event }) => event === 'audit').map((line) => 'what' in line && line.what);
  assert.deepEqual(noted, ['opened', 'opened', 'opened', 'closed', 'closed', 'ended'], 'each once');
});

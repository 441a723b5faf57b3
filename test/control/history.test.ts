// The device history in control: what gates saw is written in batches, and read back at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CheckOffer, GateEvent } from '../../src/link/events.ts';
import { HISTORY_BOUNDS } from '../../src/store/history.ts';
import { begun, check, ended, LENGTH, offer, START_MS } from '../ota/observations.ts';
import { devicesIn, EVERY, start } from './histories.ts';

const offered = (version: string): CheckOffer => ({ kind: 'offered', version, forced: false, sealed: true });
const checkEvent = (device: string | null, more: Partial<Extract<GateEvent, { event: 'check' }>> = {}): GateEvent => ({
  event: 'check',
  atMs: START_MS,
  device,
  client: '192.0.2.1',
  scheme: 'https',
  board: 'kevin',
  version: '2.0.0',
  elfSha256: null,
  offer: offered('2.0.1'),
  opening: null,
  ...more,
});

const downloadEvent = (device: string): GateEvent => ({
  event: 'download',
  atMs: START_MS + 60_000,
  startedMs: START_MS + 1_000,
  download: 'd1',
  offset: 0,
  code: null,
  gapMs: 0,
  device,
  client: '192.0.2.1',
  bytes: LENGTH,
  complete: true,
  length: LENGTH,
  promised: { version: '2.0.1', board: 'kevin', opening: null },
  from: 'disk',
});

it('tells from the events of gates what became of an upgrade', () => {
  const { history } = start();
  history.observe(checkEvent('a'));
  history.observe(downloadEvent('a'));
  history.observe(checkEvent('a', { atMs: START_MS + 90_000, version: '2.0.1', offer: { kind: 'none' } }));
  const device = history.one('a');
  assert.deepEqual([device?.state, device?.version, device?.proven], ['upgraded', '2.0.1', true]);
  assert.deepEqual(
    device?.events.map(({ event }) => event),
    ['upgraded', 'download-ended', 'offered'],
  );
  assert.equal(history.list(EVERY).total, 1);
  assert.deepEqual(
    [...history.all()].map(({ device: name }) => name),
    ['a'],
  );
  assert.equal(history.share('kevin', '2.0.1').upgraded, 1);
  assert.equal(history.one('b'), null);
});

it('takes no notice of what is of no device', () => {
  const { history } = start();
  history.observe(checkEvent(null));
  history.observe({ event: 'handshake-failed', atMs: START_MS, reason: 'eof' });
  assert.equal(history.list(EVERY).total, 0);
});

it('gives a timeline page by page', () => {
  const { history } = start();
  for (const at of [0, 20, 40]) history.see('a', check(at, '2.0.0', offer('2.0.1')));
  const first = history.one('a', { before: null, limit: 2 });
  assert.deepEqual(
    first?.events.map(({ detail }) => detail.inARow),
    [2, 1],
  );
  const second = history.one('a', { before: first?.events.at(-1)?.id ?? null, limit: 2 });
  assert.deepEqual(
    second?.events.map(({ event }) => event),
    ['offered'],
  );
});

it('cuts what is too long and takes out what controls a terminal', () => {
  const { history } = start();
  const long = 'x'.repeat(500);
  history.observe(
    checkEvent(long, { board: `a\u0000\u001b[2J\n${long}`, version: long, client: long, offer: offered(long) }),
  );
  const row = history.list(EVERY).devices[0];
  assert.equal(row?.device, 'x'.repeat(64));
  assert.equal(row?.board, `a??[2J?${'x'.repeat(57)}`);
  assert.deepEqual([row?.version.length, row?.client.length, row?.offered?.length], [64, 64, 64]);
});

describe('writes', () => {
  // Timers fire in the order in which they are due, however late: so these hold on a busy machine, too.
  it('within a second', async () => {
    const written: string[] = [];
    const { history, file } = start({ onDevice: ({ device }) => void written.push(device) });
    history.see('a', check(0, '2.0.0'));
    assert.equal(devicesIn(file), 0);
    await wait(1100);
    assert.deepEqual([written.length, devicesIn(file)], [1, 1]);
  });

  it('sooner where much comes, in small portions', async () => {
    const written: string[] = [];
    const { history, file } = start({ onDevice: ({ device }) => void written.push(device) });
    for (let at = 0; at < 1000; at += 1) history.see(`d${at}`, check(at, '2.0.0'));
    assert.equal(devicesIn(file), 0);
    await wait(2);
    assert.ok(written.length >= 100, `${written.length} are written`);
    for (let tries = 0; written.length < 1000 && tries < 1000; tries += 1) await wait(5);
    assert.equal(devicesIn(file), 1000);
  });

  it('the rest when it is closed', () => {
    const { history, file } = start();
    for (let at = 0; at < 300; at += 1) history.see(`d${at}`, check(at, '2.0.0'));
    history.flush();
    assert.equal(devicesIn(file), 300);
  });

  it('no more than can be written: the rest is dropped and counted', () => {
    const { history } = start();
    for (let at = 0; at < 10_050; at += 1) history.see(`d${at % 10}`, check(at, '2.0.0'));
    assert.equal(history.dropped, 50);
    history.flush();
    assert.equal(history.list(EVERY).total, 10);
  });

  it('and then tells of each device that has news, once', () => {
    const told: string[] = [];
    const { history, file } = start({
      onDevice: ({ device, state }, own) => void told.push(`${device} ${state} ${devicesIn(file)} ${own}`),
    });
    history.see('a', check(0, '2.0.0', offer('2.0.1')));
    history.see('a', begun(3, '2.0.1'));
    history.see('b', check(4, '2.0.0'), false);
    assert.deepEqual(told, []);
    history.flush();
    assert.deepEqual(told, ['a downloading 2 true', 'b up-to-date 2 false']);
  });
});

it('puts right what gates told a little out of order', () => {
  const { history } = start();
  const news = [
    check(0, '2.0.0', offer('2.0.1')),
    begun(0.2, '2.0.1'),
    ended(0.5, '2.0.1', LENGTH, { from: 0.2 }),
    check(0.9, '2.0.1'),
  ];
  for (const at of [1, 0, 3, 2]) {
    const seen = news[at];
    if (seen !== undefined) history.see('a', seen);
  }
  assert.equal(
    history
      .one('a')
      ?.events.map(({ event }) => event)
      .join(' '),
    'upgraded download-ended download-begun offered',
  );
});

it('leaves what is far out of order as it came: the clock was set', () => {
  const { history } = start();
  history.see('a', check(3600, '2.0.0', offer('2.0.1')));
  history.see('a', begun(0, '2.0.1'));
  const events = history.one('a')?.events.map(({ event }) => event);
  assert.deepEqual(events, ['download-begun', 'offered']);
});

it('forgets what is too old', () => {
  let nowMs = START_MS;
  const { history } = start({ clock: () => nowMs });
  history.see('a', begun(0, '2.0.1'));
  assert.equal(history.one('a')?.events.length, 1);
  nowMs += HISTORY_BOUNDS.keepMs + 1000;
  history.sweep();
  assert.equal(history.one('a')?.events.length, 0);
  assert.equal(history.counts.entries, 0);
});

// What the admin interface remembers: lines of the log, the traffic, and live events. All of it is bounded.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveFeed, MAX_KEPT } from '../../src/control/admin/live-feed.ts';
import { LogRing, MAX_LINES } from '../../src/control/admin/log-ring.ts';
import { TextRing } from '../../src/control/admin/text-ring.ts';
import { TrafficSeries } from '../../src/control/admin/traffic-series.ts';
import { STATUS } from '../rig/admin-stand-ins.ts';

const EMPTY = STATUS.totals;

describe('the ring', () => {
  it('is bounded in number and in bytes, and says what it has lost', () => {
    const ring = new TextRing(3, 10);
    for (const text of ['a', 'b', 'c', 'd']) ring.add(() => text);
    assert.deepEqual(
      ring.last(10).map(({ id, text }) => `${id}${text}`),
      ['2b', '3c', '4d'],
    );
    assert.deepEqual(
      ring.after(2)?.map(({ id }) => id),
      [3, 4],
    );
    assert.deepEqual(
      ring.after(1)?.map(({ id }) => id),
      [2, 3, 4],
    );
    assert.equal(ring.after(0), null);
    assert.equal(ring.after(5), null);
    assert.deepEqual(ring.after(4), []);
    ring.add(() => 'é'.repeat(4));
    assert.deepEqual([ring.last(9).length, ring.bytes], [3, 10]);
    ring.add(() => 'x'.repeat(11));
    assert.deepEqual([ring.last(9).length, ring.bytes], [0, 0]);
  });
});

describe('the log', () => {
  const lines = (ring: LogRing, count = MAX_LINES): Record<string, unknown>[] => JSON.parse(ring.tail(count));

  it('keeps the last lines, oldest first, with numbers that grow', () => {
    const ring = new LogRing();
    for (let at = 1; at <= MAX_LINES + 5; at += 1) ring.add({ at });
    const kept = lines(ring);
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [MAX_LINES, { at: 6, id: 6 }, { at: 2005, id: 2005 }]);
    assert.deepEqual(
      lines(ring, 2).map(({ id }) => id),
      [2004, 2005],
    );
  });

  it('keeps the id that a line was logged with beside its own', () => {
    const ring = new LogRing();
    assert.deepEqual(ring.add({ event: 'opened', id: 'open-1' }), { event: 'opened', loggedId: 'open-1', id: 1 });
  });

  it('cuts short what is too long, and is bounded in bytes', () => {
    const ring = new LogRing();
    const cut = ring.add({ level: 'info', msg: 'm'.repeat(5_000), path: 'p'.repeat(100_000), event: { toString: 1 } });
    assert.deepEqual(cut, { level: 'info', msg: 'm'.repeat(1_000), cut: true, id: 1 });
    for (let at = 0; at < 1_000; at += 1) ring.add({ text: 'x'.repeat(8_000) });
    assert.ok(ring.tail(MAX_LINES).length < 5 * 1024 * 1024);
    assert.ok(lines(ring).length < 600);
  });

  it('gives hostile lines as JSON, whatever their keys', () => {
    const ring = new LogRing();
    ring.add(JSON.parse('{"__proto__":{"a":1},"constructor":2,"msg":"\\u0000\\n</script>\\u2028\\"]"}'));
    const [line] = lines(ring);
    assert.deepEqual(Object.keys(line ?? {}), ['__proto__', 'constructor', 'msg', 'id']);
    assert.equal(line?.msg, '\u0000\n</script>\u2028"]');
  });
});

describe('the traffic', () => {
  it('tells what came in each five seconds, from totals that only grow', () => {
    const series = new TrafficSeries();
    assert.equal(series.add({ ...EMPTY, checks: 100 }, 0, 5_000), null);
    const totals = {
      ...EMPTY,
      requests: { relay: 5, refuse: 2 },
      refusals: { 'plain-outside': 2 },
      statuses: { '2xx': 4, '5xx': 3 },
      checks: 104,
      offers: 1,
      downloads: { complete: 2, broken: 1, bytes: 300 },
    };
    const point = {
      atMs: 10_000,
      requests: 7,
      checks: 4,
      offers: 1,
      downloads: 3,
      activeDownloads: 6,
      bytes: 300,
      refused: 2,
      errors: 3,
    };
    assert.deepEqual(series.add(totals, 6, 10_000), point);
    assert.deepEqual(series.add(totals, 0, 15_000)?.requests, 0);
    assert.deepEqual(series.read().points[0], point);
  });

  it('holds an hour', () => {
    const series = new TrafficSeries();
    for (let at = 0; at <= 1_000; at += 1) series.add({ ...EMPTY, checks: at }, 0, at);
    const { points, everyMs } = series.read();
    assert.deepEqual([points.length, points[0]?.atMs, points.at(-1)?.atMs, everyMs], [720, 281, 1_000, 5_000]);
  });
});

describe('the live feed', () => {
  const typesOf = (frames: string): string[] => [...frames.matchAll(/^event: (\w+)$/gm)].map(([, type = '']) => type);
  const idsOf = (frames: string): string[] => [...frames.matchAll(/^id: (\S+)$/gm)].map(([, id = '']) => id);
  const line = (id: number) => ({ id, msg: 'a\nb\r\n\ndata: x' });

  it('tells each reader what comes, some frames at a time, each on its lines', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const feed = new LiveFeed();
    const told: string[] = [];
    const { missed, unsubscribe } = feed.subscribe((frames) => told.push(frames), null);
    feed.publish('log', line(1));
    feed.publish('status', {});
    t.mock.timers.tick(100);
    assert.equal(missed, '');
    assert.deepEqual(told.map(typesOf), [['log', 'status']]);
    assert.match(
      told[0] ?? '',
      /^id: \S+\.1\nevent: log\ndata: \{[^\n\r]*\}\n\nid: \S+\.2\nevent: status\ndata: \{\}\n\n$/,
    );
    unsubscribe();
    feed.publish('status', {});
    t.mock.timers.tick(100);
    assert.equal(told.length, 1);
  });

  it('tells who comes back exactly what was missed, once', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const feed = new LiveFeed();
    const first: string[] = [];
    feed.subscribe((frames) => first.push(frames), null);
    for (let at = 1; at <= 3; at += 1) feed.publish('log', line(at));
    t.mock.timers.tick(100);
    const ids = idsOf(first.join(''));
    feed.publish('log', line(4));
    const back: string[] = [];
    const { missed } = feed.subscribe((frames) => back.push(frames), ids[0] ?? '');
    assert.deepEqual(idsOf(missed), idsOf(first.join('')).slice(1));
    t.mock.timers.tick(100);
    assert.deepEqual(back, []);
    assert.equal(first.length, 2);
  });

  it('says that something changed where it no longer knows what was missed', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const [feed, other] = [new LiveFeed(), new LiveFeed()];
    const heard: string[] = [];
    other.subscribe((frames) => heard.push(frames), null);
    other.publish('status', {});
    for (let second = 0; second < 12; second += 1) {
      for (let at = 0; at < 100; at += 1) feed.publish('log', line(at));
      t.mock.timers.tick(1_000);
    }
    const own = idsOf(feed.subscribe(() => {}, 'x.1').missed)[0] ?? '';
    assert.equal(own.split('.')[1], '1200');
    const epoch = own.split('.')[0];
    for (const lost of [
      `${epoch}.1`,
      `${epoch}.1201`,
      `${epoch}.x`,
      `${epoch}.`,
      '',
      '0',
      idsOf(heard.join(''))[0] ?? 'x',
    ]) {
      const { missed } = feed.subscribe(() => {}, lost);
      assert.deepEqual([typesOf(missed), idsOf(missed)], [['status'], [own]], lost);
    }
    assert.equal(idsOf(feed.subscribe(() => {}, `${epoch}.${1200 - MAX_KEPT}`).missed).length, MAX_KEPT);
  });

  it('drops what comes too fast for people, and says afterwards that something changed', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const feed = new LiveFeed();
    let told = '';
    feed.subscribe((frames) => {
      told += frames;
    }, null);
    for (let at = 0; at < 5_000; at += 1) feed.publish('log', line(at));
    feed.publish('traffic', { ...EMPTY_POINT });
    t.mock.timers.tick(500);
    assert.equal(typesOf(told).filter((type) => type === 'log').length, 100);
    assert.equal(typesOf(told).at(-1), 'traffic');
    t.mock.timers.tick(500);
    t.mock.timers.tick(100);
    assert.equal(typesOf(told).at(-1), 'status');
    feed.publish('log', line(1));
    t.mock.timers.tick(100);
    assert.deepEqual(typesOf(told).slice(-2), ['status', 'log']);
  });
});

const EMPTY_POINT = {
  atMs: 0,
  requests: 0,
  checks: 0,
  offers: 0,
  downloads: 0,
  activeDownloads: 0,
  bytes: 0,
  refused: 0,
  errors: 0,
};

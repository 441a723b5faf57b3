// The pools of a gate: kept across reloads, made anew where what was fixed at their making has changed.
import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { GateError } from '../../src/base/errors.ts';
import { Upstreams } from '../../src/upstream/upstreams.ts';
import { until } from '../rig/bounded.ts';

const ORIGIN = 'http://127.0.0.1:9';
const UPSTREAMS = { main: [ORIGIN] };

it('keeps a pool while its origin and its time to connect stay', () => {
  const upstreams = new Upstreams();
  const pool = upstreams.pool(ORIGIN, { connectMs: 100 });
  upstreams.keepOnly(UPSTREAMS, { connectMs: 100 });
  assert.equal(upstreams.pool(ORIGIN, { connectMs: 100 }), pool);
  assert.equal(pool.closed, false);
});

it('makes another pool for another time to connect, and closes the one before it', () => {
  const upstreams = new Upstreams();
  const pool = upstreams.pool(ORIGIN, { connectMs: 100 });
  upstreams.keepOnly(UPSTREAMS, { connectMs: 200 });
  assert.equal(pool.closed, true);
  assert.notEqual(upstreams.pool(ORIGIN, { connectMs: 200 }), pool);
});

it('closes the pool of an origin that is no upstream any more', () => {
  const upstreams = new Upstreams();
  const pool = upstreams.pool(ORIGIN, { connectMs: 100 });
  upstreams.keepOnly({ main: ['http://127.0.0.1:10'] }, { connectMs: 100 });
  assert.equal(pool.closed, true);
});

it('asks a server that failed again after its pause, though the clock of the machine was set back meanwhile', async (t) => {
  const other = 'http://127.0.0.1:10';
  const asked = { upstreams: { main: [ORIGIN, other] }, upstreamSettings: {} };
  const upstreams = new Upstreams();
  // Each of them is chosen from time to time as long as both are well.
  const chosen = (): Set<string> => new Set([1, 2].map(() => begun(upstreams.pick(asked, 'main'))));
  const begun = (origin: string): string => {
    upstreams.balance.begin(origin)();
    return origin;
  };
  upstreams.failed(ORIGIN, new GateError('UPSTREAM_CONNECT', 'not there', { fault: 'upstream' }));
  assert.deepEqual([...chosen()], [other]);
  mock.timers.enable({ apis: ['Date'], now: Date.now() - 6 * 3_600_000 });
  t.after(() => mock.timers.reset());
  await until('the end of its pause', () => chosen().has(ORIGIN), 5_000);
});

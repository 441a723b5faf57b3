// The pools of a gate: kept across reloads, made anew where what was fixed at their making has changed.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Upstreams } from '../../src/upstream/upstreams.ts';

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

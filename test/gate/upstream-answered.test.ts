// What an exchange says of its upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Story } from '../../src/gate/exchange.ts';
import { upstreamAnswered } from '../../src/gate/upstream-answered.ts';

type Told = Pick<Story, 'status' | 'upstreamMs' | 'code' | 'cache'>;

const CASES: [string, Partial<Told>, boolean | null][] = [
  ['a reply', { status: 200, upstreamMs: 3 }, true],
  ['a reply of not found', { status: 404, upstreamMs: 3 }, true],
  ['its own 500', { status: 500, upstreamMs: 3 }, true],
  ['a bad gateway behind it', { status: 502, upstreamMs: 3 }, false],
  ['a check that it answered with nothing usable', { status: 502, upstreamMs: 3, code: 'UPSTREAM_REPLY' }, false],
  ['no connection', { status: 502, code: 'UPSTREAM_CONNECT' }, false],
  ['no answer in time', { status: 504, code: 'UPSTREAM_TIMEOUT' }, false],
  ['an image that it does not give', { status: 502, code: 'UPSTREAM_STATUS' }, false],
  ['no descriptor left here', { status: 503, code: 'DESCRIPTORS_OUT' }, null],
  ['no room here', { status: 503, code: 'FIRMWARE_NO_ROOM' }, null],
  ['a body that is too large for here', { status: 413, code: 'BODY_TOO_LARGE' }, null],
  ['too often', { status: 429, code: 'REQUESTS_TOO_OFTEN' }, null],
  ['a client that left before the reply', { status: 499, code: 'CLIENT_GONE' }, null],
  ['a client that left within the reply', { status: 200, upstreamMs: 3, code: 'CLIENT_GONE' }, true],
  ['an image that is here', { status: 200, cache: 'hit' }, null],
  ['an image that is here, since it could not be asked', { status: 200, cache: 'stale' }, null],
  ['an image that somebody else had begun', { status: 200, cache: 'filling' }, null],
  ['an image that it gives', { status: 200, cache: 'miss' }, true],
  ['an image that it gives, and that is not kept', { status: 200, cache: 'bypass' }, true],
  ['an image that it says is the same', { status: 200, cache: 'revalidated' }, true],
];

for (const [what, told, expected] of CASES)
  test(`${what}: ${expected}`, () => {
    assert.equal(upstreamAnswered({ status: 0, upstreamMs: null, code: null, cache: null, ...told }), expected);
  });

// When the upstream is asked again: by its own words first (RFC 9111, RFC 5861), else a few times at once and then slowly.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Place } from '../../src/firmware/fetch.ts';
import {
  AskBudgets,
  conditionalHeaders,
  explicitFreshness,
  type Freshness,
  mayServeStale,
  type NameMemo,
  policyOf,
  renewedPolicy,
} from '../../src/firmware/freshness.ts';

const NOW = Date.UTC(2026, 11, 1);
const PLACE: Place = {
  upstream: 'main',
  url: new URL('http://127.0.0.1/fw/a.bin'),
  host: 'ota.test',
  authorization: null,
};

type Headers = Record<string, string>;

function memoOf(headers: Headers): NameMemo {
  const { etag = null, 'last-modified': lastModified = null } = headers;
  return { policy: policyOf(PLACE, { headers }).toObject(), length: 1, fileName: null, etag, lastModified, head: '' };
}

function at(t: TestContext, seconds: number): void {
  t.mock.timers.reset();
  t.mock.timers.enable({ apis: ['Date'], now: NOW + seconds * 1000 });
}

describe('what the upstream says of how long a file is fresh', () => {
  const date = (seconds: number): string => new Date(NOW + seconds * 1000).toUTCString();
  const cases: [headers: Headers, ...at: [seconds: number, expected: Freshness | null][]][] = [
    [{}, [0, null], [9e9, null]],
    [{ 'last-modified': date(-9e8) }, [0, null]],
    [{ 'cache-control': 'max-age=60' }, [59, 'fresh'], [61, 'ask']],
    [{ 'cache-control': 'Max-Age=60' }, [59, 'fresh'], [61, 'ask']],
    [{ 'cache-control': 'max-age=60, must-revalidate' }, [59, 'fresh'], [61, 'ask']],
    [{ 'cache-control': 'max-age=60', age: '50' }, [9, 'fresh'], [11, 'ask']],
    [{ 'cache-control': 'max-age=5, s-maxage=60' }, [59, 'fresh'], [61, 'ask']],
    [{ 'cache-control': 'max-age=0' }, [0, 'ask']],
    [{ 'cache-control': 'no-cache' }, [0, 'ask']],
    [{ 'cache-control': 'no-cache, max-age=60' }, [1, 'ask']],
    [{ pragma: 'no-cache' }, [1, 'ask']],
    [{ expires: date(60), date: date(0) }, [59, 'fresh'], [61, 'ask']],
    [{ expires: '0' }, [0, 'ask']],
    [{ 'cache-control': 'max-age=10, stale-while-revalidate=50' }, [9, 'fresh'], [11, 'ask-behind'], [61, 'ask']],
    [{ 'cache-control': 'max-age=10, stale-while-revalidate=50, must-revalidate' }, [9, 'fresh'], [11, 'ask']],
  ];
  for (const [headers, ...moments] of cases) {
    it(JSON.stringify(headers), (t) => {
      at(t, 0);
      const memo = memoOf(headers);
      for (const [seconds, expected] of moments) {
        at(t, seconds);
        assert.equal(explicitFreshness(memo, PLACE), expected, `after ${seconds} s`);
      }
    });
  }

  it('is nothing where it was not asked as a stable link', () => {
    assert.equal(explicitFreshness({ ...memoOf({}), policy: null }, PLACE), null);
  });

  it('is kept through the state', (t) => {
    at(t, 0);
    const memo = JSON.parse(JSON.stringify(memoOf({ 'cache-control': 'max-age=60' }))) as NameMemo;
    at(t, 30);
    assert.equal(explicitFreshness(memo, PLACE), 'fresh');
  });
});

describe('what may be kept', () => {
  const cases: [headers: Headers, storable: boolean][] = [
    [{}, true],
    [{ 'cache-control': 'no-cache' }, true],
    [{ 'cache-control': 'public, max-age=5' }, true],
    [{ 'cache-control': 'no-store' }, false],
    [{ 'cache-control': 'No-Store' }, false],
    [{ 'cache-control': 'max-age=5, NO-STORE' }, false],
    [{ 'cache-control': 'private' }, false],
    [{ 'cache-control': 'Private, max-age=60' }, false],
  ];
  for (const [headers, storable] of cases)
    it(`${storable ? '' : 'not '}with ${JSON.stringify(headers)}`, () =>
      assert.equal(policyOf(PLACE, { headers }).storable(), storable));

  it('not what came for credentials, unless it is said to be for all', () => {
    const place = { ...PLACE, authorization: 'Bearer x' };
    assert.equal(policyOf(place, { headers: {} }).storable(), false);
    assert.equal(policyOf(place, { headers: { 'cache-control': 'public' } }).storable(), true);
  });
});

describe('a 304', () => {
  const tags: [what: string, stored: Headers, said: Headers][] = [
    ['with the tag', { etag: '"1"' }, { etag: '"1"' }],
    ['with a weak tag', { etag: 'W/"1"' }, { etag: 'W/"1"' }],
    ['with the date', { 'last-modified': 'Sat, 29 Oct 1994 19:43:31 GMT' }, {}],
    ['with nothing', { etag: '"1"' }, {}],
    ['with nothing, to a file without a tag', {}, {}],
  ];
  for (const [what, stored, said] of tags) {
    it(`${what} begins the lifetime anew, and forgets no word`, (t) => {
      at(t, 0);
      const memo = memoOf({ ...stored, 'cache-control': 'max-age=60' });
      const strict = memoOf({ ...stored, 'cache-control': 'no-cache' });
      at(t, 100);
      assert.equal(
        explicitFreshness({ ...memo, policy: renewedPolicy(memo, PLACE, { headers: said }) }, PLACE),
        'fresh',
      );
      const renewed = renewedPolicy(strict, PLACE, { headers: said });
      assert.equal(explicitFreshness({ ...strict, policy: renewed }, PLACE), 'ask');
    });
  }

  it('with other words changes them', (t) => {
    at(t, 0);
    const memo = memoOf({ etag: '"1"', 'cache-control': 'max-age=60' });
    const headers = { etag: '"1"', 'cache-control': 'max-age=600' };
    const policy = renewedPolicy(memo, PLACE, { headers });
    at(t, 500);
    assert.equal(explicitFreshness({ ...memo, policy }, PLACE), 'fresh');
  });
});

describe('the questions to the upstream', () => {
  it('carry the validators that there are', () => {
    const date = 'Sat, 29 Oct 1994 19:43:31 GMT';
    assert.deepEqual(conditionalHeaders(memoOf({})), {});
    assert.deepEqual(conditionalHeaders(memoOf({ etag: 'W/"1"', 'last-modified': date })), {
      'if-none-match': 'W/"1"',
      'if-modified-since': date,
    });
  });

  it('are left out in an emergency, unless the upstream forbids it', () => {
    for (const words of ['max-age=1', 'public', 'no-transform', ''])
      assert.equal(mayServeStale(memoOf({ 'cache-control': words })), true, words);
    for (const words of ['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache', 'max-age=1, Must-Revalidate'])
      assert.equal(mayServeStale(memoOf({ 'cache-control': words })), false, words);
    assert.equal(mayServeStale({ ...memoOf({}), policy: null }), true);
  });

  it('come a few times at once, and then once in a while', () => {
    const budgets = new AskBudgets();
    const times = (count: number, nowMs: number): number =>
      Array.from({ length: count }, () => budgets.take('one', nowMs, 10_000)).filter(Boolean).length;
    const first = times(100, NOW);
    assert.ok(first > 2 && first < 32, `${first}`);
    assert.equal(times(100, NOW + 5_000), 0);
    const later = times(100, NOW + 20_000);
    assert.ok(later >= 1 && later <= 2, `${later}`);
    assert.ok(times(100, NOW + 3_600_000) <= first, 'a long silence saves up no more than at first');
    assert.equal(times(1, NOW), 0, 'a clock that goes back gives nothing');
    assert.equal(budgets.take('two', NOW, 10_000), true, 'each name has its own');
  });
});

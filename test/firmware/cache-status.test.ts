// How each way of serving firmware reads in Cache-Status (RFC 9211).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheStatus, type ServedHow } from '../../src/firmware/cache-status.ts';

const TEXTS: [how: ServedHow, text: string][] = [
  [{ kind: 'hit', from: 'memory' }, 'otagate; hit; detail=memory'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: 376 }, 'otagate; hit; ttl=376; detail=disk'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: 0.9 }, 'otagate; hit; ttl=0; detail=disk'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: -0.1 }, 'otagate; hit; ttl=-1; detail=disk'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: Number.POSITIVE_INFINITY }, 'otagate; hit; detail=disk'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: Number.NaN }, 'otagate; hit; detail=disk'],
  [{ kind: 'hit', from: 'disk', ttlSeconds: 1e15 }, 'otagate; hit; detail=disk'],
  [{ kind: 'miss', collapsed: false }, 'otagate; fwd=uri-miss; stored'],
  [{ kind: 'miss', collapsed: true }, 'otagate; fwd=uri-miss; collapsed; stored'],
  [{ kind: 'filling' }, 'otagate; fwd=miss; collapsed'],
  [{ kind: 'revalidated' }, 'otagate; fwd=stale; fwd-status=304'],
  [{ kind: 'stale', why: 'error' }, 'otagate; hit; detail=upstream-error'],
  [{ kind: 'stale', why: 'error', ttlSeconds: -412 }, 'otagate; hit; ttl=-412; detail=upstream-error'],
  [{ kind: 'bypass' }, 'otagate; fwd=bypass'],
];

describe('Cache-Status', () => {
  for (const [how, text] of TEXTS) it(JSON.stringify(how), () => assert.equal(cacheStatus(how), text));

  it('says either hit or fwd, and of fwd only what RFC 9211 section 2.2 knows', () => {
    for (const [, text] of TEXTS) {
      const parameters = text.split('; ').slice(1);
      const forward = parameters.filter((parameter) => parameter.startsWith('fwd='));
      assert.equal(forward.length + parameters.filter((parameter) => parameter === 'hit').length, 1, text);
      for (const parameter of forward) assert.match(parameter, /^fwd=(bypass|uri-miss|miss|stale)$/);
    }
  });
});

// The Java server's download links: three GETs, one day, a new UUID each time.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createOneTimeLinks } from '../../src/demo/one-time-links.ts';

it('a link is good for three GETs and gone with the fourth', () => {
  const links = createOneTimeLinks();
  const uuid = links.issue('lichuang-dev');
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => links.take(uuid)),
    ['lichuang-dev', 'lichuang-dev', 'lichuang-dev', undefined, undefined],
  );
  assert.equal(links.size, 0);
});

it('a link lives 24 hours', () => {
  let now = 0;
  const links = createOneTimeLinks(() => now);
  const uuid = links.issue('b');
  now = 24 * 3600 * 1000 - 1;
  assert.equal(links.take(uuid), 'b');
  now += 1;
  assert.equal(links.take(uuid), undefined);
  assert.equal(links.size, 0);
});

it('every issue is another link, and ten thousand are kept', () => {
  const links = createOneTimeLinks();
  const first = links.issue('b');
  assert.notEqual(links.issue('b'), first);
  for (let issued = 0; issued < 10_000; issued++) links.issue('b');
  assert.equal(links.size, 10_000);
  assert.equal(links.take(first), undefined);
});

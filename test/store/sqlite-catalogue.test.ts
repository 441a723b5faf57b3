// The catalogue keeps images and the names that stand for them, within bounds, and lives with rows that are damaged.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { type Catalogue, type KeptImage, type KeptName, MAX_NAMES } from '../../src/store/catalogue.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { freshFolder } from './fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

const image = (sha256: string, rest: Partial<KeptImage> = {}): KeptImage => ({
  sha256,
  kind: 'app',
  length: 3_000_000,
  fileName: 'bread-compact_2.0.0.bin',
  contentType: 'application/octet-stream',
  facts: { version: '2.0.0', chip: 9, signed: false, secureVersion: null },
  pinned: false,
  addedMs: NOW,
  offeredMs: NOW,
  ...rest,
});
const name = (text: string, sha256: string, rest: Partial<KeptName> = {}): KeptName => ({
  name: text,
  sha256,
  checkedMs: NOW,
  usedMs: NOW,
  memo: { etag: '"1"', policy: { resh: { 'cache-control': 'max-age=60' } } },
  ...rest,
});

type Opened = { catalogue: Catalogue; folder: string; sql: (text: string) => unknown[] };

/** A catalogue of its own, and SQL past it. */
function opened(context: TestContext, folder = freshFolder()): Opened {
  const state = openSqliteState(folder, NOW);
  const beside = new DatabaseSync(join(folder, 'state.sqlite'), { enableForeignKeyConstraints: false });
  context.after(() => {
    state.close();
    beside.close();
  });
  return { catalogue: state.catalogue, folder, sql: (text) => beside.prepare(text).all() };
}

const namesIn = (catalogue: Catalogue): string[] => catalogue.names().map((each) => each.name);
const imagesIn = (catalogue: Catalogue): string[] => catalogue.images().map((each) => each.sha256);

it('gives back what was put in, also after a restart', (context) => {
  const { catalogue, folder } = opened(context);
  const images = [
    image(A, { kind: 'merged', pinned: true, facts: {}, length: 0, offeredMs: NOW + 5 }),
    image(B, { addedMs: NOW + 1, fileName: 'Fräulein’s "image"; DROP TABLE x', facts: { n: 1.5, 'ü"': 'x' } }),
    image(C, { addedMs: NOW + 2, kind: 'assets', length: 2 ** 40 }),
  ];
  const names = [
    name('https://a/fw?x=1', A),
    name('promise: bread-compact 2.0.0', A, { usedMs: NOW + 1, checkedMs: 0, memo: null }),
    name('', C, { usedMs: NOW + 2, memo: ['text', 1, { deep: [true] }] }),
  ];
  for (const each of images) catalogue.putImage(each);
  for (const each of names) catalogue.putName(each);
  const again = opened(context, folder).catalogue;
  for (const each of [catalogue, again]) {
    assert.deepEqual(each.names(), names);
    assert.deepEqual(each.images(), images);
  }
});

it('keeps the names of an image that is replaced', (context) => {
  const { catalogue } = opened(context);
  catalogue.putImage(image(A));
  catalogue.putName(name('a', A));
  const other = image(A, { kind: 'other', length: 1, fileName: 'b.bin', contentType: 'x/y', facts: {}, pinned: true });
  catalogue.putImage(other);
  assert.deepEqual(catalogue.images(), [other]);
  assert.deepEqual(namesIn(catalogue), ['a']);
});

it('removes the names of an image with it, and no others', (context) => {
  const { catalogue, sql } = opened(context);
  for (const each of [A, B]) catalogue.putImage(image(each));
  for (const [text, sha256] of Object.entries({ a1: A, a2: A, b: B })) catalogue.putName(name(text, sha256));
  catalogue.removeImage(A);
  catalogue.removeImage(C);
  assert.deepEqual(imagesIn(catalogue), [B]);
  assert.deepEqual(namesIn(catalogue), ['b']);
  assert.equal(sql('SELECT * FROM firmware_name').length, 1);
});

it('pins and unpins, and says whether the image is there', (context) => {
  const { catalogue } = opened(context);
  catalogue.putImage(image(A));
  catalogue.putImage(image(B, { addedMs: NOW + 1 }));
  assert.equal(catalogue.pin(A, true), true);
  assert.deepEqual(catalogue.images(), [image(A, { pinned: true }), image(B, { addedMs: NOW + 1 })]);
  assert.equal(catalogue.pin(A, false), true);
  assert.equal(catalogue.pin(C, true), false);
  assert.deepEqual(catalogue.images(), [image(A), image(B, { addedMs: NOW + 1 })]);
});

it('notes when an image was offered, and nothing for one that is not there', (context) => {
  const { catalogue } = opened(context);
  catalogue.putImage(image(A));
  catalogue.offered(A, NOW + 60_000);
  catalogue.offered(C, NOW);
  assert.deepEqual(catalogue.images(), [image(A, { offeredMs: NOW + 60_000 })]);
});

describe('names', () => {
  it('stand for the image that was put last', (context) => {
    const { catalogue } = opened(context);
    for (const each of [A, B]) catalogue.putImage(image(each));
    catalogue.putName(name('a', A));
    const moved = name('a', B, { checkedMs: NOW + 1, usedMs: NOW + 2, memo: 'other' });
    catalogue.putName(moved);
    assert.deepEqual(catalogue.names(), [moved]);
  });

  it('are removed one by one', (context) => {
    const { catalogue } = opened(context);
    catalogue.putImage(image(A));
    for (const each of ['a', 'b']) catalogue.putName(name(each, A));
    catalogue.removeName('a');
    catalogue.removeName('nobody');
    assert.deepEqual(namesIn(catalogue), ['b']);
  });

  it('are not kept where their image is missing, nor is what they stood for before', (context) => {
    const { catalogue, sql } = opened(context);
    catalogue.putImage(image(A));
    catalogue.putName(name('a', A));
    catalogue.putName(name('b', A));
    catalogue.putName(name('a', B));
    catalogue.putName(name('c', B));
    assert.deepEqual(namesIn(catalogue), ['b']);
    assert.equal(sql('SELECT * FROM firmware_name').length, 1);
  });

  it('past the bound let the least recently used of the others go', (context) => {
    const { catalogue, sql } = opened(context);
    catalogue.putImage(image(A));
    sql(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_NAMES})
      INSERT INTO firmware_name SELECT 'n' || i, '${A}', 0, ${NOW} + i, 'null' FROM n`);
    assert.equal(MAX_NAMES, 10_000);
    catalogue.putName(name('n1', A, { usedMs: NOW + MAX_NAMES + 1 }));
    assert.equal(namesIn(catalogue).length, MAX_NAMES);
    assert.deepEqual(namesIn(catalogue).slice(0, 2), ['n2', 'n3']);
    catalogue.putName(name('new', A, { usedMs: NOW + MAX_NAMES + 2 }));
    assert.deepEqual(namesIn(catalogue).slice(0, 2), ['n3', 'n4']);
    // One that was used before all others is the newest all the same.
    catalogue.putName(name('old', A, { usedMs: 0 }));
    assert.deepEqual(namesIn(catalogue).slice(0, 2), ['old', 'n4']);
    assert.equal(namesIn(catalogue).length, MAX_NAMES);
  });
});

describe('damaged rows are left out, and gone after the next write:', () => {
  const images: [what: string, sql: string][] = [
    ['facts that are no JSON', `UPDATE firmware_image SET facts = '{"version":' WHERE sha256 = '${A}'`],
    ['facts that are no object', `UPDATE firmware_image SET facts = '[1]' WHERE sha256 = '${A}'`],
    ['facts with more in them than facts', `UPDATE firmware_image SET facts = '{"a":{}}' WHERE sha256 = '${A}'`],
    ['a kind that is not known', `UPDATE firmware_image SET kind = 'script' WHERE sha256 = '${A}'`],
    ['a hash that is a path', `UPDATE firmware_image SET sha256 = '../../x' WHERE sha256 = '${A}'`],
  ];
  for (const [what, damage] of images) {
    it(what, (context) => {
      const { catalogue, sql } = opened(context);
      for (const each of [A, B]) {
        catalogue.putImage(image(each));
        catalogue.putName(name(each, each));
      }
      sql(damage);
      assert.deepEqual(imagesIn(catalogue), [B]);
      assert.equal(sql('SELECT * FROM firmware_image').length, 2);
      catalogue.offered(B, NOW + 1);
      assert.equal(sql('SELECT * FROM firmware_image').length, 1);
      assert.deepEqual(namesIn(catalogue), [B]);
      assert.deepEqual(catalogue.images(), [image(B, { offeredMs: NOW + 1 })]);
    });
  }

  const names: [what: string, sql: string][] = [
    ['a memo that is no JSON', `UPDATE firmware_name SET memo = 'undefined' WHERE name = 'a'`],
    ['an empty memo', `UPDATE firmware_name SET memo = '' WHERE name = 'a'`],
    ['a name whose image is missing', `UPDATE firmware_name SET sha256 = '${C}' WHERE name = 'a'`],
  ];
  for (const [what, damage] of names) {
    it(what, (context) => {
      const { catalogue, sql } = opened(context);
      catalogue.putImage(image(A));
      for (const each of ['a', 'b']) catalogue.putName(name(each, A));
      sql(damage);
      assert.deepEqual(namesIn(catalogue), ['b']);
      assert.equal(sql('SELECT * FROM firmware_name').length, 2);
      catalogue.removeName('nobody');
      assert.equal(sql('SELECT * FROM firmware_name').length, 1);
    });
  }

  it('but one that is put anew at that write stays', (context) => {
    const { catalogue, sql } = opened(context);
    catalogue.putImage(image(A));
    catalogue.putName(name('a', A));
    sql(`UPDATE firmware_name SET memo = '{'`);
    assert.deepEqual(namesIn(catalogue), []);
    catalogue.putName(name('a', A));
    catalogue.offered(A, NOW);
    assert.deepEqual(catalogue.names(), [name('a', A)]);
    sql(`UPDATE firmware_image SET facts = '{'`);
    assert.deepEqual(imagesIn(catalogue), []);
    catalogue.putImage(image(A));
    catalogue.offered(A, NOW);
    assert.deepEqual(catalogue.images(), [image(A)]);
  });
});

it('writes a name wholly or not at all', (context) => {
  const { catalogue, sql } = opened(context);
  catalogue.putImage(image(A));
  catalogue.putName(name('a', A));
  assert.throws(() => catalogue.putName(name('a', A, { usedMs: 1.5 })));
  assert.deepEqual(catalogue.names(), [name('a', A)]);
  assert.equal(sql('SELECT * FROM firmware_name').length, 1);
});

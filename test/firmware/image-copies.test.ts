// Copies of what other machines have: the new before the old, what is asked for twice passed on once, and nothing that
// left to make room in the place of what is current.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { buildImage } from '../../src/demo/image.ts';
import type { Reply } from '../../src/firmware/fetch.ts';
import { ImageCopies, type ImageCopiesParts } from '../../src/firmware/image-copies.ts';
import { Library } from '../../src/firmware/library.ts';
import { FirmwareOperations } from '../../src/firmware/operations.ts';
import { Shelf } from '../../src/firmware/shelf.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { until } from '../rig/bounded.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const SIZE = 300_000;

const sha256Of = (bytes: Buffer): string => hash('sha256', bytes);

type News = { name: string; value: object };

/** One machine with a store of its own; what the others have is the test's. */
function machine(t: TestContext, maxBytes: number) {
  const folder = freshFolder();
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const shelf = new Shelf(folder);
  const state = openSqliteState(folder, Date.now());
  const ending = new AbortController();
  t.after(() => {
    ending.abort();
    shelf.close();
    state.close();
  });
  const library = new Library(state.catalogue, shelf, log);
  const operations = new FirmwareOperations({
    cache: {} as never,
    library,
    shelf,
    maxBytes: () => maxBytes,
    placeOf: () => null,
    originOf: () => null,
  });
  const records: News[] = [];
  const elsewhere = new Map<string, Buffer>();
  const passedOn: { sha256: string; end: () => void }[] = [];
  const fills: ImageCopiesParts['fills'] = {
    follow: async (name) => (elsewhere.has(name) ? replyWith(elsewhere.get(name) ?? Buffer.alloc(0)) : null),
    passOn: (sha256) => new Promise((resolve) => passedOn.push({ sha256, end: resolve })),
  };
  const copies = new ImageCopies({
    cache: { library, fills: { running: () => undefined } },
    operations,
    fileOf: (sha256) => shelf.image(sha256),
    fills,
    records: { put: () => {}, list: (prefix) => records.filter(({ name }) => name.startsWith(prefix)) },
    maxBytes: () => maxBytes,
    patience: { askMs: 300, againMs: [200] },
    log,
    signal: ending.signal,
  });
  const names = (): string[] =>
    library
      .images()
      .map(({ fileName }) => fileName)
      .sort();
  return { copies, operations, library, records, elsewhere, passedOn, names, lines };
}

function replyWith(bytes: Buffer): Reply {
  const parts = [bytes];
  const known = { headers: {}, length: bytes.length, start: 0, etag: null, lastModified: null, fileName: null };
  const rest = { next: async () => parts.pop() ?? null };
  const [url, contentType] = [new URL('http://image.invalid/'), 'application/octet-stream'];
  return { ...known, status: 200, upstream: 'other', url, contentType, begun: [], rest, abort: () => {} };
}

/** What another machine tells of an image. */
function recordOf(sha256: string, changedMs: number, fileName = 'a.bin'): News {
  const facts = { chip: null, project: null, version: null, elfSha256: null };
  const value = { sha256, kind: 'app', length: SIZE, fileName, contentType: 'a/b', facts, pinned: false, changedMs };
  return { name: `image/${sha256}`, value };
}

test('a start brings back nothing for which something else would have to go', async (t) => {
  const room = 3.5 * SIZE;
  const { copies, operations, records, elsewhere, names } = machine(t, room);
  for (const [nth, name] of ['board_0', 'board_1', 'board_2', 'board_3'].entries()) {
    const image = buildImage({ version: '1.0.0', size: SIZE, seed: name });
    const { sha256 } = await operations.add(Readable.from([image]), `${name}.bin`, nth + 1);
    elsewhere.set(sha256, image);
    records.push(recordOf(sha256, nth + 1, `${name}.bin`));
  }
  const before = names();
  assert.deepEqual(before, ['board_1.bin', 'board_2.bin', 'board_3.bin'], 'one had to go');
  copies.start();
  await sleep(1_500);
  assert.deepEqual(names(), before);
});

test('a copy is as old as it is elsewhere', async (t) => {
  const { copies, library, records, elsewhere, names } = machine(t, 10 * SIZE);
  const image = buildImage({ version: '1.0.0', size: SIZE });
  const sha256 = sha256Of(image);
  elsewhere.set(sha256, image);
  records.push(recordOf(sha256, 12_345));
  copies.start();
  await until('the copy', () => names().length === 1);
  assert.equal(library.image(sha256)?.offeredMs, 12_345);
});

test('what no machine has any more holds up nothing new, and is told once', async (t) => {
  const { copies, records, elsewhere, names, lines } = machine(t, 10 * SIZE);
  for (let nth = 1; nth <= 3; nth += 1) records.push(recordOf(nth.toString(16).padStart(64, '0'), nth));
  copies.start();
  const image = buildImage({ version: '1.0.0', size: SIZE });
  const sha256 = sha256Of(image);
  elsewhere.set(sha256, image);
  const news = recordOf(sha256, Date.now());
  records.push(news);
  copies.take([news]);
  await until('the new one', () => names().length === 1);
  assert.deepEqual(eventsOf(lines, 'images-not-here'), [], 'before the end of the old ones');
  await until('the line', () => lines.some(({ event }) => event === 'images-not-here'));
  assert.deepEqual([eventsOf(lines, 'images-not-here').length, eventsOf(lines, 'image-not-copied').length], [1, 0]);
});

test('a new one that did not come is tried again', async (t) => {
  const { copies, records, elsewhere, names, lines } = machine(t, 10 * SIZE);
  const image = buildImage({ version: '1.0.0', size: SIZE });
  const news = recordOf(sha256Of(image), Date.now());
  records.push(news);
  copies.take([news]);
  await until('the first failure', () => eventsOf(lines, 'image-not-copied').length === 1);
  assert.match(String(lines.at(-1)?.msg), /tried again in 0.2 s/);
  elsewhere.set(sha256Of(image), image);
  await until('the copy', () => names().length === 1);
});

test('what two machines ask for is passed on once at a time', async (t) => {
  const { copies, operations, passedOn } = machine(t, 10 * SIZE);
  const { sha256 } = await operations.add(Readable.from([buildImage({ version: '1.0.0', size: SIZE })]), 'a.bin');
  const want = (): void => copies.take([{ name: `want/${sha256}`, value: { atMs: Date.now() } }]);
  want();
  await until('the passage', () => passedOn.length === 1);
  want();
  await sleep(50);
  assert.equal(passedOn.length, 1);
  passedOn[0]?.end();
  await sleep(0);
  want();
  await until('another passage', () => passedOn.length === 2);
});

function eventsOf(lines: readonly Record<string, unknown>[], name: string): unknown[] {
  return lines.filter(({ event }) => event === name);
}

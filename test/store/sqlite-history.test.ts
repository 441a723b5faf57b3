// The device history in SQLite: kept across restarts, read in pages, all of a batch or nothing of it.
import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { newMemory } from '../../src/ota/device-record.ts';
import { isDamage } from '../../src/store/history-file.ts';
import { openSqliteHistory } from '../../src/store/sqlite-history.ts';
import { CLAIM, change, devices, EVERY, events, freshFile, NOW, open, outcome, record, run } from './histories.ts';

it('gives back what was written, also after a restart', () => {
  const file = freshFile();
  const first = openSqliteHistory(file);
  first.write([change('a', [1, 2]), change('b', [3], CLAIM)]);
  first.close();
  const history = open({}, file);
  const { memory: _, ...row } = record('a');
  assert.deepEqual(history.read('a'), record('a'));
  assert.deepEqual(history.row('a'), row);
  assert.deepEqual(history.list(EVERY).devices[0], row);
  assert.equal(history.list(EVERY).total, 2);
  assert.deepEqual(history.timeline('a', { before: null, limit: 1 }), [
    { id: 2, atMs: NOW + 2, event: 'e2', detail: { number: 2 } },
  ]);
  assert.deepEqual([events(history, 'a'), events(history, 'b')], ['e2 e1', 'e3']);
  assert.deepEqual(history.counts(), { proven: 1, claims: 1, entries: 2 });
  assert.deepEqual([history.read('c'), history.row('c'), events(history, 'c')], [null, null, '']);
});

it('is private, the files beside it too', () => {
  const file = freshFile();
  const history = open({}, file);
  history.write([change('a')]);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal(statSync(name).mode & 0o777, 0o600, name);
});

it('gives one page of a timeline after the other, whatever other devices do between', () => {
  const history = open();
  for (let number = 1; number <= 5; number += 1) history.write([change('a', [number]), change('b', [number + 10])]);
  const first = history.timeline('a', { before: null, limit: 2 });
  history.write([change('a', [6])]);
  const before = first.at(-1)?.id ?? null;
  assert.deepEqual(
    [first.map(({ event }) => event).join(' '), events(history, 'a', { before, limit: 2 })],
    ['e5 e4', 'e3 e2'],
  );
  const last = history.timeline('a', { before, limit: 2 }).at(-1)?.id ?? null;
  assert.equal(events(history, 'a', { before: last, limit: 9 }), 'e1');
});

it('gives nothing of another device for an id that is not of this one', () => {
  const history = open();
  history.write([change('a', [1, 2, 3])]);
  history.write([change('b', [4])]);
  const foreign = history.timeline('a', { before: null, limit: 1 })[0]?.id ?? null;
  assert.equal(events(history, 'b', { before: foreign, limit: 9 }), '');
  assert.equal(events(history, 'b', { before: 9999, limit: 9 }), '');
});

it('gives all devices for an export, also those that come meanwhile, each once', () => {
  const history = open();
  history.write(Array.from({ length: 1200 }, (_, at) => change(`d${String(at).padStart(4, '0')}`)));
  const seen: string[] = [];
  for (const { device } of history.rows()) {
    seen.push(device);
    if (seen.length === 3) history.write([change('d0000'), change('e')]);
  }
  assert.deepEqual([seen.length, new Set(seen).size, seen[0], seen.at(-1)], [1201, 1201, 'd0000', 'e']);
});

it('writes all of a batch or nothing of it', () => {
  const file = freshFile();
  const history = open({ proven: 2 }, file);
  history.write([change('a', [1]), change('b')]);
  const before = history.list(EVERY);
  const broken = { ...change('d'), outcomes: [outcome({ network: undefined as unknown as string })] };
  assert.throws(() => history.write([change('c', [2]), change('a', [3]), broken]));
  assert.deepEqual(history.list(EVERY), before);
  assert.deepEqual([events(history, 'a'), history.counts().entries], ['e1', 1]);
  history.write([change('c', [4])]);
  assert.deepEqual([devices(history), history.counts().entries], ['b c', 2]);
});

it('reads a memory that is broken as an empty one', () => {
  const file = freshFile();
  open({}, file).write([change('a')]);
  const database = new DatabaseSync(file);
  database.exec(`UPDATE device SET memory = '{"attempt'`);
  database.close();
  assert.deepEqual(open({}, file).read('a'), record('a', { memory: newMemory() }));
});

describe('tells damage from a place that cannot be used:', () => {
  const cases: [what: string, make: (file: string) => void, damage: boolean][] = [
    [
      'a file of something else',
      (file) => writeFileSync(file, 'not a database, but long enough to look at '.repeat(40)),
      true,
    ],
    ['a database of something else', (file) => run(file, 'CREATE TABLE photo (id INTEGER)'), true],
    ['a history of a newer version', (file) => run(file, 'CREATE TABLE x (y); PRAGMA user_version = 99'), true],
    ['a history whose tables are gone', (file) => run(file, 'CREATE TABLE x (y); PRAGMA user_version = 1'), true],
    ['a folder that is missing', (file) => rmSync(join(file, '..'), { recursive: true }), false],
  ];
  for (const [what, make, damage] of cases) {
    it(what, () => {
      const file = freshFile();
      make(file);
      assert.throws(
        () => openSqliteHistory(file),
        (error) => isDamage(error) === damage,
      );
    });
  }
});

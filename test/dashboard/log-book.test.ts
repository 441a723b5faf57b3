// The log that the page keeps: bounded, in order, each line once, and narrowed by level and words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, fits, LogBook, MAX_LINES } from '../../src/dashboard/base/log-book.ts';

const line = (id: number, more = {}) => ({
  id,
  level: 'info',
  time: new Date(1_800_000_000_000 + id).toISOString(),
  msg: `line ${id}`,
  ...more,
});
const ids = (book: LogBook) => book.lines().map(({ line: { id } }) => id);

test('past 2,000 lines the oldest go', () => {
  const book = new LogBook();
  for (let id = 0; id < MAX_LINES + 500; id += 100)
    book.add(Array.from({ length: 100 }, (_, index) => line(id + index)));
  assert.equal(book.lines().length, MAX_LINES);
  assert.deepEqual([ids(book)[0], ids(book).at(-1)], [500, MAX_LINES + 499]);
  book.add(Array.from({ length: 5_000 }, (_, id) => line(id)));
  assert.equal(book.lines().length, MAX_LINES);
  assert.equal(new Set(book.lines().map(({ number }) => number)).size, MAX_LINES, 'each has a number of its own');
});

test('what the gate has kept is put in its place, each line once', () => {
  const book = new LogBook();
  book.add([line(1), line(5), line(6)]);
  const [, five] = book.lines();
  book.merge([line(2), line(3), line(5), line(4), line(6), line(7)]);
  assert.deepEqual(ids(book), [1, 2, 3, 4, 5, 6, 7]);
  assert.ok(five && book.lines().includes(five), 'what was shown stays the same object');
  book.merge([line(6), line(7)]);
  assert.deepEqual(ids(book), [1, 2, 3, 4, 5, 6, 7]);
});

test('older lines never push out newer ones', () => {
  const book = new LogBook();
  book.add(Array.from({ length: MAX_LINES - 1 }, (_, index) => line(10_000 + index)));
  book.merge([line(1), line(2), line(3)]);
  assert.equal(book.lines().length, MAX_LINES);
  assert.deepEqual(ids(book).slice(0, 2), [3, 10_000]);
});

test('a filter takes its level and graver ones, and lines with every word', () => {
  const book = new LogBook();
  book.add([
    line(1),
    line(2, { level: 'error', board: '<b>Box</b>' }),
    line(3, { level: 'nonsense' }),
    line(4, { level: 'debug' }),
  ]);
  const fitting = (level: 'debug' | 'info' | 'warn', text: string) =>
    book.lines().flatMap((kept) => (fits(kept, { level, text }) ? [kept.line.id] : []));
  assert.deepEqual(fitting('debug', ''), [1, 2, 3, 4]);
  assert.deepEqual(fitting('info', ''), [1, 2, 3], 'an unknown level counts as info');
  assert.deepEqual(fitting('warn', ''), [2]);
  assert.deepEqual(fitting('info', ' box  LINE '), [2]);
  assert.deepEqual(fitting('info', 'box absent'), []);
});

test('the rest of a line is told name by name', () => {
  assert.deepEqual(
    fieldsOf({ level: 'info', time: 'x', msg: 'm', process: 'p', event: 'e', a: 1, b: ['x'], c: null, d: '\u202e' }),
    [
      ['a', '1'],
      ['b', '["x"]'],
      ['c', '–'],
      ['d', '\\u202e'],
    ],
  );
});

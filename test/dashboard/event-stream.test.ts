// The reading of server-sent events and of lines, however the bytes are cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStreamReader, LineCutter, readJson } from '../../src/dashboard/base/event-stream.ts';

const stream =
  'retry: 2000\n\nid: a.1\nevent: log\ndata: {"x":\ndata: 1}\n\n:\n\nevent: none\n\nid: a.2\r\ndata:last\r\n\r\n';
const messages = [
  { event: 'log', id: 'a.1', data: '{"x":\n1}' },
  { event: 'message', id: 'a.2', data: 'last' },
];

test('events are read whole, comments and events without data left out', () => {
  assert.deepEqual(new EventStreamReader().push(stream), messages);
});

test('wherever the stream is cut, the same events come out', () => {
  for (let at = 1; at < stream.length; at += 1) {
    const reader = new EventStreamReader();
    assert.deepEqual([...reader.push(stream.slice(0, at)), ...reader.push(stream.slice(at))], messages, `cut at ${at}`);
  }
  const reader = new EventStreamReader();
  assert.deepEqual(
    [...stream].flatMap((character) => reader.push(character)),
    messages,
  );
});

test('the id holds for later events that bring none', () => {
  const reader = new EventStreamReader();
  const [, second] = reader.push('id: 7\ndata: a\n\ndata: b\n\n');
  assert.deepEqual(second, { event: 'message', id: '7', data: 'b' });
});

test('a line that never ends is thrown away, and what follows is read', () => {
  const cutter = new LineCutter();
  for (let pieces = 0; pieces < 11; pieces += 1) assert.deepEqual(cutter.push('x'.repeat(100_000)), []);
  assert.ok(cutter.end().length < 200_000);
  assert.deepEqual(cutter.push('\nnext\n').slice(-1), ['next']);
});

test('what is no JSON is null, not an error', () => {
  assert.equal(readJson('{"a":1'), null);
  assert.deepEqual(readJson('{"a":1}'), { a: 1 });
});

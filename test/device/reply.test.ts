// Tests the reply parser's faults, segment by segment.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quirksOf } from '../../src/device/generation.ts';
import { ReplyReader } from '../../src/device/reply.ts';

const CURRENT = quirksOf('current', '2.4.2');
const LEGACY = quirksOf('legacy', '1.6.0');

function read(segments: string[], quirks = CURRENT): { reader: ReplyReader; body: string } {
  const reader = new ReplyReader(quirks);
  const body = segments.map((segment) => reader.push(Buffer.from(segment, 'latin1')).toString('latin1')).join('');
  return { reader, body };
}

const PLAIN = 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello';

for (const quirks of [CURRENT, LEGACY]) {
  test(`a reply is the same in one piece and byte by byte (${quirks.generation})`, () => {
    for (const segments of [[PLAIN], [...PLAIN]]) {
      const { reader, body } = read(segments, quirks);
      assert.deepEqual([reader.state, reader.status, reader.contentLength, body], ['complete', 200, 5, 'hello']);
    }
  });
}

test('lines may end without a CR', () => {
  assert.equal(read(['HTTP/1.1 200 OK\nContent-Length: 2\n\nok']).body, 'ok');
});

test('a 1xx is final: what follows it is body', () => {
  const { reader } = read(['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok']);
  assert.equal(reader.status, 100);
});

test('the last header of a name wins', () => {
  assert.equal(read(['HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 2\r\n\r\nok']).reader.state, 'complete');
});

const LOWER = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
const CASES: [string, ReturnType<typeof quirksOf>, number][] = [
  ['current 1.8.0', quirksOf('current', '1.8.0'), 0],
  ['current 1.8', quirksOf('current', '1.8'), 0],
  ['current 1.8.2', quirksOf('current', '1.8.2'), 0],
  ['current 1.8.3', quirksOf('current', '1.8.3'), 0],
  ['current 1.8.4', quirksOf('current', '1.8.4'), 5],
  ['current 2.0.0', quirksOf('current', '2.0.0'), 5],
  ['modem 2.4.2', quirksOf('modem', '2.4.2'), 0],
  ['legacy 1.6.0', LEGACY, 5],
];
for (const [who, quirks, length] of CASES) {
  test(`content-length in lower case is ${length === 0 ? 'not seen' : 'seen'} by ${who}`, () => {
    assert.equal(read([LOWER], quirks).reader.contentLength, length);
  });
}

test('transfer-encoding in lower case makes the frames of chunks part of the body, for a modem', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
  assert.equal(read([chunked], quirksOf('modem', '2.4.2')).body, '2\r\nok\r\n0\r\n\r\n');
  assert.equal(read([chunked]).body, 'ok');
});

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

test('chunks in one segment are put together', () => {
  const { reader, body } = read([`${CHUNKED}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n`]);
  assert.deepEqual([body, reader.state], ['hello world', 'complete']);
});

test('a chunk whose CRLF comes in a later segment silently ends the body', () => {
  const { reader, body } = read([`${CHUNKED}5\r\nhello`, '\r\n6\r\n world\r\n0\r\n\r\n']);
  assert.deepEqual([body, reader.state], ['hello', 'complete']);
  const split = read([`${CHUNKED}5\r\nhello\r`, '\n6\r\n world\r\n0\r\n\r\n']);
  assert.equal(split.body, 'hello');
});

test("ESP-IDF's client is not so", () => {
  const { reader, body } = read([`${CHUNKED}5\r\nhello`, '\r\n6\r\n world\r\n0\r\n\r\n'], LEGACY);
  assert.deepEqual([body, reader.state], ['hello world', 'complete']);
  assert.equal(read([...`${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`], LEGACY).body, 'hello world');
});

test('a body without a length is whole whenever the connection ends; one with a length is not', () => {
  assert.equal(read(['HTTP/1.1 200 OK\r\n\r\nhel']).reader.whole, true);
  assert.equal(read(['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel']).reader.whole, false);
  assert.equal(read([`${CHUNKED}5\r\nhello\r\n`]).reader.whole, false);
  assert.equal(read(['HTTP/1.1 200 OK\r\nContent-Le']).reader.whole, false);
});

const BROKEN = [
  'nonsense\r\n',
  'HTTP/1.1\r\n',
  'HTTP/1.1 99 x\r\n',
  'HTTP/1.1 2x0 OK\r\n',
  'HTTP/1.1 200 OK\r\nno colon\r\n',
];
for (const text of BROKEN) {
  test(`${JSON.stringify(text)} is a parse error`, () => {
    assert.equal(read([text]).reader.state, 'error');
  });
}

test('a head without end is given up', () => {
  assert.equal(read(['HTTP/1.1 200 OK\r\n', `X: ${'y'.repeat(20_000)}`]).reader.state, 'error');
  assert.equal(read(['HTTP/1.1 200 OK\r\n', ...Array<string>(3000).fill('X: y\r\n'), '\r\n']).reader.state, 'error');
});

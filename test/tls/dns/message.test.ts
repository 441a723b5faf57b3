// DNS messages on the wire: what is written can be read, and what is hostile ends in a RangeError.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLASS,
  decodeMessage,
  encodeMessage,
  encodeName,
  encodeText,
  readName,
  TYPE,
} from '../../../src/tls/dns/message.ts';

const record = {
  name: '_acme-challenge.example.com',
  type: TYPE.TXT,
  class: CLASS.IN,
  ttl: 60,
  data: encodeText('abc'),
};
const message = {
  id: 4711,
  flags: 0x2800,
  questions: [{ name: 'Example.com.', type: TYPE.SOA, class: CLASS.IN }],
  answers: [],
  authorities: [record],
  additionals: [],
};

test('what is written can be read', () => {
  const read = decodeMessage(encodeMessage(message));
  assert.deepEqual([read.id, read.flags, read.rcode], [4711, 0x2800, 0]);
  assert.deepEqual(read.questions, [{ name: 'example.com', type: TYPE.SOA, class: CLASS.IN }]);
  const [{ start, dataStart, ...back } = { start: 0, dataStart: 0 }] = read.authorities;
  assert.deepEqual(back, record);
  assert.equal(dataStart - start, encodeName(record.name).length + 10);
});

test('compressed names are followed backwards only', () => {
  const at = (...bytes: number[]) => Buffer.from(bytes);
  const twice = Buffer.concat([encodeName('example.com'), at(3, 0x61, 0x62, 0x63, 0xc0, 0), at(0xc0, 13)]);
  assert.deepEqual(readName(twice, 19), { name: 'abc.example.com', end: 21 });
  for (const loop of [at(0xc0, 0), at(1, 0x61, 0xc0, 0), at(0xc0, 2, 0xc0, 0)]) {
    assert.throws(() => readName(loop, loop.length - 2), RangeError);
  }
});

test('a message that is cut off at any byte is refused', () => {
  const whole = encodeMessage(message);
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeMessage(whole.subarray(0, length)), RangeError, `${length} bytes`);
  }
});

test('names that no zone can hold are refused', () => {
  const long = Array.from({ length: 5 }, () => 'x'.repeat(60)).join('.');
  for (const name of ['a..b', '.a', `${'x'.repeat(64)}.com`, long, 'münchen.de', 'a b.com', 'a\u0000.com']) {
    assert.throws(() => encodeName(name), RangeError, name);
  }
  assert.deepEqual(encodeName('.'), Buffer.of(0));
});

// Tests what the firmware makes of versions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOffer, isAtLeast, parseVersion } from '../../src/device/version.ts';

const NUMBERS: [string, number[]][] = [
  ['2.1.0', [2, 1, 0]],
  ['1', [1]],
  ['', []],
  ['2.1.', [2, 1]],
  ['1a.2', [1, 2]],
  ['2.1-beta.3', [2, 1, 3]],
  [' 1.+2.-3', [1, 2, -3]],
  ['1.2147483647', [1, 2147483647]],
  ['007', [7]],
];
const ABORTS = ['v2.1', '2..1', '.1', '2. .1', '2147483648', '1.99999999999', '2.x', '-', '..'];

for (const [text, numbers] of NUMBERS) {
  test(`"${text}" is read as ${JSON.stringify(numbers)}`, () => {
    assert.deepEqual(parseVersion(text), { parsed: 'numbers', numbers });
  });
}
for (const text of ABORTS) {
  test(`"${text}" throws in the firmware`, () => {
    assert.equal(parseVersion(text).parsed, 'abort');
    assert.equal(compareOffer('1.0', text).compared, 'abort');
    assert.equal(compareOffer(text, '1.0').compared, 'abort');
  });
}

const OFFERS: [string, string, 'newer' | 'not-newer'][] = [
  ['1.9.9', '1.10.0', 'newer'],
  ['1.10.0', '1.9.9', 'not-newer'],
  ['2.0.0', '2.0.0', 'not-newer'],
  ['2.0', '2.0.0', 'newer'],
  ['2.0.0', '2.0', 'not-newer'],
  ['2.0.1', '2.0.0.9', 'not-newer'],
  ['2.0.0', '', 'not-newer'],
];
for (const [running, offered, expected] of OFFERS) {
  test(`${offered || '(empty)'} is ${expected} for a device that runs ${running}`, () => {
    assert.equal(compareOffer(running, offered).compared, expected);
  });
}

test('isAtLeast counts numbers, and is false for a version that cannot be read', () => {
  assert.equal(isAtLeast('1.8.0', [1, 8]), true);
  assert.equal(isAtLeast('1.7.9', [1, 8]), false);
  assert.equal(isAtLeast('2.0', [1, 8, 4]), true);
  assert.equal(isAtLeast('v9', [1, 8]), false);
});

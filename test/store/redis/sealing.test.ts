// What goes to Redis says nothing to those who read it there, and takes nothing from those who write there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Sealing } from '../../../src/store/redis/sealing.ts';

const key = (): string => randomBytes(32).toString('base64');
const PLAIN = Buffer.from('a private key');

test('what is sealed opens again, and is never the same twice', () => {
  const sealing = new Sealing(key());
  const sealed = sealing.seal(PLAIN, 'account/a');
  assert.deepEqual(sealing.open(sealed, 'account/a'), PLAIN);
  assert.notDeepEqual(sealing.seal(PLAIN, 'account/a'), sealed);
  assert.ok(!sealed.includes(PLAIN));
});

test('a value cannot be moved to another name', () => {
  const sealing = new Sealing(key());
  assert.equal(sealing.open(sealing.seal(PLAIN, 'opening/a'), 'opening/b'), null);
});

test('every changed bit, and every cut, is noticed', () => {
  const sealing = new Sealing(key());
  const sealed = sealing.seal(PLAIN, 'x');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    assert.equal(sealing.open(changed, 'x'), null, `byte ${at}`);
    assert.equal(sealing.open(sealed.subarray(0, at), 'x'), null, `cut at ${at}`);
  }
});

test('an older key opens what it sealed, a stranger does not', () => {
  const [before, after] = [key(), key()];
  const sealed = new Sealing(before).seal(PLAIN, 'x');
  assert.deepEqual(new Sealing(`${after},${before}`).open(sealed, 'x'), PLAIN);
  assert.equal(new Sealing(after).open(sealed, 'x'), null);
  assert.equal(new Sealing(before).open(new Sealing(`${after},${before}`).seal(PLAIN, 'x'), 'x'), null);
});

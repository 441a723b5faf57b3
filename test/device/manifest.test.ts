// Tests what a device does with the reply to its check.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../src/device/manifest.ts';

type Flash = Map<string, string | number>;

function read(reply: unknown, running = '1.9.0', flash: Flash = new Map()) {
  return {
    verdict: readManifest(Buffer.from(typeof reply === 'string' ? reply : JSON.stringify(reply)), running, flash),
    flash,
  };
}

const url = 'http://h/f.bin';
const OFFERS: [string, unknown, string][] = [
  ['a newer version', { version: '2.0.0', url }, 'update'],
  ['the same version', { version: '1.9.0', url }, 'current'],
  ['an older version', { version: '1.8.0', url }, 'current'],
  ['an older version by force', { version: '1.8.0', url, force: 1 }, 'update'],
  ['force as text', { version: '1.8.0', url, force: '1' }, 'current'],
  ['force: true', { version: '1.8.0', url, force: true }, 'current'],
  ['force: 2', { version: '1.8.0', url, force: 2 }, 'current'],
  ['a newer version with an empty link', { version: '2.0.0', url: '' }, 'update'],
  ['a newer version without a link', { version: '2.0.0' }, 'current'],
  ['a version that is a number', { version: 2, url }, 'current'],
  ['firmware: null', null, 'current'],
  ['a version with a v', { version: 'v2.1', url }, 'abort'],
  ['a version with a v, forced', { version: 'v2.1', url, force: 1 }, 'abort'],
  ['a version with a v and an empty link', { version: 'v1.9.0', url: '' }, 'abort'],
  ['a version with a v and no link', { version: 'v2.1' }, 'current'],
];
for (const [what, firmware, expected] of OFFERS) {
  test(`${what}: ${expected}`, () => assert.equal(read({ firmware }).verdict.manifest, expected));
}

test('the link of a device that is not activated means nothing where the version is equal', () => {
  const sentinel = 'http://h/otaMag/download/NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';
  const { verdict } = read({
    firmware: { version: '1.9.0', url: sentinel },
    activation: { code: '460609', message: 'm' },
  });
  assert.equal(verdict.manifest, 'current');
  assert.deepEqual(verdict.manifest === 'current' && verdict.activation, {
    code: '460609',
    message: 'm',
    challenge: null,
  });
});

test('every string and number of mqtt{} and websocket{} goes into flash, and nothing else', () => {
  const flash: Flash = new Map([['websocket.token', 'old']]);
  read(
    {
      mqtt: { endpoint: 'h:1883', keepalive: 240.7, big: 1e12, list: [1], yes: true, none: null },
      websocket: { url: 'ws://h/', token: '', version: 3 },
      server_time: { timestamp: 1 },
    },
    '1.9.0',
    flash,
  );
  assert.deepEqual(Object.fromEntries(flash), {
    'websocket.token': '',
    'mqtt.endpoint': 'h:1883',
    'mqtt.keepalive': 240,
    'mqtt.big': 2147483647,
    'websocket.url': 'ws://h/',
    'websocket.version': 3,
  });
});

test('a key of 15 characters is stored, one of 16 aborts', () => {
  assert.equal(read({ mqtt: { subscribe_topic: 's' } }).flash.get('mqtt.subscribe_topic'), 's');
  assert.equal(read({ mqtt: { subscribe_topics: 's' } }).verdict.manifest, 'abort');
  assert.equal(read({ websocket: { a_key_that_is_long: 1 } }).verdict.manifest, 'abort');
  assert.equal(read({ websocket: { a_key_that_is_long: { inner: 1 } } }).verdict.manifest, 'current');
});

test('addresses are stored before a bad version aborts the firmware', () => {
  const { verdict, flash } = read({ websocket: { url: 'ws://h/' }, firmware: { version: 'v2', url } });
  assert.equal(verdict.manifest, 'abort');
  assert.equal(flash.get('websocket.url'), 'ws://h/');
});

test('what is no JSON is bad, what is no object has nothing to say', () => {
  assert.equal(read('<html>').verdict.manifest, 'bad-json');
  assert.equal(read('').verdict.manifest, 'bad-json');
  assert.equal(read('{"firmware":').verdict.manifest, 'bad-json');
  assert.equal(read('[]').verdict.manifest, 'current');
});

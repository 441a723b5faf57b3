// Tests how the firmware takes addresses apart.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLink, parseVoiceLink } from '../../src/device/link.ts';

test('an address is taken apart into scheme, host, port and path', () => {
  assert.deepEqual(parseLink('https://ota.example.com/xiaozhi/ota/?a=b:c', 'GET', 'current'), {
    link: 'good',
    at: { secure: true, host: 'ota.example.com', port: 443, path: '/xiaozhi/ota/?a=b:c' },
  });
  assert.deepEqual(parseLink('http://192.168.1.5:8003/f', 'GET', 'current'), {
    link: 'good',
    at: { secure: false, host: '192.168.1.5', port: 8003, path: '/f' },
  });
  assert.deepEqual(parseLink('http://ota.example.com', 'GET', 'modem'), {
    link: 'good',
    at: { secure: false, host: 'ota.example.com', port: 80, path: '/' },
  });
});

const BAD = [
  '',
  'ota.example.com/f',
  'ftp://ota.example.com/f',
  'http://user:password@ota.example.com/f',
  'http://user@ota.example.com/f',
  'http://[::1]/f',
  'http://[::1]:8003/f',
  'http://ota.example.com?token=1',
  'http://ota.example.com?next=/f',
  'http://ota.example.com:80?token=1',
  'http://ota.example.com:0/f',
  'http://ota.example.com:70000/f',
];
for (const url of BAD) {
  test(`no device can use "${url}"`, () => {
    for (const generation of ['legacy', 'current', 'modem'] as const) {
      assert.equal(parseLink(url, 'GET', generation).link, 'bad');
    }
  });
}

test('for the old client the request line has to fit 512 bytes, ending zero included', () => {
  const fits = `http://h/${'x'.repeat(511 - 'GET / HTTP/1.1\r\n'.length)}`;
  assert.equal(parseLink(fits, 'GET', 'legacy').link, 'good');
  assert.equal(parseLink(`${fits}x`, 'GET', 'legacy').link, 'bad');
  assert.equal(parseLink(`${fits}x`, 'GET', 'current').link, 'good');
  assert.equal(parseLink(`http://h/?${'x'.repeat(511)}`, 'GET', 'legacy').link, 'bad');
});

test('a voice address with a colon in its query and no port is spoiled', () => {
  assert.equal(parseVoiceLink('wss://ota.example.com/xiaozhi/v1/?x=a:1').link, 'bad');
  assert.deepEqual(parseVoiceLink('wss://ota.example.com:8443/xiaozhi/v1/?x=a:1'), {
    link: 'good',
    at: { secure: true, host: 'ota.example.com', port: 8443, path: '/xiaozhi/v1/?x=a:1' },
  });
  assert.deepEqual(parseVoiceLink('ws://ota.example.com'), {
    link: 'good',
    at: { secure: false, host: 'ota.example.com', port: 80, path: '/' },
  });
});

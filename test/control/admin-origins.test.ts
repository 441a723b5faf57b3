// By which names the admin interface goes, and which requests come from its own page: tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnHost } from '../../src/control/admin/hosts.ts';
import { isSameOrigin } from '../../src/control/admin/same-origin.ts';

const own = { domains: ['ota.test', '*.wild.test', '2001:db8::5'], addresses: ['::ffff:192.168.1.5', undefined] };

test('the interface goes by its address, localhost and the domains, with any port', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:9180',
    '127.0.0.1:9180',
    '[::1]:9180',
    '[0:0:0:0:0:0:0:1]',
    '192.168.1.5:9180',
    '[::ffff:192.168.1.5]',
    'ota.test',
    'OTA.test.:443',
    'a.wild.test:1',
    '[2001:db8:0::5]:9180',
  ])
    assert.equal(isOwnHost(host, own), true, host);
});

test('it goes by no other name: one that was made to resolve here is foreign', () => {
  for (const host of [
    undefined,
    '',
    ':9180',
    'evil.test',
    'ota.test.evil.test',
    'xota.test',
    'wild.test',
    'a.b.wild.test',
    '192.168.1.6',
    '127.0.0.2',
    '127.1',
    '0.0.0.0',
    '[::]',
    '[::2]',
    'localhost.evil.test',
    'localhost:1:2',
    'localhost:x',
    'ota.test:123456',
    'user@ota.test',
    'ota.test/evil.test',
    'ota.test,evil.test',
    'ota.test evil.test',
    '[ota.test]',
  ])
    assert.equal(isOwnHost(host, own), false, String(host));
});

const page = { host: '127.0.0.1:9180', schemes: ['http', 'https'] } as const;

test('what our own page sends, and what no browser sends, is of the same origin', () => {
  for (const [fetchSite, origin] of [
    ['same-origin', 'http://127.0.0.1:9180'],
    ['same-origin', undefined],
    ['none', undefined],
    [undefined, undefined],
    [undefined, 'http://127.0.0.1:9180'],
    [undefined, 'https://127.0.0.1:9180'], // through somebody's own TLS proxy
  ])
    assert.equal(isSameOrigin({ ...page, fetchSite, origin }), true, `${fetchSite} ${origin}`);
});

test('what another page sends is not', () => {
  for (const [fetchSite, origin] of [
    ['cross-site', undefined],
    ['same-site', undefined],
    ['Same-Origin', undefined],
    ['', undefined],
    ['same-origin', 'http://evil.test'],
    [undefined, 'null'],
    [undefined, ''],
    [undefined, 'http://127.0.0.1:9181'],
    [undefined, 'http://127.0.0.1'],
    [undefined, 'http://localhost:9180'],
    [undefined, 'http://127.0.0.1:9180.evil.test'],
    [undefined, 'ftp://127.0.0.1:9180'],
  ])
    assert.equal(isSameOrigin({ ...page, fetchSite, origin }), false, `${fetchSite} ${origin}`);
});

test('a port that goes without saying is the same port; plain HTTP is not https', () => {
  const publicly = { host: 'ota.test', schemes: ['https'], fetchSite: undefined } as const;
  assert.equal(isSameOrigin({ ...publicly, origin: 'https://ota.test:443' }), true);
  assert.equal(isSameOrigin({ ...publicly, origin: 'https://OTA.test' }), true);
  assert.equal(isSameOrigin({ ...publicly, origin: 'http://ota.test' }), false);
  assert.equal(isSameOrigin({ ...publicly, host: undefined, origin: 'https://ota.test' }), false);
  assert.equal(isSameOrigin({ ...publicly, host: 'a b', origin: 'null' }), false);
});

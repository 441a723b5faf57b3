// Owns which domains an authority is asked for, and which are left to the local CA.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Authority, acmeNames, isLetsEncrypt, notOrdered } from '../../src/config/acme-names.ts';
import { DIRECTORIES } from '../../src/config/web-address.ts';
import { configOf } from './checked.ts';

const PUBLIC: Authority = {
  directory: 'https://acme-v02.api.letsencrypt.org/directory',
  challenge: 'http-01',
  caFile: null,
};
const UPSTREAM = 'upstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';

test('a public authority signs what the world can know', () => {
  for (const name of [
    'ota.example.com',
    '*.example.com',
    'a.b.c.example.cn',
    'lan.example.com',
    'mylocal.io',
    'xn--fsqu00a.com',
    '9.9.9.9',
    '2620:fe::fe',
  ]) {
    assert.equal(notOrdered(name, PUBLIC), null, name);
  }
});

test('and nothing else', () => {
  for (const name of [
    'localhost',
    'gate',
    'gate.localhost',
    'gate.local',
    'gate.lan',
    '*.gate.lan',
    '*.lan',
    'gate.internal',
    'gate.home.arpa',
    'gate.test',
    'gate.example',
  ]) {
    assert.match(notOrdered(name, PUBLIC) ?? '', /name that only the local network knows/, name);
  }
  for (const name of [
    '192.168.1.2',
    '10.0.0.1',
    '172.16.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '203.0.113.1',
    '::1',
    'fd00::2',
    'fe80::1',
  ]) {
    assert.match(notOrdered(name, PUBLIC) ?? '', /address that nobody outside can reach/, name);
  }
});

test('an authority of one’s own signs local names, and local addresses over http-01', () => {
  for (const own of [
    { ...PUBLIC, caFile: '/etc/root.pem' },
    { ...PUBLIC, directory: 'https://localhost:14000/dir' },
    { ...PUBLIC, directory: 'https://ca.lan/acme/acme/directory' },
    { ...PUBLIC, directory: 'https://192.168.1.9/directory' },
    { ...PUBLIC, directory: 'https://[fd00::9]/directory' },
  ]) {
    for (const name of ['gate.lan', 'gate', '192.168.1.2', 'ota.example.com']) {
      assert.equal(notOrdered(name, own), null, `${name} at ${own.directory}`);
    }
    assert.notEqual(notOrdered('192.168.1.2', { ...own, challenge: 'dns-01' }), null);
  }
  assert.notEqual(notOrdered('gate.lan', { ...PUBLIC, directory: 'https://9.9.9.9/directory' }), null);
});

test('the names of a configuration', () => {
  const domains = `domains: [ota.example.com, gate.lan, 192.168.1.2, b.example.com]\n${UPSTREAM}`;
  assert.deepEqual(acmeNames(configOf(domains)), []);
  assert.deepEqual(acmeNames(configOf(`${domains}email: you@example.com\n`)), ['ota.example.com', 'b.example.com']);
});

test('the directories of Let’s Encrypt', () => {
  for (const directory of Object.values(DIRECTORIES)) assert.equal(isLetsEncrypt(directory), true);
  for (const directory of [
    'https://ca.example.com/letsencrypt.org',
    'https://api.letsencrypt.org.evil.net/',
    'https://letsencrypt.org/',
  ]) {
    assert.equal(isLetsEncrypt(directory), false, directory);
  }
});

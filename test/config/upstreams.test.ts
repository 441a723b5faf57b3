// Upstreams in the file: a list of origins, or a map with settings; what they expand to, and every mistake at its place.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { showOrigin, socketPathOf, unixOrigin } from '../../src/config/unix-origin.ts';
import { BASE, brief, configOf, faultsOf } from './checked.ts';

const voice = (text: string): string => `${BASE}upstreams: { voice: ${text} }\n`;

test('a list has no settings, a map has them all', () => {
  const list = configOf(voice('["http://a:1", "https://b"]'));
  assert.deepEqual(list.upstreams.voice, ['http://a:1', 'https://b']);
  assert.deepEqual(list.upstreamSettings, {});
  const map = configOf(voice('{ origins: "http://a:1", sticky: device, health: { path: /x } }'));
  assert.deepEqual(map.upstreams.voice, ['http://a:1']);
  assert.deepEqual(map.upstreamSettings.voice, {
    balance: 'least-connections',
    sticky: 'device',
    proxyProtocol: 'none',
    health: { path: '/x', intervalMs: 10_000, timeoutMs: 2_000, fails: 2, passes: 1 },
    tls: { caFile: null, serverName: null, certFile: null, keyFile: null },
  });
});

test('the long form loads again to the same', () => {
  const yaml = voice(
    '{ origins: ["unix:/run/voice.sock", "https://b"], balance: first, health: { path: /, passes: 3 }, tls: { caFile: /etc/hostname, serverName: c }, proxyProtocol: v1 }',
  );
  const config = configOf(yaml);
  const again = configOf(printLongForm(config));
  assert.deepEqual(again.upstreams, config.upstreams);
  assert.deepEqual(again.upstreamSettings, config.upstreamSettings);
});

test('a Unix socket stands as an origin that no DNS knows, whatever its path', () => {
  for (const path of ['/run/x.sock', '/a', `/${'very-long/'.repeat(10)}x`, '/run/größe.sock']) {
    const origin = unixOrigin(path);
    assert.equal(new URL(origin).origin, origin);
    assert.match(origin, /^http:\/\/[0-9a-f.]+\.unix\.invalid$/);
    assert.equal(socketPathOf(origin), path);
    assert.equal(showOrigin(origin), `unix:${path}`);
  }
  assert.equal(socketPathOf('http://192.168.1.5:8000'), null);
  assert.equal(socketPathOf('http://zz.unix.invalid'), null);
});

const MISTAKES: [yaml: string, told: string][] = [
  [voice('{ sticky: device }'), '3:21 upstreams.voice.origins: is missing'],
  [voice('{ origins: x }'), '3:32 upstreams.voice.origins: has no scheme'],
  [voice('5'), '3:21 upstreams.voice: is not of the right kind'],
  [voice('{ origins: ["http://a", "unix:x"] }'), '3:45 upstreams.voice.origins[1]: is no absolute path'],
  [voice(`"unix:/${'x'.repeat(120)}"`), '3:21 upstreams.voice: is too long for a socket'],
  [voice('{ origins: "http://a", health: {} }'), '3:52 upstreams.voice.health.path: is missing'],
  [voice('{ origins: "http://a", tls: { certFile: /etc/hostname } }'), '3:49 upstreams.voice.tls.keyFile: is missing'],
  [
    voice('{ origins: "http://a", tls: { caFile: /nowhere/x } }'),
    '3:59 upstreams.voice.tls.caFile: there is no such file',
  ],
];

for (const [yaml, told] of MISTAKES) test(told, () => assert.deepEqual(brief(faultsOf(yaml)), [told]));

test('a misspelt key is told with what was meant', () => {
  const [fault] = faultsOf(voice('{ origins: "http://a", ballance: first }'));
  assert.ok(fault);
  assert.match(formatFinding(fault), /ballance: is not a key known here .*expected one of origins, .*mean "balance"/);
});

test('the settings in full.yaml are right as well', () => {
  const text = readFileSync(new URL('../../config/full.yaml', import.meta.url), 'utf8');
  const sample = /^# {3}voice:\n(?:# {5}.*\n)+/m.exec(text)?.[0].replace(/^# /gm, '');
  const config = configOf(`${BASE}upstreams:\n${sample}`);
  assert.equal(config.upstreamSettings.voice?.sticky, 'device');
  assert.equal(config.upstreamSettings.voice.health?.path, '/xiaozhi/v1/');
});

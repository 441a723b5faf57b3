// Streams in the file: what they expand to, and every mistake in them told at its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASE, brief, check, configOf, faultsOf } from './checked.ts';

const stream = (rest: string): string => `${BASE}streams: [{ ${rest} }]\n`;

test('a stream in its shortest form', () => {
  const config = configOf(stream('listen: 8883, upstream: "192.168.1.5:1883"'));
  assert.deepEqual(config.streams, [
    {
      listen: { host: '::', port: 8883 },
      upstream: [{ host: '192.168.1.5', port: 1883 }],
      allow: [],
      idleMs: 600_000,
      connections: 10_000,
      proxyProtocol: 'none',
    },
  ]);
  assert.equal(config.public.mqtts, 8883, 'devices are told of it');
});

test('devices are told of MQTT by TLS only where a stream is on 8883, or the file says so', () => {
  assert.equal(configOf(BASE).public.mqtts, null);
  assert.equal(configOf(stream('listen: 18883, upstream: "a:1883"')).public.mqtts, null);
  assert.equal(configOf(`${stream('listen: 18883, upstream: "a:1883"')}public: { mqtts: 8883 }\n`).public.mqtts, 8883);
});

const MISTAKES: [yaml: string, told: string][] = [
  [stream('upstream: "a:1"'), '3:11 streams[0].listen: is missing'],
  [stream('listen: 8883'), '3:11 streams[0].upstream: is missing'],
  [stream('listen: 8883, upstream: []'), '3:37 streams[0].upstream: is an empty list'],
  [stream('listen: 8883, upstream: "mqtt://a:1883"'), '3:37 streams[0].upstream: is a URL'],
  [stream('listen: 8883, upstream: broker'), '3:37 streams[0].upstream: is not a host and a port'],
  [stream('listen: 8883, upstream: "a:0"'), '3:37 streams[0].upstream: has a port that does not exist'],
  [
    stream('listen: 443, upstream: "a:1"'),
    '3:21 streams[0].listen: is in the way of listen.https ([::]:443, which is so where nothing is said)',
  ],
  [
    stream('listen: 8883, upstream: "a:1", allow: everyone'),
    '3:51 streams[0].allow: is neither an address nor a network',
  ],
  [stream('listen: 8883, upstream: "a:1", connections: 0'), '3:57 streams[0].connections: is out of range'],
];

for (const [yaml, told] of MISTAKES) test(told, () => assert.deepEqual(brief(faultsOf(yaml)), [told]));

test('a port that nothing listens on is warned about', () => {
  const loaded = check(`${BASE}public: { mqtts: 8883 }\n`);
  assert.ok(loaded.ok);
  assert.deepEqual(brief(loaded.warnings), ['3:18 public.mqtts: is told to devices, and there are no streams']);
});

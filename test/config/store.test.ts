// Owns store: where the state is kept, what is wrong with it, and that no secret of it is ever shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, configOf, faultsOf } from './checked.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const store = (rest: string): string => `${BASE}store: { ${rest} }\n`;

const MISTAKES: [name: string, yaml: string, path: string, text: RegExp][] = [
  ['another engine', `${BASE}store: mysql\n`, 'store.redis', /is neither sqlite nor the URL of a Redis/],
  ['no key, in short', `${BASE}store: redis://10.0.0.5\n`, 'store', /has no encryptionKeyFile beside it/],
  ['no key', store('redis: redis://a'), 'store.encryptionKey', /is missing, expected it, or encryptionKeyFile/],
  [
    'half a key',
    store('redis: redis://a, encryptionKey: c2hvcnQ='),
    'store.encryptionKey',
    /is not 32 bytes in Base64/,
  ],
  [
    'a password in the URL',
    store(`redis: "redis://u:hunter2@a", encryptionKey: "${KEY}"`),
    'store.redis',
    /holds a user/,
  ],
  ['a path', store(`redis: redis://a/b, encryptionKey: "${KEY}"`), 'store.redis', /is not an address that can be used/],
  [
    'a password for no sentinels',
    store(`redis: redis://a, encryptionKey: "${KEY}", sentinelPassword: hunter2`),
    'store.sentinelPassword',
    /is there without sentinels/,
  ],
];

for (const [name, yaml, path, text] of MISTAKES) {
  test(`${name} is told at its key`, () => {
    const faults = faultsOf(yaml);
    const fault = faults.find((each) => each.path === path);
    assert.ok(fault, JSON.stringify(faults));
    assert.match(formatFinding(fault), text);
    assert.doesNotMatch(faults.map(formatFinding).join(), /hunter2/);
  });
}

test('the long form loads again to the same', () => {
  const config = configOf(
    store(
      `redis: "rediss://[fd00::5]:6380/3", username: gate, password: hunter2, sentinels: ["a:26380", 10.0.0.6], sentinelPassword: s, encryptionKey: "${KEY}", name: east, machine: gate-1`,
    ),
  );
  assert.ok(config.store.kind === 'redis' && config.store.tls);
  assert.deepEqual([config.store.server, config.store.database], [{ host: 'fd00::5', port: 6380 }, 3]);
  assert.deepEqual(config.store.sentinels, [
    { host: 'a', port: 26_380 },
    { host: '10.0.0.6', port: 26_379 },
  ]);
  assert.deepEqual(configOf(printLongForm(config)).store, config.store);
});

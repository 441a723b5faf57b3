// `otagate check --explain`: the decision for a request and its reason, as a gate would make it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFor, otagate } from './command-line.ts';

const MORE = `networks: { lan: private }
openings: [{ route: ota, from: [203.0.113.0/24], until: 2099-01-01T00:00:00Z }]
`;
const REFUSED = { action: 'refused with 426 PLAIN_HTTP_CLOSED', because: 'plain-outside', lan: false };

test('the decision stands in the document, and says the same in every language', async (t) => {
  const config = configFor(t, './state', MORE);
  const cases: [args: string[], says: Record<string, unknown>][] = [
    [['http://ota.test/xiaozhi/ota/', '--from', '192.168.1.77'], { route: 'ota', lan: true, because: 'plain-lan' }],
    [['http://ota.test/xiaozhi/ota/', '--from', '198.51.100.9'], { ...REFUSED, route: 'ota' }],
    [['http://ota.test/xiaozhi/ota/', '--from', '203.0.113.9'], { because: 'plain-opening', lan: false }],
    [['http://ota.test/xiaozhi/ota/', '--from', '127.0.0.1'], { ...REFUSED, route: 'ota' }],
    [
      ['https://ota.test/xiaozhi/ota', '--from', '198.51.100.9'],
      { action: 'ota-check by route ota to upstream console, path /xiaozhi/ota/', because: 'https' },
    ],
    [['ws://ota.test/xiaozhi/v1/', '--from', '198.51.100.9'], { ...REFUSED, route: 'voice' }],
    [
      ['wss://ota.test/xiaozhi/v1/', '--from', '198.51.100.9'],
      { action: 'relay by route voice to upstream voice, path /xiaozhi/v1/' },
    ],
    [['http://ota.test/a', '--from', '198.51.100.9'], { action: 'redirected (308) to https://ota.test/a' }],
    [
      ['http://ota.test/a', '--from', '198.51.100.9', '--method', 'post'],
      { action: 'refused with 403 PLAIN_HTTP_CLOSED', route: 'console' },
    ],
    [
      ['https://ota.test/xiaozhi/config/;x/', '--from', '10.0.0.1'],
      { action: 'refused with 403 ROUTE_REFUSED', route: 'refuse-config', lan: true },
    ],
    [['https://evil.test/', '--from', '10.0.0.1'], { action: 'refused with 421 HOST_UNKNOWN', route: null }],
    [['http://192.168.1.2/xiaozhi/ota/', '--from', '192.168.1.77'], { route: 'ota', because: 'plain-lan' }],
  ];
  for (const [args, says] of cases) {
    const asked = ['check', '-c', config, '--json', '--explain', ...args];
    const { code, stdout, stderr } = await otagate(asked);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    const answer = JSON.parse(stdout) as Record<string, unknown>;
    for (const [key, value] of Object.entries(says)) assert.equal(answer[key], value, `${args.join(' ')}: ${key}`);
    assert.ok(typeof answer.why === 'string' && answer.why.length > 0);
    assert.equal((await otagate(asked, { language: 'zh' })).stdout, stdout);
  }
});

test('in words, in both languages; the reason itself is the one of the log, in English', async (t) => {
  const config = configFor(t, './state', MORE);
  const asked = ['check', '-c', config, '--explain', 'http://ota.test/xiaozhi/ota/', '--from', '198.51.100.9'];
  const why = 'plain HTTP from outside the LAN, and no opening covers this client';
  assert.equal(
    (await otagate(asked)).stdout,
    `GET http://ota.test/xiaozhi/ota/ from 198.51.100.9 (not LAN): refused with 426 PLAIN_HTTP_CLOSED\nbecause ${why} (plain-outside)\n`,
  );
  assert.equal(
    (await otagate(asked, { language: 'zh' })).stdout,
    `GET http://ota.test/xiaozhi/ota/，来自 198.51.100.9（非局域网）：以 426 PLAIN_HTTP_CLOSED 拒绝\n原因：${why}（plain-outside）\n`,
  );
});

// What a client says of its own address, scheme or host reaches no upstream, in no spelling and in no number of copies.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import type { SeenRequest } from '../rig/raw-upstream.ts';

const LIE = '10.66.66.66';
const NAMES = [
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Ssl',
  'X-Forwarded',
  'Forwarded',
  'X-Real-IP',
  'X-Request-Id',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-Forwarded-For',
  'Proxy',
  'Proxy-Client-IP',
  'WL-Proxy-Client-IP',
  'HTTP_CLIENT_IP',
  'HTTP_X_FORWARDED_FOR',
  'X-Client-IP',
  'Client-IP',
  'True-Client-IP',
  'X-Cluster-Client-IP',
  'CF-Connecting-IP',
  'Remote-Addr',
];

describe('forwarded headers of a client', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const spellings: Record<string, (name: string) => string[]> = {
    'as they are': (name) => [`${name}: ${LIE}`],
    'with underscores': (name) => [`${name.replaceAll('-', '_')}: ${LIE}`],
    'in mixed case and with both': (name) => [`${name.replace('-', '_').toUpperCase()}: ${LIE}`],
    'three times': (name) => [
      `${name}: ${LIE}`,
      `${name.toLowerCase()}: ${LIE}`,
      `${name.toUpperCase()}: ${LIE}, ${LIE}`,
    ],
    'without a value, then with one': (name) => [`${name}:`, `${name}: ${LIE}`],
  };
  const requests: Record<string, (lines: string[]) => string> = {
    'a page': (lines) => get('/thing', ...lines),
    'a check': (lines) => post('/xiaozhi/ota/', '{}', ...lines),
    'a WebSocket': (lines) => get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket', ...lines),
  };
  for (const [spelling, spell] of Object.entries(spellings)) {
    for (const [kind, request] of Object.entries(requests)) {
      it(`${spelling}: ${kind}`, async () => {
        const client = await rig.dial();
        client.send(request(NAMES.flatMap(spell)));
        assert.equal((await client.reply())?.status, 200);
        client.leave();
        assertOnlyOurs(await rig.upstream.request());
      });
    }
  }

  function assertOnlyOurs(seen: SeenRequest): void {
    assert.ok(!seen.head.text.includes(LIE), seen.head.text);
    const site = `ota.test:${rig.gate.http}`;
    const ours: [string, string][] = [
      ['x-forwarded-for', '127.0.0.9'],
      ['x-real-ip', '127.0.0.9'],
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-host', site],
      ['forwarded', `for=127.0.0.9;proto=http;host="${site}"`],
    ];
    for (const [name, value] of ours) assert.deepEqual(seen.values(name), [value], name);
  }

  it('make nobody a neighbour: plain HTTP stays closed to a stranger who says that he is on the LAN', async () => {
    const closed = await startAttackRig({
      yaml: (origin) => `
domains: [ota.test]
upstreams: { main: "${origin}" }
routes: [{ name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: lan }]
`,
    });
    try {
      for (const name of NAMES) {
        const client = await closed.dial('127.0.0.9');
        client.send(post('/xiaozhi/ota/', '{}', `${name}: 127.0.0.2`, 'X-Forwarded-Proto: https'));
        assert.equal((await client.reply())?.status, 426, name);
        client.leave();
      }
      const neighbour = await closed.dial('127.0.0.2');
      neighbour.send(post('/xiaozhi/ota/', '{}'));
      assert.equal((await neighbour.reply())?.status, 200);
      neighbour.leave();
      assert.equal(closed.upstream.requests.length, 1);
    } finally {
      await closed.stop();
    }
  });

  it('came through unharmed', () => rig.unharmed());
});

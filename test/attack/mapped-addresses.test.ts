// IPv4 peers of a dual-stack listener arrive as ::ffff:192.168.1.2; a test of networks that does not see through that
// lets strangers in, or neighbours not.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, post, startAttackRig } from '../rig/attack-rig.ts';
import { ask } from '../rig/raw-client.ts';

const CHECK = post('/xiaozhi/ota/', '{}');

describe('on a dual-stack listener', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({
      yaml: (origin) => `
domains: [ota.test]
listen: { http: "[::]:0", https: "[::]:0" }
networks: { lan: [127.0.0.2, 127.0.0.3, 10.0.0.0/8, "fd00::/8"] }
trustedProxies: { from: [127.0.0.5] }
upstreams: { main: "${origin}" }
routes: [{ name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: lan }]
openings: [{ route: ota, from: [127.0.0.8/31], until: "2999-01-01T00:00:00Z" }]
`,
    });
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const peers: [from: string, status: number, why: string][] = [
    ['127.0.0.2', 200, 'a neighbour'],
    ['127.0.0.3', 200, 'another neighbour'],
    ['127.0.0.1', 426, 'this machine'],
    ['127.0.0.4', 426, 'a stranger'],
    ['127.0.0.8', 200, 'a stranger in the opening'],
    ['127.0.0.9', 200, 'another one in the opening'],
    ['127.0.0.10', 426, 'a stranger beside the opening'],
  ];
  for (const [from, status, why] of peers) {
    it(`${from} is ${why}: ${status}`, async () => {
      const reply = await ask({ port: rig.gate.http, from }, CHECK);
      assert.equal(reply?.status, status);
      if (status !== 200) return;
      const seen = await rig.upstream.request();
      assert.deepEqual([seen.values('x-forwarded-for'), seen.values('x-real-ip')], [[from], [from]]);
      assert.match(seen.values('forwarded')[0] ?? '', new RegExp(`^for=${from};`));
      await rig.gate.line((line) => line.client === from);
    });
  }

  it('a peer over IPv6 is itself', async () => {
    const reply = await ask({ port: rig.gate.http, host: '::1', from: '::1' }, CHECK);
    assert.equal(reply?.status, 426);
    await rig.gate.line((line) => line.client === '::1');
  });

  const told: [header: string, status: number, client: string][] = [
    ['::ffff:10.1.2.3', 200, '10.1.2.3'],
    ['::FFFF:10.1.2.3', 200, '10.1.2.3'],
    ['[::ffff:10.1.2.3]:4711', 200, '10.1.2.3'],
    ['::ffff:0a01:0203', 200, '10.1.2.3'],
    ['0:0:0:0:0:ffff:10.1.2.3', 200, '10.1.2.3'],
    ['fd00:0:0::7a7a', 200, 'fd00::7a7a'],
    ['::ffff:203.0.113.7', 426, '203.0.113.7'],
    ['::10.1.2.3', 426, '::a01:203'],
    ['64:ff9b::10.1.2.3', 426, '64:ff9b::a01:203'],
    ['2002:0a01:0203::1', 426, '2002:a01:203::1'],
    ['010.1.2.3', 426, 'unknown'],
    ['10.1.515', 426, 'unknown'],
    ['0x0a.1.2.3', 426, 'unknown'],
    ['167837187', 426, 'unknown'],
    ['10.1.2.3, ::ffff:203.0.113.8', 426, '203.0.113.8'],
    ['203.0.113.9, ::ffff:10.1.2.4, ::ffff:127.0.0.5', 200, '10.1.2.4'],
  ];
  for (const [header, status, client] of told) {
    it(`a trusted proxy that names ${header} means ${client}: ${status}`, async () => {
      const reply = await ask(
        { port: rig.gate.http, from: '127.0.0.5' },
        post('/xiaozhi/ota/', '{}', `X-Forwarded-For: ${header}`),
      );
      assert.equal(reply?.status, status);
      await rig.gate.line((line) => line.client === client && line.peer === '127.0.0.5');
    });
  }

  it('the same header from a stranger counts for nothing', async () => {
    const reply = await ask(
      { port: rig.gate.http, from: '127.0.0.4' },
      post('/xiaozhi/ota/', '{}', 'X-Forwarded-For: ::ffff:10.1.2.3'),
    );
    assert.equal(reply?.status, 426);
  });
});

// Interim responses: a device takes any 1xx for the final status, so none ever reaches one.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { OK } from '../rig/raw-upstream.ts';

const INTERIM: Record<string, string> = {
  '100': 'HTTP/1.1 100 Continue\r\n\r\n',
  '102': 'HTTP/1.1 102 Processing\r\n\r\n',
  '103': 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n',
  'three of them': 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(3),
  '199': 'HTTP/1.1 199 Odd\r\nX-Odd: 1\r\n\r\n',
};

const REQUESTS: Record<string, string> = {
  'a page': get('/thing'),
  'a form': post('/thing', 'a=b'),
  'a check': post('/xiaozhi/ota/', '{}'),
  'an activation': post('/xiaozhi/ota/activate', '{}'),
  'a handshake': get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket'),
};

describe('interim responses', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'limits: { reply: 1s }' });
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = () => OK;
  });

  for (const [interim, bytes] of Object.entries(INTERIM)) {
    for (const [kind, request] of Object.entries(REQUESTS)) {
      it(`${interim} before the reply to ${kind} stays in the gate`, async () => {
        rig.upstream.answer = async (_, { socket }) => {
          socket.write(bytes);
          await sleep(20);
          return replyOf('late');
        };
        const client = await rig.dial();
        client.send(request);
        const reply = await client.reply();
        client.leave();
        assert.deepEqual(reply?.interim, []);
        // undici takes a 100 that nobody asked for as the end of all sense: then it is a 502, and still no 1xx.
        if (interim === '100' && ['a check', 'firmware'].includes(kind)) assert.ok([200, 502].includes(reply.status));
        else assert.deepEqual([reply?.status, reply?.text], [200, 'late']);
        assert.ok(!reply.head.text.includes('X-Odd'));
      });
    }
  }

  const waiting = (path: string, line: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 4\r\n${line}\r\n\r\n`;

  for (const path of ['/xiaozhi/ota/', '/xiaozhi/ota/activate']) {
    for (const line of [
      'Expect: 100-continue',
      'expect: 100-Continue',
      'Expect: 100-continue\r\nExpect: 100-continue',
    ]) {
      it(`${path} with ${JSON.stringify(line)}: no 100, and the body that comes all the same is answered`, async () => {
        const client = await rig.dial();
        client.send(waiting(path, line));
        await sleep(60);
        assert.equal(client.pending().length, 0);
        client.send('body');
        const reply = await client.reply();
        client.leave();
        assert.deepEqual([reply?.status, reply?.interim], [200, []]);
        const seen = await rig.upstream.request();
        assert.deepEqual([seen.body.toString(), seen.values('expect')], ['body', []]);
      });
    }
  }

  it('a page with Expect: the gate says 100 itself, and the upstream is not asked for one', async () => {
    const client = await rig.dial();
    client.send(waiting('/thing', 'Expect: 100-continue'));
    await client.come('HTTP/1.1 100 Continue\r\n\r\n'.length);
    client.send('body');
    const reply = await client.reply();
    client.leave();
    assert.deepEqual([reply?.status, reply?.interim], [200, [100]]);
    const seen = await rig.upstream.request();
    assert.deepEqual([seen.body.toString(), seen.values('expect')], ['body', []]);
  });

  it('a refused page with Expect: no 100, and no waiting for a body that will not come', async () => {
    const startedMs = Date.now();
    const client = await rig.dial();
    client.send(waiting('/xiaozhi/config/', 'Expect: 100-continue'));
    const reply = await client.reply();
    client.leave();
    assert.deepEqual([reply?.status, reply?.interim], [403, []]);
    assert.ok(Date.now() - startedMs < 1_000);
  });

  it('another expectation is answered like a request without one', async () => {
    for (const path of ['/thing', '/xiaozhi/ota/']) {
      const client = await rig.dial();
      client.send(`${waiting(path, 'Expect: the-moon')}body`);
      const reply = await client.reply();
      client.leave();
      assert.deepEqual([reply?.status, reply?.interim], [200, []]);
    }
    assert.ok(rig.upstream.requests.every((seen) => seen.values('expect').length === 0));
  });

  it('came through unharmed', () => rig.unharmed());
});

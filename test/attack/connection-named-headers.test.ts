// Headers that `Connection` names end at the gate (RFC 9110 section 7.6.1), in both directions; framing and what the
// gate itself says do not.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';

const NAMED = ['X-Thing', 'Authorization', 'Cookie', 'Device-Id'];
const OURS = ['X-Forwarded-For', 'X-Real-IP', 'X-Forwarded-Proto', 'X-Request-Id', 'Host', 'Content-Length'];

describe('headers that Connection names', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const values = NAMED.map((name) => `${name}: 7`);
  const lists: Record<string, string[]> = {
    'in one list': [`Connection: close, ${[...NAMED, ...OURS].join(', ')}`],
    'in many headers': ['close', ...NAMED, ...OURS].map((name) => `Connection: ${name}`),
    'in odd case and spacing': [
      `Connection: ,close ,,${[...NAMED, ...OURS].map((name) => `\t${name.toUpperCase()} `).join(',')}`,
    ],
    'before the headers and behind them': [
      `Connection: ${NAMED.join()}`,
      ...values,
      `connection: close,${OURS.join()}`,
    ],
  };
  for (const path of ['/thing', '/xiaozhi/ota/', '/xiaozhi/ota/activate']) {
    for (const [name, lines] of Object.entries(lists)) {
      it(`${path}: ${name}`, async () => {
        const client = await rig.dial();
        client.send(post(path, 'a body', ...lines, ...values));
        assert.equal((await client.reply())?.status, 200);
        await client.ended();
        const seen = await rig.upstream.request();
        for (const named of NAMED) assert.deepEqual(seen.values(named.toLowerCase()), [], named);
        assert.equal(seen.body.toString(), 'a body');
        assert.deepEqual(seen.values('content-length'), ['6']);
        assert.deepEqual(seen.values('x-forwarded-for'), ['127.0.0.9']);
        assert.deepEqual(seen.values('x-real-ip'), ['127.0.0.9']);
        assert.deepEqual(seen.values('x-forwarded-proto'), ['http']);
        assert.deepEqual(seen.values('host'), [`ota.test:${rig.gate.http}`]);
        assert.equal(seen.values('x-request-id').length, 1);
        assert.deepEqual(seen.values('connection'), ['keep-alive']);
      });
    }
  }

  for (const [name, lines] of Object.entries(lists)) {
    it(`firmware, ${name}: none of them goes with the fetch, and no word of the client`, async () => {
      const client = await rig.dial();
      client.send(get(`/xiaozhi/ota/download/${name.replaceAll(' ', '-')}.bin`, ...lines, ...values));
      assert.equal((await client.reply())?.status, 200);
      client.leave();
      const seen = await rig.upstream.request();
      const ours = ['host', 'connection', 'accept-encoding', 'user-agent'];
      assert.deepEqual(seen.head.headers.map(([header]) => header.toLowerCase()).sort(), ours.sort());
      assert.deepEqual(seen.values('host'), [`ota.test:${rig.gate.http}`]);
      assert.deepEqual(seen.values('user-agent'), ['otagate']);
    });
  }

  it('chunks stay chunks when Connection names Transfer-Encoding', async () => {
    const client = await rig.dial();
    client.send(
      'POST /thing HTTP/1.1\r\nHost: ota.test\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    );
    assert.equal((await client.reply())?.status, 200);
    client.leave();
    assert.equal((await rig.upstream.request()).body.toString(), 'abc');
  });

  for (const [path, request] of [
    ['a page', get('/thing')],
    ['a check', post('/xiaozhi/ota/', '{}')],
    ['an activation', post('/xiaozhi/ota/activate', '{}')],
  ] as const) {
    it(`${path}: in the reply they end at the gate, too`, async () => {
      rig.upstream.answer = () =>
        replyOf(
          'abc',
          'Connection: keep-alive, X-Thing, Content-Length, Content-Type, X-Request-Id',
          'X-Thing: 7',
          'X-Other: 8',
          'Keep-Alive: timeout=99',
          'Proxy-Authenticate: Basic',
          'Upgrade: h2c',
          'X-Request-Id: theirs',
        );
      const client = await rig.dial();
      client.send(request);
      const reply = await client.reply();
      client.leave();
      assert.deepEqual([reply?.status, reply?.text, reply?.header('content-length')], [200, 'abc', '3']);
      assert.deepEqual([reply?.header('x-thing'), reply?.header('x-other')], [undefined, '8']);
      assert.deepEqual([reply?.header('proxy-authenticate'), reply?.header('upgrade')], [undefined, undefined]);
      assert.notEqual(reply?.header('keep-alive'), 'timeout=99');
      assert.notEqual(reply?.header('x-request-id'), 'theirs');
      assert.notEqual(reply?.header('x-request-id'), undefined);
    });
  }

  it('came through unharmed', () => rig.unharmed());
});

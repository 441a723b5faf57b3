// Handshakes that are none, or that say two things: what reaches the upstream is one clean handshake, or a plain request.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { codeOf } from '../rig/raw-client.ts';
import { OK } from '../rig/raw-upstream.ts';

const KEY = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
const VOICE = '/xiaozhi/v1/';
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\nSec-Websocket-Accept: x\r\n\r\n';

describe('a handshake', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'limits: { reply: 400ms, idle: 400ms }' });
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = (request) => (request.values('upgrade').length > 0 ? SWITCHING : OK);
  });

  for (const connection of ['Upgrade', 'upgrade', 'keep-alive, Upgrade', 'Upgrade, HTTP2-Settings', 'close, upgrade']) {
    it(`with Connection: ${connection} arrives with exactly "Upgrade", and is answered in canonical names`, async () => {
      const client = await rig.dial();
      client.send(get(VOICE, `Connection: ${connection}`, 'Upgrade: WebSocket', 'HTTP2-Settings: AAAA', ...KEY));
      const reply = await client.reply();
      client.leave();
      assert.equal(reply?.status, 101);
      assert.deepEqual(
        reply?.head.headers
          .slice(0, 3)
          .map(([name]) => name)
          .sort(),
        ['Connection', 'Sec-Websocket-Accept', 'Upgrade'],
      );
      const seen = await rig.upstream.request();
      assert.deepEqual(seen.values('connection'), ['Upgrade']);
      assert.deepEqual(seen.values('upgrade'), ['websocket']);
      assert.deepEqual([seen.values('content-length'), seen.values('transfer-encoding')], [[], []]);
      assert.deepEqual(seen.values('http2-settings'), []);
    });
  }

  const NONE: Record<string, string> = {
    'of h2c': get('/thing', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    'of TLS': get('/thing', 'Connection: Upgrade', 'Upgrade: TLS/1.2'),
    'of two protocols': get('/thing', 'Connection: Upgrade', 'Upgrade: websocket, h2c', ...KEY),
    'in two headers': get('/thing', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', ...KEY),
    'twice the same': get('/thing', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: websocket', ...KEY),
    'without Connection': get('/thing', 'Upgrade: websocket', ...KEY),
    'by POST': `POST /thing HTTP/1.1\r\nHost: ota.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n`,
    'by HEAD': get('/thing', 'Connection: Upgrade', 'Upgrade: websocket').replace('GET', 'PUT'),
    'with a body': `${get('/thing', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5', ...KEY)}hello`,
    'with chunks': `${get('/thing', 'Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked', ...KEY)}5\r\nhello\r\n0\r\n\r\n`,
  };
  for (const [name, bytes] of Object.entries(NONE)) {
    it(`${name} is a plain request, and the next one on the connection is one, too`, async () => {
      const client = await rig.dial();
      client.send(bytes);
      assert.equal((await client.reply())?.status, 200);
      client.send(get('/next'));
      assert.equal((await client.reply())?.status, 200);
      client.leave();
      assert.deepEqual(rig.upstream.faults, []);
      assert.deepEqual(
        rig.upstream.requests.map(({ target }) => target),
        ['/thing', '/next'],
      );
      assert.ok(rig.upstream.requests.every((seen) => seen.values('upgrade').length === 0));
    });
  }

  for (const path of [
    '/xiaozhi/ota/',
    '/xiaozhi/ota/download/a.bin',
    '/xiaozhi/config/',
    '/xiaozhi/ota/%2e%2e/config/',
  ]) {
    it(`on ${path} is refused, and the connection is closed although the client keeps its side open`, async () => {
      const client = await rig.dial();
      client.socket.allowHalfOpen = true;
      client.send(get(path, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY));
      const reply = await client.reply();
      assert.ok(reply !== null && [400, 403].includes(reply.status), `${reply?.status}`);
      await client.ended();
      const seenOver = () =>
        rig.gate.lines.some((line) => line.event === 'websocket' && line.id === reply.header('x-request-id'));
      await until('its record', seenOver);
      client.leave();
      assert.equal(rig.upstream.requests.length, 0);
    });
  }

  for (const status of [200, 301, 401, 404, 426, 500]) {
    it(`answered with ${status} by the upstream: the client gets that, with a length, and the early bytes go nowhere`, async () => {
      rig.upstream.answer = () =>
        `HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\nX-Thing: a\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
      const client = await rig.dial();
      client.send(`${get(VOICE, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY)}${get('/hidden')}`);
      const reply = await client.reply();
      assert.deepEqual([reply?.status, reply?.text, reply?.header('x-thing')], [status, 'abc', 'a']);
      assert.deepEqual([reply?.header('content-length'), reply?.header('connection')], ['3', 'close']);
      await client.ended();
      assert.deepEqual(
        rig.upstream.requests.map(({ target }) => target),
        [VOICE],
      );
      assert.equal((await rig.upstream.connection()).rest().length, 0);
    });
  }

  it('with frames before the 101: they arrive behind it, once', async () => {
    rig.upstream.answer = async () => {
      await sleep(50);
      return `${SWITCHING}hello`;
    };
    const client = await rig.dial();
    client.send(`${get(VOICE, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY)}early `);
    await rig.upstream.request();
    client.send('later');
    assert.equal((await client.reply())?.status, 101);
    assert.equal((await client.come(5)).toString(), 'hello');
    const connection = await rig.upstream.connection();
    await until('both parts', () => connection.rest().toString() === 'early later');
    client.leave();
  });

  it('that the upstream never answers: 504', async () => {
    rig.upstream.answer = () => undefined;
    const client = await rig.dial();
    client.send(get(VOICE, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY));
    assert.equal(codeOf(await client.reply()), 'UPSTREAM_TIMEOUT');
    await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
  });

  it('a WebSocket that says nothing for longer than limits.idle lives on', async () => {
    const client = await rig.dial();
    client.send(get(VOICE, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY));
    await client.reply();
    await sleep(1_000);
    client.send('still here');
    const connection = await rig.upstream.connection();
    await until('the late bytes', () => connection.rest().toString() === 'still here');
    client.leave();
  });

  it('came through unharmed', () => rig.unharmed());
});

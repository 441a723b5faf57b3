// The sample voice server: the exact-upgrade rule, the handshake, and the echo, against another WebSocket client.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { PythonUpstream } from '../../src/demo/upstream-python.ts';
import { startPythonUpstream } from '../../src/demo/upstream-python.ts';
import { headerOf, rawExchange } from './raw-exchange.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

function handshake(connection: string, version = '13'): string {
  return [
    'GET /xiaozhi/v1/ HTTP/1.1',
    'Host: 192.168.1.5',
    'Upgrade: websocket',
    `Connection: ${connection}`,
    `Sec-WebSocket-Key: ${KEY}`,
    `Sec-WebSocket-Version: ${version}`,
    '',
    '',
  ].join('\r\n');
}

describe('the sample voice server', () => {
  let upstream: PythonUpstream;
  let url: string;
  before(async () => {
    upstream = await startPythonUpstream();
    url = `${upstream.voiceOrigin.replace('http', 'ws')}/xiaozhi/v1/`;
  });
  after(() => upstream.close());

  async function firstBytes(request: string): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return bytes.toString('latin1');
  }

  for (const connection of ['Upgrade', 'upgrade', 'UPGRADE']) {
    it(`upgrades "Connection: ${connection}" with the accept value of RFC 6455`, async () => {
      const reply = await firstBytes(handshake(connection));
      assert.match(reply, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
      assert.match(reply, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    });
  }

  for (const connection of ['keep-alive, Upgrade', 'Upgrade, keep-alive', 'upgrade,', 'close']) {
    it(`answers "Connection: ${connection}" as a plain request`, async () => {
      const before = upstream.hits.get('voice-plain') ?? 0;
      const reply = await rawExchange(upstream.voiceOrigin, handshake(connection));
      assert.equal(reply.statusLine, 'HTTP/1.1 200 OK');
      assert.equal(reply.body.toString(), 'Server is running\n');
      assert.equal(headerOf(reply, 'content-length'), '18');
      assert.equal(upstream.hits.get('voice-plain'), before + 1);
    });
  }

  it('answers a handshake of another version with 400', async () => {
    assert.match(await firstBytes(handshake('Upgrade', '8')), /^HTTP\/1\.1 400 /);
  });

  it('echoes every kind and length of frame, answers ping, closes with the same code', { timeout: 5000 }, async () => {
    const socket = new WebSocket(url, { headers: { 'Device-Id': 'd1' } });
    await once(socket, 'open');
    for (const length of [0, 125, 126, 200, 65_535, 65_536]) {
      const sent = Buffer.alloc(length, length);
      socket.send(sent);
      assert.deepEqual(await once(socket, 'message'), [sent, true]);
    }
    socket.send('{"type":"hello"}');
    assert.deepEqual(await once(socket, 'message'), [Buffer.from('{"type":"hello"}'), false]);
    socket.send('one, ', { fin: false });
    socket.send('two', { fin: true });
    assert.deepEqual(await once(socket, 'message'), [Buffer.from('one, two'), false]);
    socket.ping('are you there');
    assert.deepEqual(await once(socket, 'pong'), [Buffer.from('are you there')]);
    socket.close(4001, 'enough');
    const [code] = await once(socket, 'close');
    assert.equal(code, 4001);
    assert.equal(upstream.requests.findLast(({ kind }) => kind === 'voice')?.headers['device-id'], 'd1');
  });

  it('closes with 1009 on a frame above 1 MiB, and with 1002 on one that is not masked', {
    timeout: 5000,
  }, async () => {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.send(Buffer.alloc(1024 * 1024 + 1));
    assert.equal((await once(socket, 'close'))[0], 1009);

    const raw = connect(Number(new URL(url).port), '127.0.0.1', () => raw.write(handshake('Upgrade')));
    await once(raw, 'data');
    raw.write(Buffer.from([0x81, 0x02, 0x68, 0x69]));
    const [goodbye] = (await once(raw, 'data')) as [Buffer];
    raw.destroy();
    assert.deepEqual([...goodbye], [0x88, 0x02, 0x03, 0xea]);
  });

  it('stops with conversations open', { timeout: 5000 }, async () => {
    const stopping = await startPythonUpstream();
    const socket = new WebSocket(`${stopping.voiceOrigin.replace('http', 'ws')}/xiaozhi/v1/`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await stopping.close();
    assert.equal((await closed)[0], 1006);
  });
});

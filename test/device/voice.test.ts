// Tests the device's WebSocket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import { encodeFrame, OPCODES } from '../../src/device/frames.ts';
import { type Act, reply, serve } from './wire.ts';

const URL_WITH_PORT = 'ws://ota.example.com:8000/xiaozhi/v1/';

function device(port: number, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '2.0.0',
    board: 'b',
    mac: 'aa:bb:cc:00:11:22',
    clientId: 'c0ffee00-0000-4000-8000-000000000001',
    lookup: () => '127.0.0.1',
    port: () => port,
    ...options,
  });
}

test('the handshake, byte for byte: Host without a port, the headers sorted', async (t) => {
  const wire = await serve(t, ['HTTP/1.1 101 x\r\n\r\n']);
  const one = device(wire.port);
  one.flash.set('websocket.token', 'secret').set('websocket.version', 3);
  const outcome = await one.openVoice(URL_WITH_PORT);
  assert.equal(outcome.outcome, 'open');
  if (outcome.outcome === 'open') outcome.voice.close();
  const key = /Sec-WebSocket-Key: ([A-Za-z0-9+/]{22}==)\r\n/.exec(wire.requests[0] ?? '')?.[1];
  assert.equal(
    wire.requests[0],
    [
      'GET /xiaozhi/v1/ HTTP/1.1',
      'Host: ota.example.com',
      'Authorization: Bearer secret',
      'Client-Id: c0ffee00-0000-4000-8000-000000000001',
      'Connection: Upgrade',
      'Device-Id: aa:bb:cc:00:11:22',
      'Protocol-Version: 3',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      'Upgrade: websocket',
      '',
      '',
    ].join('\r\n'),
  );
});

test('without a token there is no Authorization, and the protocol is 1', async (t) => {
  const wire = await serve(t, ['HTTP/1.1 101 x\r\n\r\n']);
  const outcome = await device(wire.port).openVoice(URL_WITH_PORT);
  if (outcome.outcome === 'open') outcome.voice.close();
  assert.doesNotMatch(wire.requests[0] ?? '', /Authorization/);
  assert.match(wire.requests[0] ?? '', /\r\nProtocol-Version: 1\r\n/);
});

const REPLIES: [string, Act[], number | null][] = [
  ['a 101 of HTTP/1.0', ['HTTP/1.0 101 Switching Protocols\r\n\r\n'], 101],
  ['426', reply('{}', '426 Upgrade Required'), 426],
  ['a redirect', reply('', '301 Moved'), 301],
  ['200 "Server is running"', reply('Server is running'), 200],
  ['nothing', [], null],
  ['half a head', ['HTTP/1.1 101 x\r\n'], null],
  ['the end', ['END'], null],
];
for (const [what, acts, status] of REPLIES) {
  test(`${what} opens nothing`, async (t) => {
    const wire = await serve(t, acts);
    const outcome = await device(wire.port, { handshakeMs: 100 }).openVoice(URL_WITH_PORT);
    assert.equal(outcome.outcome, 'failed');
    assert.equal(outcome.outcome === 'failed' && outcome.status, status);
  });
}

test('text and binary go both ways with a server that keeps to RFC 6455; a ping is answered', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await new Promise((settle) => server.once('listening', settle));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ponged = new Promise<string>((settle) => {
    server.on('connection', (socket) => socket.once('pong', (data) => settle(data.toString())));
  });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      socket.ping('x');
      socket.send(data, { binary: isBinary });
    });
  });
  const outcome = await device(port).openVoice(URL_WITH_PORT);
  assert.ok(outcome.outcome === 'open');
  const { voice } = outcome;
  assert.ok(voice.send('{"type":"hello"}'));
  assert.ok(voice.send(Buffer.alloc(200, 7)));
  assert.ok(voice.send(Buffer.alloc(60_000, 8)));
  assert.deepEqual(await voice.receive(), { binary: false, data: Buffer.from('{"type":"hello"}') });
  assert.deepEqual(await voice.receive(), { binary: true, data: Buffer.alloc(200, 7) });
  assert.equal((await voice.receive())?.data.length, 60_000);
  assert.equal(await ponged, 'x');
  for (const socket of server.clients) socket.close();
  assert.equal(await voice.closed, 'closed by the server');
  assert.equal(await voice.receive(), null);
  assert.equal(voice.send('x'), false);
});

test('frames that come with the 101, in fragments and split over segments, are one message', async (t) => {
  const frames = Buffer.concat([
    Buffer.from([0x01, 3]),
    Buffer.from('one'),
    Buffer.from([0x80, 3]),
    Buffer.from('two'),
  ]);
  const first = Buffer.concat([Buffer.from('HTTP/1.1 101 x\r\n\r\n'), frames.subarray(0, 6)]);
  const wire = await serve(t, [first, 20, frames.subarray(6)]);
  const outcome = await device(wire.port).openVoice(URL_WITH_PORT);
  assert.ok(outcome.outcome === 'open');
  assert.deepEqual(await outcome.voice.receive(), { binary: false, data: Buffer.from('onetwo') });
  outcome.voice.close();
});

test('silence ends a conversation', async (t) => {
  const wire = await serve(t, ['HTTP/1.1 101 x\r\n\r\n']);
  const outcome = await device(wire.port, { voiceIdleMs: 50 }).openVoice(URL_WITH_PORT);
  assert.ok(outcome.outcome === 'open');
  assert.equal(await outcome.voice.closed, 'no data from the server');
});

test('a conversation lives as long as something comes', async (t) => {
  const frame = Buffer.from([0x81, 1, 0x78]);
  const wire = await serve(t, ['HTTP/1.1 101 x\r\n\r\n', 80, frame, 80, frame, 80, frame]);
  const outcome = await device(wire.port, { voiceIdleMs: 150 }).openVoice(URL_WITH_PORT);
  assert.ok(outcome.outcome === 'open');
  for (let i = 0; i < 3; i++) assert.equal((await outcome.voice.receive())?.data.toString(), 'x');
  outcome.voice.close();
});

test('a frame is masked, with its length in the fewest bytes', () => {
  const mask = Buffer.from([1, 2, 3, 4]);
  assert.equal(encodeFrame(OPCODES.text, Buffer.from('abc'), mask).toString('hex'), '818301020304606060');
  assert.equal(encodeFrame(OPCODES.binary, Buffer.alloc(300), mask).subarray(0, 4).toString('hex'), '82fe012c');
  assert.throws(() => encodeFrame(OPCODES.binary, Buffer.alloc(65_536), mask), RangeError);
});

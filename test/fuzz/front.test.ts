// Whatever bytes a client sends, over TCP or in place of a handshake: no process ends, and no upstream is confused.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';

let rig: AttackRig;
before(async () => {
  rig = await startAttackRig();
});
after(() => rig.stop());

const SOUND = [
  get('/thing'),
  post('/xiaozhi/ota/', '{"application":{"version":"1.6.0"}}', 'Device-Id: aa:bb:cc:dd:ee:ff', 'Client-Id: x'),
  get(
    '/xiaozhi/v1/',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ),
  'POST /thing HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  get('/xiaozhi/ota/download/a.bin', 'Range: bytes=0-9'),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n',
];
// What parsers trip over.
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '%00',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'ffffffff\r\n',
  'é',
  '\x80',
  '\r\n\r\n',
  'GET / HTTP/1.1\r\n',
  '\x16\x03\x01',
];

const mangled = fc
  .tuple(
    fc.constantFrom(...SOUND),
    fc.array(
      fc.record({
        at: fc.nat(400),
        piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 8 })),
        cut: fc.nat(6),
      }),
      { maxLength: 4 },
    ),
  )
  .map(([request, blows]) =>
    blows.reduce((text, { at, piece, cut }) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + piece + text.slice(place + cut);
    }, request),
  )
  .map((text) => Buffer.from(text, 'latin1'));
const bytes = fc.oneof(
  { arbitrary: mangled, weight: 5 },
  { arbitrary: fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)), weight: 1 },
);

/** Sends, and ends its own side; resolves when the gate has ended the other. */
function send(port: number, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
    socket.setTimeout(20_000, () =>
      reject(new Error(`nobody ended the connection after ${JSON.stringify(data.toString('latin1'))}`)),
    );
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.resume();
    socket.end(data);
  });
}

test('bytes of any kind, on both ports', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 4, maxLength: 4 }), fc.boolean(), async (several, secure) => {
      await Promise.all(several.map((data) => send(secure ? rig.gate.https : rig.gate.http, data)));
      // A client that leaves in the middle of its body leaves a part of it upstream; nothing else may be unreadable there.
      assert.deepEqual(rig.upstream.faults, []);
    }),
    { numRuns: 150 },
  );
  await rig.unharmed();
});

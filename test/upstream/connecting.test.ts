// Connections whose first bytes are a PROXY header: a server that cannot be had is told once, and ends nothing here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../src/base/errors.ts';
import { connectorFor } from '../../src/upstream/connecting.ts';

const PREFACE = Buffer.from('PROXY UNKNOWN\r\n');
const CONNECT_MS = 300;

/** A port where each connection is given to `onSocket`; null: nobody listens. */
async function port(t: TestContext, onSocket: ((socket: Socket) => void) | null): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket?.(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  if (onSocket === null) {
    close();
    await once(server, 'close');
  } else t.after(close);
  return address.port;
}

const SERVERS: [string, ((socket: Socket) => void) | null, RegExp][] = [
  ['is not there', null, /ECONNREFUSED/],
  ['hangs up', (socket) => socket.resetAndDestroy(), /ECONNRESET|EPIPE/],
  ['says nothing', () => {}, /ECONNECT_TIMEOUT/],
];

for (const [what, onSocket, code] of SERVERS)
  test(`TLS behind a PROXY header, and a server that ${what}`, async (t) => {
    const at = await port(t, onSocket);
    const to = {
      origin: `https://127.0.0.1:${at}`,
      socketPath: null,
      tls: { servername: '' },
      proxyProtocol: 'v1',
    } as const;
    const told: string[] = [];
    connectorFor(
      to,
      CONNECT_MS,
      PREFACE,
    )({ hostname: '127.0.0.1', protocol: 'https:', port: String(at) }, (...[error]) => {
      told.push(errorCode(error));
    });
    // An error that nobody hears would end this process here.
    await sleep(2 * CONNECT_MS);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', code);
  });

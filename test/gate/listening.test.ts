// The listening sockets of a server: all of its connections are its own, whichever socket they came by.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createPlainServer } from 'node:net';
import { test } from 'node:test';
import { listen } from '../../src/gate/listening.ts';
import { within } from '../rig/bounded.ts';

const HOST = '127.0.0.1';
const CLIENTS = 64;

async function freePort(): Promise<number> {
  const server = createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function httpServer(): Server {
  return createServer((_, response) => response.end('here'));
}

/** Ends its side before the answer comes, as some devices do. Resolves with all that came, or the system's code. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: HOST, port });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('end', () => resolve(text));
    socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  });
}

for (const shared of [true, false])
  test(`every connection is answered, and none after the stop (${shared ? 'shared' : 'own'} port)`, async () => {
    const server = httpServer();
    const port = await freePort();
    const listening = await listen(server, { host: HOST, port }, shared, { allowHalfOpen: true });
    const answers = await within('all answers', Promise.all(Array.from({ length: CLIENTS }, () => ask(port))));
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*here$/);
    listening.stop();
    listening.stop();
    assert.deepEqual(
      await Promise.all(Array.from({ length: CLIENTS }, () => ask(port))),
      Array(CLIENTS).fill('ECONNREFUSED'),
    );
  });

test('a port that somebody holds alone', async (t) => {
  const port = await freePort();
  const holder = createPlainServer();
  t.after(() => holder.close());
  await new Promise<void>((resolve) => holder.listen(port, HOST, resolve));
  const server = httpServer();
  await assert.rejects(listen(server, { host: HOST, port }, true, { allowHalfOpen: true }), { code: 'EADDRINUSE' });
  assert.equal(server.listening, false);
});

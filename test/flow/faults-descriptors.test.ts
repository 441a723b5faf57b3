// A gate with few descriptors: it keeps enough of them for its own work, says so once, and takes everybody again later.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import { until } from '../rig/bounded.ts';
import { startGate } from '../rig/gate.ts';
import { ask } from '../rig/raw-client.ts';

const skip = findBinary('prlimit') === null && 'this system has no prlimit';
const PAGE = 'GET /nothing HTTP/1.1\r\nHost: ota.test\r\nConnection: close\r\n\r\n';
const YAML =
  'domains: [ota.test]\nworkers: 1\nupstreams: { main: "http://127.0.0.1:1" }\nroutes: [{ name: closed, path: /, refuse: true }]';

test('more connections than there are descriptors for', { skip }, async () => {
  const gate = await startGate(YAML, { prefix: ['prlimit', '--nofile=160'] });
  const children = (): string => readFileSync(`/proc/${gate.pid}/task/${gate.pid}/children`, 'utf8');
  const before = children();
  const sockets: Socket[] = [];
  try {
    for (let index = 0; index < 200; index += 1) {
      const socket = connect({ host: '127.0.0.1', port: gate.http });
      socket.on('error', () => {}).resume();
      sockets.push(socket);
    }
    await gate.line(({ event }) => event === 'connections-full');
    await until('the rest turned away', () => sockets.filter(({ destroyed }) => destroyed).length > 100);
    assert.equal((await ask({ port: gate.http, from: '127.0.0.2' }, PAGE))?.status, 403, 'the LAN has its share');
    for (const socket of sockets) socket.destroy();
    await until('an answer', async () => (await ask({ port: gate.http }, PAGE).catch(() => null))?.status === 403);
    assert.equal(children(), before, 'no process ended');
  } finally {
    for (const socket of sockets) socket.destroy();
    await gate.stop();
  }
  assert.equal(gate.lines.filter(({ event }) => event === 'connections-full').length, 1, 'told once');
  const over = gate.lines.find(({ event }) => event === 'connections-full-over');
  assert.ok(Number(over?.times) > 100, JSON.stringify(over));
});

// A gate with few descriptors: it keeps enough of them for its own work, says so once, and takes everybody again later.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import { until } from '../rig/bounded.ts';
import { gateFor, startGate } from '../rig/gate.ts';
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

test('a limit that is lowered below what a running gate has open already', { skip }, async (t) => {
  const gate = await gateFor(t, YAML);
  const [worker = 0] = readFileSync(`/proc/${gate.pid}/task/${gate.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  const setLimit = (pid: number, most: number): unknown =>
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);
  const answer = (withinMs = 10_000): Promise<number | undefined> =>
    ask({ port: gate.http }, PAGE, { withinMs }).then(
      (reply) => reply?.status,
      () => undefined,
    );
  assert.equal(await answer(), 403);
  setLimit(worker, 20);
  setLimit(gate.pid, 21);
  const told = await gate.line(({ event, pid }) => event === 'descriptors-out' && pid === worker);
  assert.deepEqual([told.level, told.process, told.reason, told.limit], ['error', 'gate-1', 'EMFILE', 20]);
  assert.match(told.msg, new RegExp(`all 20 .*prlimit --pid ${worker} .*LimitNOFILE`));
  const ofControl = await gate.line(({ event, pid }) => event === 'descriptors-out' && pid === gate.pid);
  assert.deepEqual([ofControl.process, ofControl.limit], ['control', 21]);
  assert.equal(await answer(1_500), undefined, 'nobody is taken');
  assert.equal(
    gate.lines.filter(({ event, pid }) => event === 'descriptors-out' && pid === worker).length,
    1,
    'told once',
  );
  setLimit(worker, 1024);
  setLimit(gate.pid, 1024);
  const over = await gate.line(({ event, process }) => event === 'descriptors-out-over' && process === 'gate-1');
  assert.equal(over.limit, 1024);
  assert.equal(await answer(), 403);
  assert.equal((await gate.status()).workers.length, 1);
});

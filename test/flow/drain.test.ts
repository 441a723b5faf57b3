// SIGTERM: what runs may finish within limits.drain, nothing new is taken, and the exit code says how it went.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, within } from '../rig/bounded.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { isAlive } from '../rig/process-facts.ts';
import { firmwareOf, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { beginDownload, type SlowDownload } from '../rig/slow-download.ts';
import { LAN } from '../rig/test-device.ts';
import { openVoices } from '../rig/voices.ts';
import { ask, open, readReply, requestBytes } from '../rig/wire.ts';

const PATH = '/xiaozhi/ota/download/test-board_2.0.1.bin';
const IMAGE_BYTES = 300_000;

type Scene = { gate: GateRig; pids: number[]; download: SlowDownload };

/** A gate with a download that takes `seconds`, begun a moment ago. */
async function scene(t: Parameters<typeof pythonServer>[0], drain: string, seconds: number): Promise<Scene> {
  const faults = { downloadBytesPerSecond: IMAGE_BYTES / seconds };
  const python = await pythonServer(t, { firmware: firmwareOf('2.0.1', IMAGE_BYTES), faults });
  const preset = serverPreset(python.origin, python.voiceOrigin);
  const gate = await gateFor(t, `domain: ota.test\nlimits: { drain: ${drain} }\n${preset}`);
  const pids = (await gate.status()).workers.map(({ pid }) => pid);
  const download = await beginDownload(gate, PATH, LAN, 'https');
  await until('the first bytes', () => download.bytes() > 0);
  return { gate, pids, download };
}

function ending(gate: GateRig, withinMs = 15_000): Promise<{ code: number | null; signal: string | null }> {
  return within('the exit', gate.exited, withinMs);
}

test('a running download finishes, nothing new is taken, exit 0', async (t) => {
  const { gate, pids, download } = await scene(t, '60s', 2);
  gate.kill('SIGTERM');
  await gate.line(({ event }) => event === 'drain');
  await sleep(100);
  await assert.rejects(ask({ port: gate.http, from: LAN }, { path: '/xiaozhi/ota/' }), /ECONNREFUSED/);
  await assert.rejects(ask({ port: gate.https, from: LAN, tls: { ca: gate.root } }, { path: '/' }), /ECONNREFUSED/);
  assert.deepEqual(await download.ended, { status: 200, bytes: IMAGE_BYTES, complete: true });
  assert.deepEqual(await ending(gate), { code: 0, signal: null });
  assert.ok(pids.every((pid) => !isAlive(pid)));
  assert.ok(
    gate.lines.some(({ event, route, status }) => event === 'request' && route === 'firmware' && status === 200),
  );
});

test('past limits.drain it is cut, visibly short', async (t) => {
  const { gate, pids, download } = await scene(t, '1s', 30);
  const beganMs = performance.now();
  gate.kill('SIGTERM');
  const { code } = await ending(gate);
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs > 900 && tookMs < 15_000, `${tookMs} ms`);
  assert.equal(code, 0, 'a drain that ran out of time is still the end that was asked for');
  const end = await download.ended;
  assert.equal(end.complete, false);
  assert.ok(end.bytes < IMAGE_BYTES);
  const cut = await gate.line(({ event }) => event === 'drain-cut');
  assert.equal(cut.running, 1);
  assert.ok(pids.every((pid) => !isAlive(pid)));
});

test('a second signal ends at once, and not with 0', async (t) => {
  const { gate, pids, download } = await scene(t, '60s', 60);
  gate.kill('SIGTERM');
  await gate.line(({ event }) => event === 'drain');
  const beganMs = performance.now();
  gate.kill('SIGINT');
  const { code } = await ending(gate);
  assert.ok(performance.now() - beganMs < 15_000);
  assert.notEqual(code, 0);
  assert.equal((await download.ended).complete, false);
  await until('no process left', () => pids.every((pid) => !isAlive(pid)));
});

test('connections that wait for nothing do not hold it up', async (t) => {
  const python = await pythonServer(t);
  const gate = await gateFor(t, `domain: ota.test\nlimits: { drain: 60s }\n${serverPreset(python.origin)}`);
  const idle = await Promise.all(
    [{}, { tls: { ca: gate.root } }].flatMap((how) =>
      [0, 1].map(async (requests) => {
        const port = 'tls' in how ? gate.https : gate.http;
        const socket = await open({ port, from: LAN, withinMs: 30_000, ...how });
        for (let sent = 0; sent < requests; sent += 1) {
          socket.write(requestBytes({ path: '/xiaozhi/ota/', headers: { Connection: 'keep-alive' } }));
          assert.equal((await readReply(socket, false, true)).status, 200);
        }
        return socket;
      }),
    ),
  );
  const closed = Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  gate.kill('SIGTERM');
  assert.deepEqual(await ending(gate), { code: 0, signal: null });
  await within('the end of all idle connections', closed, 10_000);
});

test('an open WebSocket may go on until limits.drain', async (t) => {
  const python = await pythonServer(t);
  const preset = serverPreset(python.origin, python.voiceOrigin);
  const gate = await gateFor(t, `domain: ota.test\nlimits: { drain: 1500ms }\n${preset}`);
  const [voice] = await openVoices(gate, 1);
  gate.kill('SIGTERM');
  await gate.line(({ event }) => event === 'drain');
  await sleep(500);
  await voice?.echo('a last word');
  assert.deepEqual(await ending(gate), { code: 0, signal: null });
  assert.equal(voice?.isOpen(), false);
});

test('a reply on a kept connection says that it is the last one while the gate drains', async (t) => {
  const python = await pythonServer(t, { faults: { delayMs: 800 } });
  const gate = await gateFor(t, `domain: ota.test\nlimits: { drain: 60s }\n${serverPreset(python.origin)}`);
  const socket = await open({ port: gate.http, from: LAN });
  socket.write(requestBytes({ path: '/xiaozhi/ota/', headers: { Connection: 'keep-alive' } }));
  await until('the question at the upstream', () => python.requests.length > 0);
  gate.kill('SIGTERM');
  const reply = await readReply(socket, false, true);
  assert.equal(reply.status, 200);
  assert.deepEqual(await ending(gate), { code: 0, signal: null });
});

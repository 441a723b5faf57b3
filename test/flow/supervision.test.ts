// Processes die: a gate is replaced and its neighbour notices nothing; control takes everything down in good order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, within } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { isAlive } from '../rig/process-facts.ts';
import { firmwareOf, fullPreset, javaServer, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { beginDownload, type SlowDownload } from '../rig/slow-download.ts';
import { LAN } from '../rig/test-device.ts';
import { openVoices } from '../rig/voices.ts';
import { ask } from '../rig/wire.ts';

const PATH = '/xiaozhi/ota/download/test-board_2.0.1.bin';
const IMAGE_BYTES = 400_000;

function slowServer(t: Parameters<typeof pythonServer>[0], seconds: number) {
  const faults = { downloadBytesPerSecond: IMAGE_BYTES / seconds };
  return pythonServer(t, { firmware: firmwareOf('2.0.1', IMAGE_BYTES), faults });
}

test('a gate that is killed under load is replaced, and the other one lives on', async (t) => {
  const python = await slowServer(t, 4);
  const yaml = `domain: ota.test\nworkers: 2\n${serverPreset(python.origin, python.voiceOrigin)}`;
  const gate = await gateFor(t, yaml);
  const { workers } = await gate.status();
  assert.equal(workers.length, 2);
  const [victim, survivor] = workers;
  assert.ok(victim && survivor);

  const voices = await openVoices(gate, 24);
  const downloads = await Promise.all(Array.from({ length: 12 }, () => beginDownload(gate, PATH, LAN)));
  await until('bytes on every download', () => downloads.every((download) => download.bytes() > 0));

  const killedAt = Date.now();
  process.kill(victim.pid, 'SIGKILL');
  const exit = await gate.line(({ event }) => event === 'gate-exit');
  assert.equal(exit.gate, victim.name);
  assert.equal(exit.signal, 'SIGKILL');
  assert.match(exit.msg, /a new one starts/);
  assert.equal((await ask({ port: gate.http, from: LAN }, { path: '/xiaozhi/ota/' })).status, 200, 'served meanwhile');
  const back = await gate.line(({ event }) => event === 'gate-replaced');
  const awayMs = Date.parse(String(back.time)) - killedAt;
  t.diagnostic(`a new gate after ${awayMs} ms`);
  assert.ok(awayMs < 2_000, `it was away for ${awayMs} ms`);
  assert.notEqual(back.pid, victim.pid);

  const living = voices.filter((voice) => voice.isOpen());
  assert.ok(living.length > 0 && living.length < voices.length, `${living.length} of ${voices.length} live`);
  await Promise.all(living.map((voice, index) => voice.echo(`still here ${index}`)));

  const ends = await Promise.all(downloads.map((download) => within('the end of a download', download.ended, 15_000)));
  const complete = ends.filter((end) => end.complete);
  assert.ok(complete.length > 0 && complete.length < ends.length, `${complete.length} of ${ends.length} complete`);
  for (const end of complete) assert.equal(end.bytes, IMAGE_BYTES);
  for (const end of ends.filter((one) => !one.complete)) assert.ok(end.bytes < IMAGE_BYTES, 'visibly short');

  for (const voice of living) voice.close();
  const told = (event: string): number =>
    gate.lines.filter((line) => line.event === event && line.process === survivor.name && line.ms !== undefined).length;
  await until('a log line for each connection of the survivor', () => told('websocket') === living.length);
  const firmware = gate.lines.filter((line) => line.route === 'firmware' && line.status === 200);
  assert.equal(firmware.length, complete.length);
  assert.ok(
    firmware.every((line) => line.process === survivor.name),
    'all that it had lived on',
  );

  const after = await gate.status();
  assert.equal(after.workers.find(({ name }) => name === victim.name)?.restarts, 1);
  assert.equal(after.workers.find(({ name }) => name === survivor.name)?.pid, survivor.pid);
});

test('a gate that dies again and again is started at longer and longer intervals', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(t, `domain: ota.test\n${fullPreset(java)}`);
  const told = (event: string) => gate.lines.filter((line) => line.event === event);
  let pid = (await gate.status()).workers[0]?.pid ?? 0;
  for (let round = 1; round <= 4; round += 1) {
    process.kill(pid, 'SIGKILL');
    pid = await until(`start ${round}`, () => told('gate-replaced')[round - 1]?.pid as number | undefined, 10_000);
  }
  const pauses = told('gate-exit').map(({ restartMs }) => Number(restartMs));
  assert.ok((pauses[0] ?? 0) > 0, 'the first one died young as well');
  for (const [index, pause] of pauses.entries()) {
    if (index > 0) assert.equal(pause, 2 * (pauses[index - 1] ?? 0), pauses.join(', '));
  }
  assert.equal((await ask({ port: gate.http, from: LAN }, { path: '/' })).status, 200);
});

test('control is killed: what runs finishes, nothing new begins, and every process goes', async (t) => {
  // What control still has to fetch ends with it; what is here already does not.
  const python = await pythonServer(t, { firmware: firmwareOf('2.0.1', IMAGE_BYTES) });
  const yaml = `domain: ota.test
workers: 2
limits: { drain: 8s }
firmware: { pace: { device: 600KB/s } }
${serverPreset(python.origin, python.voiceOrigin)}`;
  const gate = await gateFor(t, yaml);
  const pids = (await gate.status()).workers.map(({ pid }) => pid);
  t.after(() => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  assert.equal((await ask({ port: gate.http, from: LAN }, { path: PATH })).status, 200);
  const downloads: SlowDownload[] = await Promise.all(Array.from({ length: 6 }, () => beginDownload(gate, PATH, LAN)));
  await until('bytes on every download', () => downloads.every((download) => download.bytes() > 0));

  gate.kill('SIGKILL');
  assert.deepEqual(await gate.exited, { code: null, signal: 'SIGKILL' });
  const drains = (): number =>
    gate.lines.filter(({ event, why }) => event === 'drain' && why === 'control is gone').length;
  await until('both gates to drain', () => drains() === 2);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await assert.rejects(ask({ port: gate.http, from: LAN }, { path: '/xiaozhi/ota/' }), /ECONNREFUSED/);
  }
  const ends = await Promise.all(downloads.map((download) => within('the end of a download', download.ended, 10_000)));
  for (const end of ends) assert.deepEqual(end, { status: 200, bytes: IMAGE_BYTES, complete: true });
  await until('no process left', () => pids.every((pid) => !isAlive(pid)));
});

test('a gate that hangs is replaced when something must reach it, so that a closing is true', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(t, `domain: ota.test\nworkers: 2\n${fullPreset(java)}`);
  const [hanging, other] = (await gate.status()).workers;
  assert.ok(hanging && other);
  assert.equal((await gate.command('open', 'ota', '--for', '10m')).code, 0);
  process.kill(hanging.pid, 'SIGSTOP');

  const closed = await gate.command('close', 'ota');
  assert.equal(closed.code, 0, closed.stderr);
  const stuck = await gate.line(({ event }) => event === 'gate-stuck');
  assert.equal(stuck.pid, hanging.pid);
  const back = await gate.line(({ event, gate: name }) => event === 'gate-replaced' && name === hanging.name);
  assert.notEqual(back.pid, hanging.pid);
  assert.ok(!isAlive(hanging.pid));
  for (let round = 0; round < 8; round += 1) {
    assert.equal((await ask({ port: gate.http, from: '127.0.0.9' }, { path: '/xiaozhi/ota/' })).status, 426);
  }
});

test('fewer gates by a reload: the ones too many keep their connections', async (t) => {
  const python = await slowServer(t, 1);
  const yaml = (workers: number): string =>
    `domain: ota.test\nworkers: ${workers}\nlimits: { drain: 1s }\n${serverPreset(python.origin, python.voiceOrigin)}`;
  const gate = await gateFor(t, yaml(2));
  const voices = await openVoices(gate, 20);
  assert.equal((await gate.reload(yaml(1))).code, 0);
  await sleep(2_500);
  assert.equal((await gate.status()).workers.length, 1);
  assert.ok(
    voices.every((voice) => voice.isOpen()),
    'past limits.drain, every conversation goes on',
  );
  await Promise.all(voices.map((voice, index) => voice.echo(`still here ${index}`)));
  for (const voice of voices) voice.close();
});

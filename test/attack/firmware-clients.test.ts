// Clients that mean no good: they leave in the middle, never read, make links up, or read very slowly. Nothing of them
// stays, and the others get their images.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { buildImage } from '../../src/demo/image.ts';
import { seeded } from '../policy/random.ts';
import { until } from '../rig/bounded.ts';
import { fileServer, filesYaml, send, sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, tryFetch } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { residentBytes } from '../rig/process-facts.ts';
import { storedFiles, workersOf } from '../rig/state-folder.ts';
import { LAN } from '../rig/test-device.ts';
import { headerOf } from '../rig/wire.ts';

const MIB = 1024 * 1024;
// More than the buffers of the system take in.
const LARGE = buildImage({ version: '1.0.0', size: 12_000_000 });
const FREE = 'firmware: { pace: { device: none } }';
const random = seeded(13);

/** What a process has open of these kinds. */
function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many files of the store a process has open. */
function openImages(pid: number): number {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  return targets.filter((target) => target.includes('/firmware-v1/')).length;
}

/** Sends a request for the image, and reads nothing unless told. */
function begin(gate: GateRig, path: string, secure = false): Socket {
  const at = { host: '127.0.0.1', port: secure ? gate.https : gate.http, localAddress: LAN };
  const options = { ...at, ca: gate.root, servername: 'ota.test', ALPNProtocols: [], maxVersion: 'TLSv1.2' as const };
  const socket = secure ? connectSecurely(options) : connect(at);
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ota.test\r\nConnection: close\r\n\r\n`);
  return socket;
}

test('five hundred that leave at any moment', async (t) => {
  const small = buildImage({ version: '1.0.0', size: 400_000 });
  const files = await fileServer(t, ({ url }, response) =>
    url.includes('slow')
      ? sendPaced(response, small, 100_000)
      : send(response, small, { 'Cache-Control': 'max-age=60' }),
  );
  const gate = await gateFor(t, filesYaml(files.origin, 'firmware: { pace: { device: 256KiB/s }, memory: 0 }'));
  const [worker = 0] = workersOf(gate);
  assertImage(await fetchFrom(gate, '/fw/kept.bin'), small);
  await sleep(300);
  const before = { gate: descriptors(worker), control: descriptors(gate.pid) };
  const kept = residentBytes(worker);
  for (let round = 0; round < 5; round += 1) {
    const sockets = Array.from({ length: 100 }, (_, index) =>
      begin(gate, index % 5 === 0 ? '/fw/slow.bin' : '/fw/kept.bin', index % 10 === 3),
    );
    sockets.forEach((socket, index) => {
      socket.resume();
      const reset = index % 10 !== 3 && random.chance(0.5);
      setTimeout(() => (reset ? socket.resetAndDestroy() : socket.destroy()), random.below(400));
    });
    await until('the end of all', () => sockets.every((socket) => socket.destroyed));
  }
  await until('the end of their downloads', () => descriptors(worker) <= before.gate + 3);
  await until('the end of the fetch', () => descriptors(gate.pid) <= before.control + 1);
  const grown = residentBytes(worker) - kept;
  assert.ok(grown < 40 * MIB, `the gate has grown by ${Math.round(grown / MIB)} MiB`);
  assertImage(await fetchFrom(gate, '/fw/kept.bin'), small, 'the next one');
  const bad = gate.lines.filter(({ event }) => ['crash', 'unhandled', 'ask-failed'].includes(event ?? ''));
  assert.deepEqual(bad, []);
});

// At the same time: they mostly wait.
describe('slow readers', { concurrency: 3 }, () => {
  for (const secure of [false, true]) {
    test(`two hundred that read slowly, ${secure ? 'over TLS' : 'by plain HTTP'}, and one that does not read`, async (t) => {
      const files = await fileServer(t, (_, response) => send(response, LARGE, { 'Cache-Control': 'max-age=60' }));
      const gate = await gateFor(t, filesYaml(files.origin, `${FREE}\nlimits: { idle: 3s }`));
      const [worker = 0] = workersOf(gate);
      assertImage(await fetchFrom(gate, '/fw/a.bin'), LARGE);
      const before = residentBytes(worker);
      const sockets = Array.from({ length: secure ? 100 : 200 }, () => begin(gate, '/fw/a.bin', secure));
      for (const socket of sockets) socket.pause();
      const reading = setInterval(() => {
        for (const socket of sockets) socket.read(4096);
      }, 100);
      t.after(() => {
        clearInterval(reading);
        for (const socket of sockets) socket.destroy();
      });
      const silent = begin(gate, '/fw/a.bin', secure);
      silent.pause();
      await sleep(2_000);
      const grown = residentBytes(worker) - before;
      assert.ok(grown < 60 * MIB, `the gate has grown by ${Math.round(grown / MIB)} MiB`);
      const line = await gate.line(
        ({ code, detail }) => code === 'CLIENT_GONE' && /takes no more/.test(String(detail)),
      );
      assert.equal(line.status, 200);
      silent.destroy();
    });
  }

  test('a device that reads slowly, but reads, is never cut', async (t) => {
    const files = await fileServer(t, (_, response) => send(response, LARGE, { 'Cache-Control': 'max-age=60' }));
    const gate = await gateFor(t, filesYaml(files.origin, `${FREE}\nlimits: { idle: 1s }`));
    assertImage(await fetchFrom(gate, '/fw/a.bin'), LARGE);
    const socket = begin(gate, '/fw/a.bin');
    let bytes = 0;
    const began = performance.now();
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      const dueMs = (bytes / 3_000_000) * 1000 - (performance.now() - began);
      if (dueMs <= 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), dueMs);
    });
    await new Promise((resolve) => socket.once('close', resolve));
    assert.ok(bytes > LARGE.length, `${bytes} of ${LARGE.length} bytes, though each second brought some`);
  });
});

test('links that somebody makes up', async (t) => {
  const small = buildImage({ version: '1.0.0', size: 200_000 });
  let slow = false;
  const files = await fileServer(t, (_, response) =>
    slow ? sendPaced(response, small, 20_000) : send(response, small, { ETag: '"one"' }),
  );
  const gate = await gateFor(t, filesYaml(files.origin, FREE));
  const [worker = 0] = workersOf(gate);
  await t.test('by other queries: one image is kept of them all', async () => {
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    for (let round = 0; round < 20; round += 1) {
      const all = numbers.map((number) => fetchFrom(gate, `/fw/a.bin?x=${round * numbers.length + number}`));
      for (const reply of await Promise.all(all)) assertImage(reply, small);
    }
    assert.equal(storedFiles(`${gate.folder}/state`).images.length, 1);
    assert.equal(storedFiles(`${gate.folder}/state`).partial.length, 0);
    await until('no open image', () => [gate.pid, worker].every((pid) => openImages(pid) === 0));
    assert.deepEqual(
      gate.lines.filter(({ event }) => event === 'crash'),
      [],
    );
  });
  await t.test('so many at once that no more are fetched: what is here is served all the same', async () => {
    slow = true;
    const strangers = Array.from({ length: 120 }, (_, number) => begin(gate, `/fw/b.bin?x=${number}`));
    t.after(() => strangers.map((socket) => socket.destroy()));
    await until('the bound', () => gate.lines.some(({ code }) => code === 'FIRMWARE_NO_ROOM'));
    assert.ok(files.asked.length < 240 + 130, `${files.asked.length}`);
    // Those that were asked for one too many are hung up on.
    await until('a connection for each fetch, and few more', () => files.open() <= 80);
    assertImage(await fetchFrom(gate, '/fw/a.bin?x=0'), small);
  });
  await t.test('with credentials that nobody asked for, the image of all is left alone', async () => {
    const reply = await tryFetch(gate, '/fw/a.bin?x=0', { headers: { Authorization: 'Basic eDp5' } });
    assert.ok(reply === null || [200, 503].includes(reply.status));
    assert.match(headerOf(await fetchFrom(gate, '/fw/a.bin?x=0'), 'Cache-Status') ?? '', /hit|304/);
  });
});

test('whoever sends credentials of its own takes no more than a part of the fetches', async (t) => {
  const small = buildImage({ version: '1.0.0', size: 200_000 });
  const files = await fileServer(t, ({ url }, response) =>
    url.includes('slow') ? sendPaced(response, small, 20_000) : send(response, small, { ETag: '"one"' }),
  );
  const gate = await gateFor(t, filesYaml(files.origin, FREE));
  const replies = Array.from({ length: 80 }, async (_, number) =>
    tryFetch(gate, '/fw/slow.bin', { headers: { Authorization: `Basic ${number}` } }),
  );
  for (const reply of replies) reply.catch(() => {});
  await until('the bound', () => gate.lines.filter(({ code }) => code === 'FIRMWARE_NO_ROOM').length >= 80 - 16);
  assertImage(await fetchFrom(gate, '/fw/for-all.bin'), small, 'of all the others');
  assert.ok(files.asked.length <= 81, `${files.asked.length} requests`);
  await until('a connection for each fetch, and few more', () => files.open() <= 30);
});

// Floods of connections and of handshakes: each address has its share, strangers have theirs, and devices on the LAN
// upgrade as if nothing were.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { until, within } from '../rig/bounded.ts';
import { type GateRig, startGate } from '../rig/gate.ts';
import { freePort } from '../rig/mqtt.ts';
import { ask } from '../rig/raw-client.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, LAN, otaUrl } from '../rig/test-device.ts';

const PAGE = 'GET /api/ping HTTP/1.1\r\nHost: ota.test\r\nConnection: close\r\n\r\n';
const LIMITS = 'limits: { connections: 60, addressConnections: 20, handshakes: 10, header: 30s }';

describe('a flood of', () => {
  const closing: (() => unknown)[] = [];
  const sockets = new Set<Socket>();
  let gate: GateRig;
  let mqtts = 0;
  before(async () => {
    const greeter = createServer((socket) => socket.on('error', () => {}).end('hello'));
    greeter.listen(0, '127.0.0.1');
    await once(greeter, 'listening');
    closing.push(() => greeter.close());
    mqtts = await freePort();
    const place = greeter.address();
    const port = typeof place === 'object' ? place?.port : 0;
    const streams = `streams: [{ listen: "127.0.0.1:${mqtts}", upstream: "127.0.0.1:${port}" }]`;
    const java = await javaServer({ after: (close) => void closing.push(close as () => unknown) });
    gate = await startGate(`domain: ota.test\nworkers: 1\n${LIMITS}\n${streams}\n${fullPreset(java)}`);
  });
  after(async () => {
    await gate.stop();
    for (const close of closing) await close();
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    const way = { port: gate.https, ca: gate.root, from: '127.0.0.7' };
    await until('room again', () =>
      ask(way, PAGE)
        .catch(() => null)
        .then((reply) => reply?.status === 200),
    );
  });

  /** Connects and says nothing; resolves with whether the gate keeps it for a while. */
  function silent(port: number, from: string): Promise<boolean> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    return new Promise((resolve) => {
      socket.once('close', () => resolve(false));
      socket.once('connect', () => setTimeout(() => resolve(!socket.destroyed), 700));
    });
  }

  const silents = (port: number, from: string, count: number): Promise<number> =>
    Promise.all(Array.from({ length: count }, () => silent(port, from))).then((kept) => kept.filter(Boolean).length);

  it('connections from one address: its share is its own, and others are served', async () => {
    assert.equal(await silents(gate.http, '127.0.0.9', 35), 20);
    assert.equal(await silents(gate.http, '127.0.0.9', 1), 0);
    const other = await ask({ port: gate.https, ca: gate.root, from: '127.0.0.8' }, PAGE);
    assert.equal(other?.status, 200);
    await gate.line(({ event }) => event === 'address-full');
    await until('the count', async () => (await gate.status()).totals.turnedAway['address-full'] === 16);
    assert.equal(gate.lines.filter(({ event }) => event === 'address-full').length, 1, 'told once');
  });

  it('connections from everywhere: a tenth is kept for the LAN, where a device upgrades', async () => {
    let kept = 0;
    for (const last of [11, 12, 13, 14]) kept += await silents(gate.http, `127.0.0.${last}`, 20);
    assert.equal(kept, 54);
    assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
    assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
    await gate.line(({ event }) => event === 'connections-full');
    assert.equal(gate.lines.filter(({ event }) => event === 'connections-full').length, 1, 'told once');
  });

  it('clients that never begin their handshake: those behind them wait their turn, and get it', async () => {
    assert.equal(await silents(gate.https, '127.0.0.21', 10), 10);
    const lan = performance.now();
    assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
    const stranger = await ask({ port: gate.https, ca: gate.root, from: '127.0.0.22' }, PAGE, { withinMs: 15_000 });
    assert.equal(stranger?.status, 200);
    assert.ok(performance.now() - lan > 1_500, 'it had to wait for a turn');
  });

  /** What the server behind the stream says, through TLS; rejects where the connection ends before. */
  async function greeting(from: string): Promise<string> {
    const bare = connect({ host: '127.0.0.1', port: mqtts, localAddress: from }).on('error', () => {});
    const socket = connectSecurely({ socket: bare, ca: gate.root, servername: 'ota.test' });
    sockets.add(socket);
    const [bytes] = await within('a greeting', once(socket, 'data'), 20_000);
    return String(bytes);
  }

  it('clients of a stream that never begin their handshake: the turns are those of all listeners', async () => {
    assert.equal(await silents(mqtts, '127.0.0.41', 10), 10);
    assert.equal(await greeting(LAN), 'hello', 'the LAN waits for nobody');
    const turnedAway = async (): Promise<number> => (await gate.status()).totals.turnedAway['handshakes-full'] ?? 0;
    const before = await turnedAway();
    const page = ask({ port: gate.https, ca: gate.root, from: '127.0.0.43' }, PAGE, { withinMs: 20_000 });
    assert.equal(await greeting('127.0.0.42'), 'hello');
    assert.equal((await page)?.status, 200);
    await until('dawdlers that gave way', async () => (await turnedAway()) >= before + 1);
  });

  it('connections to a stream from one address: its share is of all listeners', async () => {
    assert.equal(await silents(mqtts, '127.0.0.51', 25), 20);
    assert.equal(await silents(gate.http, '127.0.0.51', 1), 0);
    assert.equal(await greeting(LAN), 'hello');
  });

  it('whole handshakes, one after the other, from one process', async () => {
    let going = true;
    let done = 0;
    const one = async (): Promise<void> => {
      while (going) {
        await new Promise<void>((resolve) => {
          const bare = connect({ host: '127.0.0.1', port: gate.https, localAddress: '127.0.0.31' });
          const socket = connectSecurely({ socket: bare, rejectUnauthorized: false });
          bare.on('error', () => {});
          socket.once('secureConnect', () => {
            done += 1;
            socket.destroy();
          });
          socket.on('error', () => {}).once('close', () => resolve());
        });
      }
    };
    const flood = Promise.all(Array.from({ length: 15 }, one));
    try {
      await sleep(300);
      for (const scheme of ['https', 'http'] as const)
        assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, scheme))).outcome, 'upgraded');
      const neighbour = await ask({ port: gate.https, ca: gate.root, from: '127.0.0.32' }, PAGE);
      assert.equal(neighbour?.status, 200);
    } finally {
      going = false;
      await flood;
    }
    assert.ok(done > 50, `${done} handshakes`);
  });
});

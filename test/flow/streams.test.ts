// TLS in front of plain TCP: a real MQTT broker behind the gate, for hours in small, and every way to end a connection.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { peer } from '../peer.ts';
import { until, within } from '../rig/bounded.ts';
import { chainFor, OPERATOR_ROOT } from '../rig/brought.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { end, freePort, login, ping, startBroker } from '../rig/mqtt.ts';
import { fullPreset, javaServer, MAC } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody } from '../rig/test-device.ts';
import { lookAt } from '../rig/tls-client.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('mosquitto', 'mosquitto-clients');
// As 600 s are to 240 s, so that thirty pings stand for two hours.
const IDLE_MS = 2_000;
const PING_MS = 150;
const PINGS = 30;
const WITHIN_MS = 15_000;
const MB = 1024 * 1024;

type Closing = Pick<TestContext, 'after'>;

async function tcpServer(t: Closing, onClient: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onClient(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, server };
}

async function joinStream(port: number, options: { from?: string } = {}): Promise<TLSSocket> {
  const localAddress = options.from ?? '127.0.0.1';
  const plain = connectTcp({ host: '127.0.0.1', port, localAddress, allowHalfOpen: true }).on('error', () => {});
  const socket = connect({ socket: plain, servername: 'ota.test', ca: OPERATOR_ROOT });
  await within('a TLS handshake', once(socket, 'secureConnect'), WITHIN_MS);
  socket.on('error', () => {});
  return socket;
}

async function bytesUntilEnd(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await within('the end of a half', once(socket, 'end'), WITHIN_MS);
  return bytes;
}

/** Resolves when the gate has ended the connection, in whatever way. */
function endOf(socket: Socket): Promise<unknown> {
  socket.resume();
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return within('the end of a connection', ended, WITHIN_MS).finally(() => socket.destroy());
}

/** Writes so many bytes, no faster than they are taken, and ends its half. */
async function say(socket: Socket, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 7);
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

test('streams', { skip }, async (t) => {
  const broker = await startBroker(t);
  // Reads all there is, slowly, and answers with as much when the client has ended.
  const afterwards = await tcpServer(t, (socket) => {
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.once('end', () => void say(socket, bytes));
  });
  // Says all that it has to say and ends, while the client has only begun; then goes on reading.
  const heard: Promise<number>[] = [];
  const first = await tcpServer(t, (socket) => {
    heard.push(bytesUntilEnd(socket));
    void say(socket, MB);
  });
  const held: Socket[] = [];
  const silent = await tcpServer(t, (socket) => {
    held.push(socket.resume().once('end', () => socket.end()));
  });
  const nobody = await freePort();
  const java = await javaServer(t, { mqttGateway: '192.168.0.7:1883' });
  const ports = await Promise.all(Array.from({ length: 5 }, freePort));
  const [mqtts = 0, slow = 0, early = 0, dead = 0, guarded = 0] = ports;
  const chain = chainFor('ota.test');
  const gate = await gateFor(
    t,
    `domain: ota.test
tls: { certificates: [{ cert: ota.pem, key: ota.key }], localCa: false }
public: { mqtts: 8883 }
limits: { drain: 10s }
streams:
  - { listen: "127.0.0.1:${mqtts}", upstream: ["127.0.0.1:${nobody}", "127.0.0.1:${broker.port}"], idle: ${IDLE_MS}ms }
  - { listen: "127.0.0.1:${slow}", upstream: "127.0.0.1:${afterwards.port}" }
  - { listen: "127.0.0.1:${early}", upstream: "127.0.0.1:${first.port}" }
  - { listen: "127.0.0.1:${dead}", upstream: "127.0.0.1:${nobody}" }
  - { listen: "127.0.0.1:${guarded}", upstream: "127.0.0.1:${silent.port}", allow: 127.0.0.2, connections: 2 }
${fullPreset(java)}`,
    { files: { 'ota.pem': chain.cert, 'ota.key': chain.key, 'root.pem': OPERATOR_ROOT } },
  );
  const told = (port: number, because: string): ReturnType<GateRig['line']> =>
    gate.line(
      (line) => line.event === 'stream' && line.listen === `127.0.0.1:${port}` && line.because === because,
      WITHIN_MS,
    );

  await t.test('a message goes from one MQTT client to another, both by TLS', async () => {
    const args = ['-h', 'localhost', '-p', String(mqtts), '--cafile', join(gate.folder, 'root.pem'), '--insecure'];
    const listener = spawn('mosquitto_sub', [...args, '-t', 'device/1', '-C', '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => end(listener));
    let got = '';
    listener.stdout.on('data', (chunk) => {
      got += chunk;
    });
    const ended = once(listener, 'exit');
    // Retained, so that it does not matter who of the two is first.
    const speaker = spawn('mosquitto_pub', [...args, '-t', 'device/1', '-m', 'hello', '-q', '1', '-r'], {
      stdio: 'inherit',
    });
    assert.deepEqual(await within('the message is sent', once(speaker, 'exit'), WITHIN_MS), [0, null]);
    assert.deepEqual(await within('the message comes', ended, WITHIN_MS), [0, null]);
    assert.equal(got, 'hello\n');
    const line = await told(mqtts, 'client-ended');
    assert.equal(line.upstream, `127.0.0.1:${broker.port}`, 'the second server, since nobody is at the first');
    assert.ok(Number(line.received) > 0 && Number(line.sent) > 0);
  });

  await t.test('thirty pings, and a new certificate in between; then silence ends it', async () => {
    const device = await joinStream(mqtts);
    await login(device, 'device-1', 60);
    const next = chainFor('ota.test');
    const serial = ({ cert }: { cert: string }): string => new X509Certificate(cert).serialNumber;
    for (let index = 0; index < PINGS; index += 1) {
      await ping(device);
      if (index === 10) {
        writeFileSync(join(gate.folder, 'ota.pem'), next.cert);
        writeFileSync(join(gate.folder, 'ota.key'), next.key);
        const swapped = gate.command('reload');
        // It may take longer than a connection may be silent.
        while ((await Promise.race([swapped, sleep(PING_MS)])) === undefined) await ping(device);
        assert.equal((await swapped).code, 0);
        const look = await lookAt(mqtts, { servername: 'ota.test', ca: OPERATOR_ROOT });
        assert.deepEqual([look.trust, look.leaf.serialNumber], ['trusted', serial(next)]);
      }
      await sleep(PING_MS);
    }
    assert.equal(new X509Certificate(device.getPeerCertificate().raw).serialNumber, serial(chain));
    await endOf(device);
    const line = await told(mqtts, 'idle');
    assert.ok(Number(line.ms) > IDLE_MS + PINGS * PING_MS);
    assert.ok(Number(line.received) >= 2 * PINGS);
  });

  await t.test('each half ends by itself, and nothing of the other half is lost', async () => {
    const client = await joinStream(slow);
    const back = bytesUntilEnd(client);
    await say(client, 4 * MB);
    assert.equal(await back, 4 * MB);
    const line = await told(slow, 'client-ended');
    assert.deepEqual([line.received, line.sent], [4 * MB, 4 * MB]);

    const other = await joinStream(early);
    assert.equal(await bytesUntilEnd(other), MB);
    assert.equal(other.writable, true);
    await say(other, 2 * MB);
    assert.equal(await heard[0], 2 * MB);
    assert.deepEqual((await told(early, 'server-ended')).received, 2 * MB);
  });

  await t.test('no server, a stranger, one too many: closed, and told why', async () => {
    const unlucky = await joinStream(dead);
    await endOf(unlucky);
    assert.equal((await told(dead, 'server-unreachable')).reason, 'ECONNREFUSED');

    await assert.rejects(joinStream(guarded));
    assert.equal((await told(guarded, 'not-allowed')).client, '127.0.0.1');

    const two = [await joinStream(guarded, { from: '127.0.0.2' }), await joinStream(guarded, { from: '127.0.0.2' })];
    await assert.rejects(joinStream(guarded, { from: '127.0.0.2' }));
    await told(guarded, 'too-many');
    two[0]?.destroy();
    await told(guarded, 'client-ended');
    const again = await until(
      'there is room again',
      () => joinStream(guarded, { from: '127.0.0.2' }).catch(() => false as const),
      WITHIN_MS,
    );
    await until('both are at the server', () => held.length === 3, WITHIN_MS);
    held[1]?.resetAndDestroy();
    assert.ok(two[1]);
    await endOf(two[1]);
    await told(guarded, 'server-broke-off');
    t.after(() => again.destroy());
  });

  await t.test('counted, in status and metrics', async () => {
    const status = await until('the counts', async () => {
      const now = await gate.status();
      const open = now.streams.reduce((sum, one) => sum + one.open, 0);
      return now.totals.streams['server-broke-off'] === 1 && open === 1 && now;
    });
    assert.deepEqual(
      status.streams.find(({ open }) => open === 1),
      { address: `127.0.0.1:${guarded}`, upstream: [`127.0.0.1:${silent.port}`], open: 1 },
    );
    assert.ok(status.totals.streamBytes.received >= 6 * MB);
    const { stdout } = await gate.command('status');
    assert.match(stdout, new RegExp(`stream .*127\\.0\\.0\\.1:${guarded}`));
  });

  await t.test('a device is told of it', async () => {
    const way = { port: gate.https, tls: { ca: OPERATOR_ROOT } };
    const reply = await ask(way, {
      path: '/xiaozhi/ota/',
      headers: { ...CHECK_HEADERS, 'Device-Id': MAC },
      body: checkBody(),
    });
    const { mqtt } = JSON.parse(reply.body.toString()) as { mqtt: { endpoint: string } };
    assert.equal(mqtt.endpoint, 'ota.test:8883');
  });

  await t.test('a stop waits for what moves, and ends what is silent', async () => {
    const quiet = await joinStream(guarded, { from: '127.0.0.2' });
    gate.kill('SIGTERM');
    await endOf(quiet);
    await told(guarded, 'stopping');
    assert.equal((await within('the end of the gate', gate.exited, WITHIN_MS)).code, 0);
  });
});

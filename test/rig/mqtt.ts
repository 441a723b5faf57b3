// Owns MQTT in tests: a real broker, and a client that speaks the few packets of it that a device sends all day long.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import { until, within } from './bounded.ts';

type Closing = Pick<TestContext, 'after'>;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A mosquitto on 127.0.0.1, by plain TCP; ends with the test. */
export async function startBroker(t: Closing): Promise<{ port: number }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'otagate-broker-'));
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const child = spawn(findBinary('mosquitto') ?? 'mosquitto', ['-c', file], { stdio: 'ignore' });
  t.after(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  await until('the broker listens', () => canConnect(port), 15_000);
  return { port };
}

/** Ends a program that a test started. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(timer);
}

export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Logs in on a connection (MQTT 3.1.1 section 3.1), keepalive in seconds. */
export async function login(socket: Socket, clientId: string, keepAlive: number): Promise<void> {
  const id = Buffer.from(clientId);
  const variable = Buffer.from([
    0,
    4,
    ...Buffer.from('MQTT'),
    4,
    2,
    keepAlive >> 8,
    keepAlive & 255,
    0,
    id.length,
    ...id,
  ]);
  socket.write(Buffer.concat([Buffer.from([0x10, variable.length]), variable]));
  const [connack] = (await within('CONNACK', once(socket, 'data'), 10_000)) as [Buffer];
  if (!connack.equals(Buffer.from([0x20, 2, 0, 0]))) throw new Error(`CONNACK ${connack.toString('hex')}`);
}

/** PINGREQ, and its answer. */
export async function ping(socket: Socket): Promise<void> {
  socket.write(Buffer.from([0xc0, 0]));
  const [answer] = (await within('PINGRESP', once(socket, 'data'), 10_000)) as [Buffer];
  if (!answer.equals(Buffer.from([0xd0, 0]))) throw new Error(`PINGRESP ${answer.toString('hex')}`);
}

// Owns a running Redis for tests (the real server, in memory), and what can be done to it: cut off, emptied, counted.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import type { RedisStore } from '../../src/config/store.ts';
import { until } from './bounded.ts';
import { freePorts } from './pebble.ts';

export type RedisRig = {
  port: number;
  pid: number;
  /** Runs one command by the plain protocol. Texts only. */
  command: (...words: string[]) => Promise<string>;
  /** Stands still: takes connections and answers nothing, until `resume`. */
  pause: () => void;
  resume: () => void;
  /** How often commands ran since the last `resetStats`, without those of this rig: name → times. */
  stats: () => Promise<Map<string, number>>;
  resetStats: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Ends with the test. */
export async function redisFor(t: Pick<TestContext, 'after'>): Promise<RedisRig> {
  const [port = 0] = await freePorts(1);
  // A folder of its own: what a replica is sent stands in a file, which the next one would load.
  const folder = mkdtempSync(join(tmpdir(), 'otagate-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child: ChildProcess = spawn(findBinary('redis-server') ?? 'redis-server', args, { stdio: 'ignore' });
  const orphaned = (): void => void child.kill('SIGKILL');
  process.once('exit', orphaned);
  const command = (...words: string[]): Promise<string> => ask(port, words);
  const stop = async (): Promise<void> => {
    process.off('exit', orphaned);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await until('Redis', () => command('PING').catch(() => false as const), 10_000);
  return {
    port,
    pid: child.pid ?? 0,
    command,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stats: async () => {
      const lines = (await command('INFO', 'commandstats')).matchAll(/^cmdstat_([^:|]+)[^:]*:calls=(\d+)/gm);
      const counts = new Map<string, number>();
      for (const [, name = '', calls] of lines) {
        if (name !== 'info' && name !== 'config') counts.set(name, (counts.get(name) ?? 0) + Number(calls));
      }
      return counts;
    },
    resetStats: async () => void (await command('CONFIG', 'RESETSTAT')),
    stop,
  };
}

/** The lines of a configuration that keep the state there. */
export function redisYaml({ port }: Pick<RedisRig, 'port'>, key: string, machine: string): string {
  return `store: { redis: "redis://127.0.0.1:${port}", encryptionKey: "${key}", machine: ${machine} }`;
}

/** The same as a configuration that was read. */
export function redisStoreOf({ port }: Pick<RedisRig, 'port'>): RedisStore {
  return {
    kind: 'redis',
    tls: false,
    server: { host: '127.0.0.1', port },
    database: 0,
    username: null,
    password: null,
    caFile: null,
    sentinels: [],
    sentinelPassword: null,
    encryptionKey: Buffer.alloc(32).toString('base64'),
    name: 'otagate',
    machine: 'test',
  };
}

export function storeKey(): string {
  return randomBytes(32).toString('base64');
}

function ask(port: number, words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('Redis does not answer')));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      const whole = bodyOf(text);
      if (whole === null) return;
      socket.destroy();
      if (whole.startsWith('-')) reject(new Error(whole));
      else resolve(whole);
    });
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    socket.write(`*${words.length}\r\n${parts}`);
  });
}

/** The body of a simple, number or text reply once it is whole; lists are given as they come. */
function bodyOf(text: string): string | null {
  const end = text.indexOf('\r\n');
  if (end < 0) return null;
  if (!text.startsWith('$')) return text.slice(text.startsWith('-') ? 0 : 1, text.startsWith('*') ? undefined : end);
  const length = Number(text.slice(1, end));
  if (length < 0) return '';
  const body = Buffer.from(text.slice(end + 2));
  return body.length < length + 2 ? null : body.subarray(0, length).toString();
}

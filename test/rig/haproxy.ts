// Owns a real HAProxy in front of a gate: it passes connections on as they are, and says whose they are.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import { until } from './bounded.ts';
import { canConnect, end, freePort } from './mqtt.ts';

export type Door = {
  /** The port of the gate. */
  to: number;
  /** The address from which HAProxy comes to the gate. */
  as: string;
  /** How it says whose the connection is, in its own words; empty: not at all. */
  says: 'send-proxy' | 'send-proxy-v2' | '';
};

/** Starts it with one port for each door, by name; ends with the test. */
export async function startHaproxy<Name extends string>(
  t: Pick<TestContext, 'after'>,
  doors: Record<Name, Door>,
): Promise<Record<Name, number>> {
  const ports: Record<string, number> = {};
  const parts = [
    'global\n  maxconn 200\ndefaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s',
  ];
  for (const [name, { to, as, says }] of Object.entries<Door>(doors)) {
    const port = await freePort();
    ports[name] = port;
    parts.push(`listen ${name}\n  bind 127.0.0.1:${port}\n  server gate 127.0.0.1:${to} source ${as} ${says}`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'otagate-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, `${parts.join('\n')}\n`);
  const child = spawn(findBinary('haproxy') ?? 'haproxy', ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  for (const port of Object.values(ports)) await until('HAProxy listens', () => canConnect(port), 15_000);
  return ports as Record<Name, number>;
}

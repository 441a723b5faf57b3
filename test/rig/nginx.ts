// Owns a real nginx that serves the files of an operator, on free ports of this machine.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { findBinary } from '../../scripts/peers.mjs';
import { until } from './bounded.ts';

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  for (const server of servers) server.close();
  return ports;
}

/** Runs nginx with the main file of a folder until it is stopped. `port` is one that it listens on. */
export async function startNginx(
  folder: string,
  mainFile: string,
  port: number,
): Promise<{ stop: () => Promise<void> }> {
  const errors = join(folder, 'error.log');
  writeFileSync(errors, '');
  const child: ChildProcess = spawn(
    findBinary('nginx') ?? 'nginx',
    ['-p', folder, '-c', mainFile, '-e', errors, '-g', `daemon off; pid ${folder}/nginx.pid;`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const exited = once(child, 'exit');
  await until(
    `nginx on port ${port}`,
    () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
      return answers(port);
    },
    20_000,
  );
  return {
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
      await exited;
      clearTimeout(late);
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

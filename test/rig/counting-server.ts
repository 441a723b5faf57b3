// Owns a server in a process of its own, which counts what it gets: it can be killed, stopped in its tracks, and be back.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until, within } from './bounded.ts';
import { canConnect, freePort } from './mqtt.ts';

const WITHIN_MS = 15_000;

// Writes a line for each request when it has come whole, before it answers: `METHOD /path BYTES DEVICE`.
const PROGRAM = `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [name, port, log] = process.argv.slice(2);
const server = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk) => { bytes += chunk.length; });
  request.on('end', () => {
    appendFileSync(log, request.method + ' ' + request.url + ' ' + bytes + '\\n');
    if (request.url.includes('/break')) return void request.socket.destroy();
    response.end(name);
  });
});
server.on('upgrade', (request, socket) => {
  appendFileSync(log, 'UPGRADE ' + request.url + ' 0\\n');
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nX-Server: ' + name + '\\r\\n\\r\\n');
});
server.listen(Number(port), '127.0.0.1');
`;

export type CountingServer = {
  name: string;
  port: number;
  origin: string;
  /** What has come, whole requests only. */
  received: () => string[];
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it at once. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
};

/** Started; ends with the test. Answers every request with its name. */
export async function countingServer(t: Pick<TestContext, 'after'>, name: string): Promise<CountingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-server-'));
  const [program, log] = [join(folder, 'server.mjs'), join(folder, 'received')];
  writeFileSync(program, PROGRAM);
  writeFileSync(log, '');
  const port = await freePort();
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    child = null;
    await within('the end of a server', gone, WITHIN_MS);
  };
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [program, name, String(port), log], { stdio: ['ignore', 'ignore', 'inherit'] });
    await until('the server listens', () => canConnect(port), WITHIN_MS);
  };
  t.after(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return {
    name,
    port,
    origin: `http://127.0.0.1:${port}`,
    received: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    signal: (signal) => void child?.kill(signal),
    kill,
    start,
  };
}

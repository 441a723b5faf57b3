// Owns a running otagate for flow tests: the real command, in a folder of its own, with its log read line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../src/control/status.ts';
import { until } from './bounded.ts';

// Commands speak as scripts see them, whatever terminal and locale the tests are run from.
process.env.LC_ALL = 'C.UTF-8';
delete process.env.FORCE_COLOR;

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export type LogLine = { level: string; event?: string; msg: string; process: string } & Record<string, unknown>;

export type GateRig = {
  folder: string;
  configFile: string;
  /** Ports that were found free. */
  http: number;
  https: number;
  /** The local CA's root. */
  root: string;
  pid: number;
  lines: LogLine[];
  /** Standard output as it came, line by line. */
  output: string[];
  /** What came on stderr. */
  stderr: () => string;
  /** Resolves with the first line from now or before that fits. */
  line: (fits: (line: LogLine) => boolean, withinMs?: number) => Promise<LogLine>;
  /** Replaces the configuration. */
  write: (yaml: string) => void;
  /** Replaces the configuration, and runs `otagate reload`. */
  reload: (yaml: string) => Promise<CommandResult>;
  command: (...args: string[]) => Promise<CommandResult>;
  /** What `otagate status --json` says. */
  status: () => Promise<Status>;
  /** Its end, with all that it said read. */
  exited: Promise<{ code: number | null; signal: string | null }>;
  kill: (signal: NodeJS.Signals) => void;
  /** Ends it by SIGTERM, and removes its folder. */
  stop: () => Promise<void>;
};

export type StartOptions = {
  env?: Record<string, string>;
  /** Put before the command line: `ip netns exec NAME`. */
  prefix?: string[];
  /** Files beside the configuration, by name. */
  files?: Record<string, string | Uint8Array>;
};

/** For what is to be seen of a download that a device would not have been sent to. */
export const ANY_OFFER = 'offers: { allow: [corrupt, merged, unavailable, version-mismatch] }';

const PORT_TRIES = 3;
/** How long output is read on after the end: gates that outlive a killed control process hold it open. */
const READ_OUT_MS = 500;

export type CommandResult = { code: number | null; stdout: string; stderr: string };

/**
 * Starts a gate. `yaml` needs no `listen` and no `stateDir`: free ports on 127.0.0.1 and the rig's folder are put in.
 * On loopback, 127.0.0.2 counts as LAN in the default `networks`, every other address as outside.
 */
export async function startGate(yaml: string, options: StartOptions = {}): Promise<GateRig> {
  for (let left = PORT_TRIES - 1; ; left -= 1) {
    try {
      return await startOnce(yaml, options);
    } catch (error) {
      if (left === 0 || !isPortTaken(error)) throw error;
    }
  }
}

/** A free port is found before the gates take it: another test can be faster. */
function isPortTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('listen EADDRINUSE');
}

async function startOnce(yaml: string, options: StartOptions): Promise<GateRig> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
  const configFile = join(folder, 'otagate.yaml');
  writeFileSync(configFile, complete(yaml));
  for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), content);
  const commandLine = [process.execPath, MAIN, 'serve', '-c', configFile];
  const [program = '', ...args] = [...(options.prefix ?? []), ...commandLine];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
  // A test file that ends early must not leave a gate behind.
  const orphaned = (): void => void child.kill('SIGKILL');
  process.once('exit', orphaned);
  const { lines, output, line, stderr } = readLog(child);
  const readOut = once(child, 'exit').then((end) => sleep(READ_OUT_MS, end));
  const exited = Promise.race([once(child, 'close'), readOut]).then(([code, signal]) => {
    process.off('exit', orphaned);
    return { code, signal };
  });
  const command = (...words: string[]): Promise<CommandResult> => runCommand([...words, '-c', configFile]);
  const status = async (): Promise<Status> => {
    const { code, stdout, stderr } = await command('status', '--json');
    if (code !== 0) throw new Error(`otagate status ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Status;
  };
  const ready = /^log:.*(file|pretty)/m.test(yaml)
    ? until('a running gate', () => status().catch(() => false as const), 20_000).then(({ listeners }) =>
        listeners.map(({ scheme, address }) => `${scheme}://${address}`),
      )
    : line(({ event }) => event === 'serving', 20_000).then(({ listen }) => listen as string[]);
  const listen = await Promise.race([
    ready,
    exited.then(({ code }) => Promise.reject(new Error(`the gate ended at its start with ${code}:\n${stderr()}`))),
  ]).catch((error: unknown) => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const port = (scheme: string): number =>
    Number(/:(\d+)$/.exec(listen.find((at) => at.startsWith(`${scheme}:`)) ?? '')?.[1] ?? 0);
  return {
    folder,
    configFile,
    http: port('http'),
    https: port('https'),
    root: rootOf(folder),
    pid: child.pid ?? 0,
    lines,
    output,
    line,
    stderr,
    command,
    status,
    write: (next) => writeFileSync(configFile, complete(next)),
    reload: (next) => {
      writeFileSync(configFile, complete(next));
      return command('reload');
    },
    exited,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A gate that ends with the test, or with the suite. */
export async function gateFor(
  t: Pick<TestContext, 'after'>,
  yaml: string,
  options: StartOptions = {},
): Promise<GateRig> {
  const gate = await startGate(yaml, options);
  t.after(() => gate.stop());
  return gate;
}

/** Runs the command line to its end. */
export async function runCommand(args: string[], env: Record<string, string> = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

function complete(yaml: string): string {
  const has = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(yaml);
  return [
    ...(has('listen') ? [] : ['listen: { http: "127.0.0.1:0", https: "127.0.0.1:0" }']),
    ...(has('stateDir') ? [] : ['stateDir: ./state']),
    ...(has('networks') ? [] : ['networks: { lan: [127.0.0.2] }']),
    ...(has('workers') ? [] : ['workers: 1']),
    ...(has('log') ? [] : ['log: { format: json }']),
    yaml,
  ].join('\n');
}

function rootOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'state/local-ca/root.pem'), 'utf8');
  } catch {
    return '';
  }
}

function readLog(child: ChildProcess) {
  const lines: LogLine[] = [];
  const output: string[] = [];
  const waiting = new Set<{ hear: (line: LogLine) => void; fail: (why: string) => void }>();
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  child.once('close', () => {
    // After those who wait for the end itself.
    setImmediate(() => {
      for (const { fail } of waiting) fail('the gate has ended, and said no such line');
    });
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      output.push(text);
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      for (const { hear } of waiting) hear(line);
    });
  }
  const line = (fits: (line: LogLine) => boolean, withinMs = 15_000): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const there = lines.find(fits);
      if (there) return resolve(there);
      const last = (): string =>
        lines
          .slice(-5)
          .map((one) => JSON.stringify(one))
          .join('\n');
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(wait);
      };
      const wait = {
        hear: (one: LogLine): void => {
          if (!fits(one)) return;
          done();
          resolve(one);
        },
        fail: (why: string): void => {
          done();
          reject(new Error(`${why}; the last ones:\n${last()}\n${errors}`));
        },
      };
      const timer = setTimeout(() => wait.fail(`no such log line within ${withinMs} ms`), withinMs);
      waiting.add(wait);
    });
  return { lines, output, line, stderr: () => errors };
}

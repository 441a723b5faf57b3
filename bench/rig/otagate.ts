// Owns a measured otagate: the built program under its own command, in a folder of its own, started and ended by pid.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Made } from '../../test/rig/made-certificate.ts';
import { DOMAIN } from './device-words.ts';
import { freePort } from './ports.ts';
import { childrenOf, isAlive, killAll, treeOf } from './process-tree.ts';
import type { Bench } from './program.ts';
import type { Served } from './served.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 20_000;
const STOP_MS = 10_000;

export type OtagatePlan = {
  /** The entry file. */
  program: string;
  upstream: { kind: 'java' | 'python'; port: number; voicePort: number };
  certificate: Made;
  /** The address to listen on. */
  address?: string;
  recordBytes?: number;
  /** Of Node, for control and gates alike. */
  flags?: readonly string[];
  workers?: number;
  /** The content of `firmware:` in one line, left out where this program does not know a key in it. */
  firmware?: string;
  /** Further lines of the configuration. */
  more?: string;
};

export type Otagate = Served & {
  stateDir: string;
  /** What was left out of the configuration. */
  notes: string[];
  start: () => Promise<void>;
  /** Ends control and all gates at once, as a power cut does. */
  kill: () => Promise<void>;
};

/**
 * The entry file to be measured: the one that `--gate` names, else a build of the source as it is, in the bench's own
 * folder, so that no later build takes it away. @throws {Error} where it cannot be built
 */
export function otagateProgram(bench: Bench): string {
  if (bench.gate !== null) return resolve(bench.gate);
  const folder = join(bench.folder, 'built');
  mkdirSync(folder);
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const args = [join(ROOT, 'scripts/build.mjs'), join(folder, 'dist')];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the build failed: mend it, or name a program, such as --gate src/cli/main.ts');
  return join(folder, 'dist/cli/main.js');
}

/** Starts one with a single worker. It ends with the bench. @throws {Error} with what it said where it does not start */
export async function startOtagate(bench: Bench, plan: OtagatePlan): Promise<Otagate> {
  const folder = mkdtempSync(join(bench.folder, 'otagate-'));
  const configFile = join(folder, 'otagate.yaml');
  const [http, https] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'bench.pem'), plan.certificate.cert);
  writeFileSync(join(folder, 'bench.key'), plan.certificate.key, { mode: 0o600 });
  writeFileSync(configFile, configText(plan, http, https, true));
  const notes: string[] = [];
  const unknown = unknownKeys(plan.program, configFile);
  if (unknown !== null) {
    notes.push(`this otagate knows no ${unknown}: measured without "firmware: ${plan.firmware}"`);
    writeFileSync(configFile, configText(plan, http, https, false));
  }
  let pid = 0;
  let exited: Promise<unknown> = Promise.resolve();
  const kill = async (): Promise<void> => {
    const tree = pid === 0 ? [] : treeOf(pid);
    killAll(tree);
    await exited;
    await gone(tree);
  };
  bench.defer(() => killAll(pid === 0 ? [] : treeOf(pid)));

  const start = async (): Promise<void> => {
    const logFile = join(folder, 'otagate.log');
    const before = existsSync(logFile) ? statSync(logFile).size : 0;
    const child = spawn(process.execPath, [...(plan.flags ?? []), plan.program, 'serve', '-c', configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    pid = child.pid ?? 0;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + String(chunk)).slice(-4096);
    });
    exited = new Promise((settle) => child.once('exit', settle));
    const deadline = performance.now() + START_MS;
    while (!logSince(logFile, before).includes('"event":"serving"')) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await kill();
        throw new Error(`otagate does not serve: ${said}\n${logSince(logFile, before).slice(-2000)}`);
      }
      await sleep(10);
    }
  };
  await start();
  return {
    name: 'otagate',
    http,
    https,
    stateDir: join(folder, 'state'),
    notes,
    start,
    kill,
    pid: () => pid,
    workers: () => childrenOf(pid, (line) => line.includes('/gate/main.')),
    stop: async () => {
      const tree = treeOf(pid);
      killAll(tree.slice(0, 1), 'SIGTERM');
      const late = setTimeout(() => killAll(tree), STOP_MS / 2);
      await exited;
      clearTimeout(late);
      killAll(tree.filter(isAlive));
      await gone(tree);
    },
  };
}

function configText(plan: OtagatePlan, http: number, https: number, withFirmware: boolean): string {
  const { upstream, address = '127.0.0.1', recordBytes = 4096, firmware } = plan;
  const preset =
    upstream.kind === 'java'
      ? `preset: xiaozhi-full, host: 127.0.0.1, ports: { console: ${upstream.port}, voice: ${upstream.voicePort}, vision: ${upstream.port} }`
      : `preset: xiaozhi-server, host: 127.0.0.1, ports: { api: ${upstream.port}, voice: ${upstream.voicePort} }`;
  return `domain: ${DOMAIN}
listen: { http: "${address}:${http}", https: "${address}:${https}" }
stateDir: ./state
workers: ${plan.workers ?? 1}
networks: { lan: [127.0.0.0/8, 10.203.0.0/30] }
upstream: { ${preset} }
tls: { certificates: [{ cert: bench.pem, key: bench.key }], localCa: false, deviceRecordBytes: ${recordBytes} }
log: { format: json, file: ./otagate.log }
${withFirmware && firmware !== undefined ? `firmware: ${firmware}\n` : ''}${plan.more ?? ''}`;
}

/** The key below `firmware` that this program does not know, or null. */
function unknownKeys(program: string, configFile: string): string | null {
  const { stdout, stderr } = spawnSync(process.execPath, [program, 'check', '-c', configFile], { encoding: 'utf8' });
  return /\b(firmware\.[\w.]+): is not a key/.exec(stdout + stderr)?.[1] ?? null;
}

function logSince(file: string, offset: number): string {
  try {
    return readFileSync(file).subarray(offset).toString('utf8');
  } catch {
    return '';
  }
}

/** @throws {Error} where one of them is there after ten seconds */
async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + STOP_MS;
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) throw new Error(`still there after SIGKILL: ${pids.filter(isAlive).join(', ')}`);
    await sleep(5);
  }
}

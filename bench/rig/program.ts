// Owns the frame of a measuring program: its options, its bound in time, what it cleans up at any end, and its report.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMsOf, machineBusyMs } from './process-tree.ts';
import { printTables, type Table } from './table.ts';

export type Spec = {
  name: string;
  about: string;
  /** Past it, all is cleaned up and the exit code is 1. */
  deadlineMs: number;
  /** Beside `--json`, `--gate` and `--help`, which every program has. */
  options: Readonly<Record<string, { default: string; about: string }>>;
};

export type Bench = {
  /** A temporary folder, gone at the end. */
  folder: string;
  /** @throws {Error} for an option that is not a number above 0 */
  number: (option: string) => number;
  text: (option: string) => string;
  /** The entry file of otagate that `--gate` names, or null where the built program is to be measured. */
  gate: string | null;
  /** Is done at the end, the newest first, whatever the end is. Must be quick, and synchronous where it ends a process. */
  defer: (end: () => void) => void;
  /** Progress, on standard error. */
  say: (text: string) => void;
};

export type Report = {
  tables: Table[];
  notes: string[];
  /** What must never be, such as a complete body that is not the image: the exit code is 1 then. */
  faults?: string[];
};

const COMMON = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  gate: { type: 'string' },
} as const;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a program from its command line to its exit. */
export async function runProgram(spec: Spec, measure: (bench: Bench) => Promise<Report>): Promise<void> {
  const texts = readOptions(spec);
  if (texts.help === true) return void process.stdout.write(helpText(spec));
  const ends: (() => void)[] = [];
  const cleanUp = (): void => doAll(ends);
  process.once('exit', cleanUp);
  const folder = mkdtempSync(join(tmpdir(), 'otagate-bench-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const text = (name: string): string => String(texts[name] ?? '');
  const bench: Bench = {
    folder,
    text,
    number: (name) => {
      const value = Number(text(name));
      if (!(value > 0 && Number.isFinite(value))) throw new Error(`--${name} is not a number above 0: ${text(name)}`);
      return value;
    },
    gate: typeof texts.gate === 'string' ? texts.gate : null,
    defer: (end) => void ends.push(end),
    say: (what) => console.error(`${spec.name}: ${what}`),
  };
  const startedMs = performance.now();
  const before = { busyMs: machineBusyMs(), ownMs: cpuMsOf(process.pid) };
  try {
    const { tables, notes, faults = [] } = await Promise.race([measure(bench), interrupted(spec)]);
    const elapsedMs = performance.now() - startedMs;
    const seconds = Math.round(elapsedMs / 1000);
    const foreignMs = machineBusyMs() - before.busyMs - (cpuMsOf(process.pid) - before.ownMs);
    // Near 0 on a machine that does nothing else: with more, times by the clock say little.
    const othersCpus = Math.max(0, Math.round((100 * foreignMs) / elapsedMs) / 100);
    const machine = { cpus: availableParallelism(), node: process.version, arch: process.arch, othersCpus };
    if (texts.json === true)
      console.log(
        JSON.stringify({
          name: spec.name,
          at: new Date().toISOString(),
          machine,
          options: texts,
          seconds,
          tables,
          notes,
        }),
      );
    else {
      printTables(tables);
      for (const note of notes) console.log(`- ${note}`);
      for (const fault of faults) console.log(`FAULT: ${fault}`);
      console.log(`\n${machine.cpus} CPUs, of which others took ${othersCpus}; Node ${machine.node}; ${seconds} s`);
    }
    if (faults.length > 0) process.exitCode = 1;
  } catch (error) {
    console.error(`${spec.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 1;
  }
  cleanUp();
  process.exit();
}

/** A part of a program that cleans up before the next one begins, whatever became of it. */
export async function asPart<T>(bench: Bench, run: (part: Bench) => Promise<T>): Promise<T> {
  const ends: (() => void)[] = [];
  bench.defer(() => doAll(ends));
  try {
    return await run({ ...bench, defer: (end) => void ends.push(end) });
  } finally {
    doAll(ends);
  }
}

function doAll(ends: (() => void)[]): void {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      end();
    } catch (error) {
      console.error(`while cleaning up: ${String(error)}`);
    }
  }
}

function readOptions({ name, options }: Spec): Record<string, string | boolean | undefined> {
  const own = Object.entries(options).map(([key, option]) => [
    key,
    { type: 'string' as const, default: option.default },
  ]);
  try {
    const { values } = parseArgs({ options: { ...COMMON, ...Object.fromEntries(own) } });
    return values as Record<string, string | boolean | undefined>;
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

function interrupted(spec: Spec): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${spec.deadlineMs / 1000} s`)), spec.deadlineMs);
    // On, not once: a second one must not cut the cleaning short.
    for (const signal of SIGNALS) process.on(signal, () => reject(new Error(`ended by ${signal}`)));
  });
}

function helpText({ name, about, options }: Spec): string {
  const lines = Object.entries({
    ...options,
    gate: { default: 'a fresh build', about: 'entry file of otagate, e.g. src/cli/main.ts' },
    json: { default: 'off', about: 'one JSON document instead of tables' },
  }).map(([option, { default: standard, about: what }]) => `  --${option.padEnd(14)} ${what} (${standard})`);
  return `${name}: ${about}\n\n${lines.join('\n')}\n`;
}

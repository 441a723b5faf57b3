// Measures what slow downloads hold: the memory of the process that serves a thousand readers of one cached image.
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../test/rig/made-certificate.ts';
import type { ReadersCalls, ReadersState } from './load/slow-readers.ts';
import { startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import { nginxHere, startNginx } from './rig/nginx.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { withDeviceSockets } from './rig/preload.ts';
import { cpuMsOf, type Memory, memoryOf, treeOf } from './rig/process-tree.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { inTurns, type Served } from './rig/served.ts';
import { largest, median, spreadText } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';
import type { UpstreamCalls } from './rig/upstream.ts';

const SPEC = {
  name: 'slow-readers',
  about: 'memory held for a thousand slow TLS readers of one cached image',
  deadlineMs: 20 * 60_000,
  options: {
    readers: { default: '1000', about: 'connections, all of them open at once' },
    rate: { default: '5000', about: 'bytes a second that each reader takes' },
    seconds: { default: '20', about: 'how long they read, once all are there' },
    'image-bytes': { default: '3000000', about: 'size of the image' },
    rounds: { default: '2', about: 'runs of each, each on a fresh process' },
    scheme: { default: 'https', about: 'https or http' },
  },
};

const OPEN_WITHIN_MS = 10_000;
const SAMPLE_MS = 500;

type Run = {
  idle: Memory;
  /** While all of them read. */
  samples: Memory[];
  /** Of the whole program, with the processes that carry no bytes. */
  allPss: number;
  cpuMs: number;
  state: ReadersState;
};

const COLUMNS = [
  'server',
  'idle RSS MB',
  'RSS MB',
  'RSS max MB',
  'PSS MB',
  'PSS a reader KB',
  'PSS of all processes MB',
  'CPU s',
  'open',
  'KB/s each',
];

async function measure(bench: Bench): Promise<Report> {
  const image = { version: '2.0.1', bytes: Math.ceil(bench.number('image-bytes') / 16) * 16 };
  const certificate = selfSigned(DOMAIN, 'P-256');
  const program = otagateProgram(bench);
  const nginx = nginxHere();
  const notes = new Set(['missing' in nginx ? nginx.missing : `nginx ${nginx.version}`]);
  const upstream = startChild<UpstreamCalls>(bench, new URL('./rig/upstream.ts', import.meta.url));
  const plan = { kind: 'python', image, devices: 0, bytesPerSecond: null } as const;
  const shared = { upstream: { kind: plan.kind, ...(await upstream.call('start', plan)) }, certificate };
  const secure = bench.text('scheme') !== 'http';

  const runOnce = async (name: string): Promise<Run> => {
    let server: Served;
    if (name === 'nginx' && 'binary' in nginx) server = await startNginx(bench, nginx.binary, shared);
    else {
      const gate = await startOtagate(bench, { ...shared, program, firmware: '{ pace: { device: none } }' });
      for (const note of gate.notes) notes.add(note);
      server = gate;
    }
    const load = startChild<ReadersCalls>(
      bench,
      new URL('./load/slow-readers.ts', import.meta.url),
      withDeviceSockets(bench),
    );
    const idle = workerMemory(server);
    const way = {
      address: '127.0.0.1',
      port: secure ? server.https : server.http,
      ca: secure ? certificate.cert : null,
      name: DOMAIN,
    };
    const readers = { readers: bench.number('readers'), bytesPerSecond: bench.number('rate') };
    const cpuBefore = cpuMsOf(server.pid());
    await load.call('open', { way, ...readers, image, openWithinMs: OPEN_WITHIN_MS }, OPEN_WITHIN_MS + 60_000);
    const before = await load.call('state', undefined);
    const samples: Memory[] = [];
    const startedMs = performance.now();
    while (performance.now() - startedMs < bench.number('seconds') * 1000) {
      await sleep(SAMPLE_MS);
      samples.push(workerMemory(server));
    }
    const state = await load.call('state', undefined);
    const seconds = (performance.now() - startedMs) / 1000;
    const allPss = treeOf(server.pid()).reduce((sum, pid) => sum + memoryOf(pid).pssBytes, 0);
    const run = { idle, samples, allPss, cpuMs: cpuMsOf(server.pid()) - cpuBefore, state };
    load.stop();
    await server.stop();
    return { ...run, state: { ...state, bytes: (state.bytes - before.bytes) / seconds } };
  };

  const names = ['otagate', ...('binary' in nginx ? ['nginx'] : [])];
  const runs = await inTurns(names, bench.number('rounds'), (name, round) => {
    bench.say(`round ${round + 1}: ${bench.text('readers')} readers at ${name}`);
    return runOnce(name);
  });
  const rows = [...runs].map(([name, all]) => row(name, all, bench.number('readers')));
  const faults = [...runs].flatMap(([name, all]) => {
    const wrong = all.reduce((sum, { state }) => sum + state.corrupt, 0);
    return wrong === 0 ? [] : [`${name}: ${wrong} parts were not the image's`];
  });
  notes.add('RSS and PSS are medians while all readers read, of the one process that carries the bytes');
  const title = `${bench.text('readers')} readers over ${bench.text('scheme')}, ${bench.text('rate')} bytes/s each`;
  return { tables: [{ title, columns: COLUMNS, rows }], notes: [...notes], faults };
}

function row(name: string, runs: readonly Run[], readers: number): Cell[] {
  const of = (read: (run: Run) => number): string => spreadText(runs.map(read));
  const rss = ({ samples }: Run): number[] => samples.map(({ rssBytes }) => rssBytes / 1e6);
  const pss = ({ samples }: Run): number => median(samples.map(({ pssBytes }) => pssBytes / 1e6));
  return [
    name,
    of(({ idle }) => idle.rssBytes / 1e6),
    of((run) => median(rss(run))),
    of((run) => largest(rss(run))),
    of(pss),
    of((run) => ((pss(run) - run.idle.pssBytes / 1e6) * 1000) / readers),
    of(({ allPss }) => allPss / 1e6),
    of(({ cpuMs }) => cpuMs / 1000),
    of(({ state }) => state.open),
    of(({ state }) => state.bytes / 1000 / readers),
  ];
}

function workerMemory(server: Served): Memory {
  const [worker] = server.workers();
  if (worker === undefined) throw new Error(`${server.name} has no worker`);
  return memoryOf(worker);
}

await runProgram(SPEC, measure);

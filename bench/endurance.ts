// Measures what minutes of everything at once do to the gate: failures that nothing explains, memory and descriptors that grow.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Made, selfSigned } from '../test/rig/made-certificate.ts';
import type { Failure, MixedCalls } from './load/mixed.ts';
import { type Child, startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import { type Otagate, otagateProgram, startOtagate } from './rig/otagate.ts';
import { freePort } from './rig/ports.ts';
import { killAll, memoryOf } from './rig/process-tree.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import type { RestartableCalls } from './rig/restartable-upstream.ts';
import type { Cell } from './rig/table.ts';
import { type Sample, trendOf } from './rig/trend.ts';

const SPEC = {
  name: 'endurance',
  about: 'minutes of mixed load with killed gates, reloads, restarted upstreams and swapped certificates',
  deadlineMs: 30 * 60_000,
  options: {
    minutes: { default: '10', about: 'how long' },
    devices: { default: '4', about: 'devices of each kind at a time' },
    conversations: { default: '10', about: 'WebSockets at a time' },
    'image-bytes': { default: '1000000', about: 'size of the image' },
    growth: { default: '1.5', about: 'MB a minute of one process that are too many' },
  },
};

const EVENT_EVERY_MS = 12_000;
const SAMPLE_EVERY_MS = 2_000;
const WARM_MS = 120_000;
// A gate that was killed is back by then; so is an upstream, and those who wait between tries have tried again.
const GATE_HIT_MS = 4_000;
const UPSTREAM_HIT_MS = 8_000;
const LEAST_DESCRIPTORS = 15;

type Hit = { kind: 'gate' | 'upstream'; fromMs: number; untilMs: number };

type Watched = { name: string; pid: number; memory: Sample[]; descriptors: Sample[] };

async function measure(bench: Bench): Promise<Report> {
  const lengthMs = bench.number('minutes') * 60_000;
  const image = { version: '2.0.1', bytes: bench.number('image-bytes') };
  const certificates = [selfSigned(DOMAIN, 'P-256'), selfSigned(DOMAIN, 'P-256')];
  const [certificate, other] = certificates as [Made, Made];
  const [port, voicePort] = [await freePort(), await freePort()];
  const startUpstream = async (): Promise<Child<RestartableCalls>> => {
    const child = startChild<RestartableCalls>(bench, new URL('./rig/restartable-upstream.ts', import.meta.url));
    await child.call('start', { image, devices: bench.number('devices'), port, voicePort });
    return child;
  };
  let upstream = await startUpstream();
  const gate = await startOtagate(bench, {
    program: otagateProgram(bench),
    upstream: { kind: 'java', port, voicePort },
    certificate,
    workers: 2,
    firmware: '{ pace: { device: none } }',
    // No device here boots what it has: it would be offered nothing after its third download.
    more: 'offers: { allow: [failed-before] }\n',
  });
  const load = startChild<MixedCalls>(bench, new URL('./load/mixed.ts', import.meta.url));
  // Both certificates are trusted, whichever is served.
  const secure = { address: '127.0.0.1', port: gate.https, ca: certificate.cert + other.cert, name: DOMAIN };
  const plain = { ...secure, port: gate.http, ca: null };
  const { devices, conversations } = { devices: bench.number('devices'), conversations: bench.number('conversations') };
  await load.call('begin', { secure, plain, image, devices, conversations });

  // The first gate is left alone, so that its memory is one line; the second one is killed again and again.
  const [first = 0] = gate.workers();
  const watched: Watched[] = [
    { name: 'control', pid: gate.pid(), memory: [], descriptors: [] },
    { name: 'a gate', pid: first, memory: [], descriptors: [] },
  ];
  const hits: Hit[] = [];
  const counts = { kills: 0, reloads: 0, swaps: 0, upstreams: 0 };
  const disturbances = [
    async (): Promise<void> => {
      const victims = gate.workers().filter((pid) => pid !== first);
      hits.push({ kind: 'gate', fromMs: Date.now(), untilMs: Date.now() + GATE_HIT_MS });
      killAll(victims);
      counts.kills += victims.length;
    },
    async (): Promise<void> => {
      process.kill(gate.pid(), 'SIGHUP');
      counts.reloads += 1;
    },
    async (): Promise<void> => {
      const fromMs = Date.now();
      upstream.stop();
      await sleep(500);
      upstream = await startUpstream();
      hits.push({ kind: 'upstream', fromMs, untilMs: Date.now() + UPSTREAM_HIT_MS });
      counts.upstreams += 1;
    },
    async (): Promise<void> => {
      writeCertificate(gate, counts.swaps % 2 === 0 ? other : certificate);
      process.kill(gate.pid(), 'SIGHUP');
      counts.swaps += 1;
    },
  ];

  const startedMs = Date.now();
  const sampling = setInterval(() => {
    if (Date.now() - startedMs > Math.min(WARM_MS, lengthMs / 2.5)) for (const one of watched) sample(one);
  }, SAMPLE_EVERY_MS);
  bench.defer(() => clearInterval(sampling));
  for (let turn = 0; Date.now() - startedMs < lengthMs; turn += 1) {
    await sleep(Math.min(EVENT_EVERY_MS, lengthMs - (Date.now() - startedMs)));
    await disturbances[turn % disturbances.length]?.();
    if (turn % 5 === 4) bench.say(`${Math.round((Date.now() - startedMs) / 1000)} s, ${JSON.stringify(counts)}`);
  }
  clearInterval(sampling);
  await sleep(UPSTREAM_HIT_MS);
  await load.call('stop', undefined, 60_000);
  const tally = await load.call('tally', undefined);
  const stillThere = gate.workers().includes(first);
  await gate.stop();

  const unexplained = tally.failures.filter((failure) => !isExplained(failure, hits));
  const faults = [
    ...unexplained.slice(0, 20).map(({ kind, what, atMs }) => `${new Date(atMs).toISOString()} ${kind}: ${what}`),
    ...(tally.corrupt > 0 ? [`${tally.corrupt} complete downloads were not the image`] : []),
    ...(stillThere ? [] : ['the gate that nobody killed ended']),
    ...watched.flatMap((one) => growthOf(one, bench.number('growth'))),
  ];
  const rows: Cell[][] = [
    ...Object.entries(tally.done).map(([kind, count]): Cell[] => [kind, count]),
    ['gates killed', counts.kills],
    ['reloads', counts.reloads],
    ['certificates swapped', counts.swaps],
    ['upstreams restarted', counts.upstreams],
    ['failures within a kill or a restart', tally.failures.length - unexplained.length],
    ['failures that nothing explains', unexplained.length],
  ];
  return {
    tables: [
      { title: `everything at once, ${bench.text('minutes')} min`, columns: ['what', 'times'], rows },
      {
        title: 'after the first minutes',
        columns: ['process', 'PSS MB', 'MB a minute', 'descriptors', 'of these a minute'],
        rows: watched.map(({ name, memory, descriptors }) => [
          name,
          memory.at(-1)?.value ?? null,
          `${trendOf(memory).aMinute.toFixed(2)} ± ${trendOf(memory).error.toFixed(2)}`,
          descriptors.at(-1)?.value ?? null,
          `${trendOf(descriptors).aMinute.toFixed(2)} ± ${trendOf(descriptors).error.toFixed(2)}`,
        ]),
      },
    ],
    notes: gate.notes,
    faults,
  };
}

/** A failure that was under way while what it needs was hit. A reload or a new certificate explains none. */
function isExplained({ sinceMs, atMs }: Failure, hits: readonly Hit[]): boolean {
  return hits.some(({ fromMs, untilMs }) => atMs >= fromMs && sinceMs <= untilMs);
}

function sample({ pid, memory, descriptors }: Watched): void {
  const atMs = Date.now();
  try {
    memory.push({ atMs, value: memoryOf(pid).pssBytes / 1e6 });
    descriptors.push({ atMs, value: readdirSync(`/proc/${pid}/fd`).length });
  } catch {
    // It has ended: that is told at the end.
  }
}

function growthOf({ name, memory, descriptors }: Watched, leastMb: number): string[] {
  const found: string[] = [];
  const grows = (samples: Sample[], least: number): boolean => {
    const { aMinute, error } = trendOf(samples);
    return aMinute > least && aMinute > 4 * error;
  };
  if (grows(memory, leastMb)) found.push(`the memory of ${name} grows`);
  if (grows(descriptors, LEAST_DESCRIPTORS)) found.push(`${name} has more and more descriptors open`);
  return found;
}

function writeCertificate(gate: Otagate, { cert, key }: Made): void {
  const folder = join(gate.stateDir, '..');
  writeFileSync(join(folder, 'bench.pem'), cert);
  writeFileSync(join(folder, 'bench.key'), key);
}

await runProgram(SPEC, measure);

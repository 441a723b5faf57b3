// Measures a herd at a cold store: many devices check and download within a second, over a narrow line to the upstream.
import { resolve } from 'node:path';
import { selfSigned } from '../test/rig/made-certificate.ts';
import { type Member, readyHerd, runHerd } from './load/herd.ts';
import { startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import { BOARD } from './rig/firmware.ts';
import { nginxHere, startNginx } from './rig/nginx.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { cpuMsOf } from './rig/process-tree.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import type { Served } from './rig/served.ts';
import { largest, quantile, spreadText } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';
import type { UpstreamCalls } from './rig/upstream.ts';

const SPEC = {
  name: 'cold-herd',
  about: 'devices that check and download within one second, with nothing in the cache and a narrow line upstream',
  deadlineMs: 30 * 60_000,
  options: {
    devices: { default: '500', about: 'devices at otagate' },
    'nginx-devices': { default: '30', about: 'devices at nginx, and once more at otagate; 0: neither' },
    'image-bytes': { default: '3000000', about: 'size of the image' },
    rate: { default: '500000', about: 'bytes a second of the line to the upstream' },
    patience: { default: '30', about: 'seconds without a byte after which a device gives up' },
    limit: { default: '40', about: 'the longest that a run may take, in transfers of one image' },
    rounds: { default: '2', about: 'runs of each' },
    scheme: { default: 'https', about: 'https or http' },
    profile: { default: 'no', about: 'a folder for CPU profiles of otagate, or no' },
  },
};

/** Another image, that is small, for devices that come slowly. */
const WARM_UP = { image: { version: '1.9.0', bytes: 64_000 }, devices: 500, withinMs: 5_000 };

type Run = {
  members: Member[];
  gets: number;
  lineBytes: number;
  cpuMs: number;
  /** Of the devices: what they use, the server has not. */
  loadMs: number;
};

const COLUMNS = [
  'server',
  'devices',
  'identical',
  'upstream GETs',
  'upstream images',
  'first byte p50 ms',
  'p99 ms',
  'max ms',
  'with connecting p50 ms',
  'max ms',
  'longest gap s',
  'last byte / transfer',
  'CPU s',
  'CPU s of the devices',
];

async function measure(bench: Bench): Promise<Report> {
  const imageBytes = Math.ceil(bench.number('image-bytes') / 16) * 16;
  const transferMs = (imageBytes / bench.number('rate')) * 1000;
  const nginx = nginxHere();
  const program = otagateProgram(bench);
  const herd = readyHerd(bench);
  const profile = bench.text('profile');
  const flags = profile === 'no' ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const [many, few] = [bench.number('devices'), Number(bench.text('nginx-devices'))];
  const kinds = [
    { name: 'otagate', devices: many },
    ...(few === many || few === 0 ? [] : [{ name: 'otagate', devices: few }]),
    ...('missing' in nginx || few === 0 ? [] : [{ name: 'nginx', devices: few }]),
  ].map((kind) => ({ ...kind, runs: [] as Run[] }));
  const notes = new Set(['missing' in nginx ? nginx.missing : `nginx ${nginx.version}`]);

  const runOnce = async (name: string, devices: number): Promise<Run> => {
    const certificate = selfSigned(DOMAIN, 'P-256');
    const image = { version: '2.0.1', bytes: imageBytes };
    const upstream = startChild<UpstreamCalls>(bench, new URL('./rig/upstream.ts', import.meta.url));
    const stand = { kind: 'java', image: WARM_UP.image, devices, bytesPerSecond: bench.number('rate') } as const;
    const at = { kind: stand.kind, ...(await upstream.call('start', stand)) };
    let server: Served;
    if (name === 'nginx' && 'binary' in nginx)
      server = await startNginx(bench, nginx.binary, { upstream: at, certificate, cacheKey: `"${BOARD}"` });
    else {
      const gate = await startOtagate(bench, {
        program,
        upstream: at,
        certificate,
        firmware: '{ pace: { device: none } }',
        flags,
      });
      for (const note of gate.notes) notes.add(note);
      server = gate;
    }
    const secure = bench.text('scheme') !== 'http';
    const shared = {
      way: {
        address: '127.0.0.1',
        port: secure ? server.https : server.http,
        ca: secure ? certificate.cert : null,
        name: DOMAIN,
      },
      silenceMs: bench.number('patience') * 1000,
      limitMs: bench.number('limit') * transferMs,
    };
    // A gate runs for weeks: what V8 compiles in its first seconds is not of the store. nginx is compiled, and would keep it.
    if (name !== 'nginx') await runHerd(bench, herd, { ...shared, ...WARM_UP });
    await upstream.call('publish', image);
    await upstream.call('forget', undefined);
    const before = cpuMsOf(server.pid());
    const plan = { ...shared, devices, withinMs: 1000, image };
    const { members, cpuMs: loadMs } = await runHerd(bench, herd, plan);
    const { gets, bytes } = await upstream.call('counts', undefined);
    const cpuMs = cpuMsOf(server.pid()) - before;
    await server.stop();
    upstream.stop();
    return { members, gets, lineBytes: bytes, cpuMs, loadMs };
  };

  for (let round = 1; round <= bench.number('rounds'); round += 1) {
    for (const kind of kinds) {
      bench.say(`round ${round}: ${kind.devices} devices at ${kind.name}`);
      kind.runs.push(await runOnce(kind.name, kind.devices));
    }
  }
  for (const { name, devices, runs } of kinds) {
    const failures = countFailures(runs);
    if (failures !== '') notes.add(`${name}, ${devices} devices, not identical in all runs: ${failures}`);
  }
  notes.add(
    `one transfer: ${imageBytes} bytes at ${bench.text('rate')} bytes/s take ${(transferMs / 1000).toFixed(2)} s`,
  );
  const rows = kinds.map(({ name, devices, runs }) => row(name, devices, runs, imageBytes, transferMs));
  const faults = kinds.flatMap(({ name, runs }) => {
    const wrong = runs.flatMap(({ members }) => members.filter(({ outcome }) => outcome === 'other-bytes'));
    return wrong.length === 0 ? [] : [`${name}: ${wrong.length} downloads were complete and not the image`];
  });
  return {
    tables: [{ title: `cold herd over ${bench.text('scheme')}`, columns: COLUMNS, rows }],
    notes: [...notes],
    faults,
  };
}

function row(name: string, devices: number, runs: Run[], imageBytes: number, transferMs: number): Cell[] {
  const of = (read: (run: Run) => number): string => spreadText(runs.map(read));
  const firstBytes = ({ members }: Run): number[] => members.flatMap(({ firstByteMs }) => firstByteMs ?? []);
  const sinceDial = ({ members }: Run): number[] =>
    members.flatMap(({ firstByteMs, connectMs }) => (firstByteMs === null ? [] : [firstByteMs + connectMs]));
  return [
    name,
    devices,
    of(({ members }) => members.filter(({ outcome }) => outcome === 'identical').length),
    of(({ gets }) => gets),
    of(({ lineBytes }) => lineBytes / imageBytes),
    of((run) => quantile(firstBytes(run), 0.5)),
    of((run) => quantile(firstBytes(run), 0.99)),
    of((run) => largest(firstBytes(run))),
    of((run) => quantile(sinceDial(run), 0.5)),
    of((run) => largest(sinceDial(run))),
    of(({ members }) => largest(members.map(({ longestGapMs }) => longestGapMs / 1000))),
    of(({ members }) => largest(members.map(({ doneMs }) => doneMs)) / transferMs),
    of(({ cpuMs }) => cpuMs / 1000),
    of(({ loadMs }) => loadMs / 1000),
  ];
}

function countFailures(runs: readonly Run[]): string {
  const counts = new Map<string, number>();
  for (const { outcome, stage, status, because } of runs.flatMap(({ members }) => members)) {
    if (outcome === 'identical') continue;
    const what = `${stage}: ${outcome === 'refused' ? `status ${status}` : outcome} ${because}`.trim();
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ');
}

await runProgram(SPEC, measure);

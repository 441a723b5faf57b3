// Measures a herd at a cold store: many devices check and download within a second, over a narrow line to the upstream.
import { resolve } from 'node:path';
import { selfSigned } from '../test/rig/made-certificate.ts';
import { readyHerd } from './load/herd.ts';
import { type ColdRun, coldRun, failuresOf, lastDoneMs, servedWhole, servedWrong } from './rig/cold-run.ts';
import { DOMAIN } from './rig/device-words.ts';
import { BOARD } from './rig/firmware.ts';
import { nginxHere, startNginx } from './rig/nginx.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { largest, quantile, spreadText } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';

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
  ].map((kind) => ({ ...kind, runs: [] as ColdRun[] }));
  const notes = new Set(['missing' in nginx ? nginx.missing : `nginx ${nginx.version}`]);

  const runOnce = (name: string, devices: number): Promise<ColdRun> => {
    const certificate = selfSigned(DOMAIN, 'P-256');
    return coldRun(bench, {
      herd,
      certificate,
      start: async (upstream) => {
        if (name === 'nginx' && 'binary' in nginx)
          return startNginx(bench, nginx.binary, { upstream, certificate, cacheKey: `"${BOARD}"` });
        const firmware = '{ pace: { device: none } }';
        const gate = await startOtagate(bench, { program, upstream, certificate, firmware, flags });
        for (const note of gate.notes) notes.add(note);
        return gate;
      },
      // A gate runs for weeks: what V8 compiles in its first seconds is not of the store. nginx is compiled, and would keep it.
      warmedUp: name !== 'nginx',
      devices,
      imageBytes,
      bytesPerSecond: bench.number('rate'),
      secure: bench.text('scheme') !== 'http',
      silenceMs: bench.number('patience') * 1000,
      limitMs: bench.number('limit') * transferMs,
    });
  };

  for (let round = 1; round <= bench.number('rounds'); round += 1) {
    for (const kind of kinds) {
      bench.say(`round ${round}: ${kind.devices} devices at ${kind.name}`);
      kind.runs.push(await runOnce(kind.name, kind.devices));
    }
  }
  for (const { name, devices, runs } of kinds) {
    const failures = failuresOf(runs);
    if (failures !== '') notes.add(`${name}, ${devices} devices, not identical in all runs: ${failures}`);
  }
  notes.add(
    `one transfer: ${imageBytes} bytes at ${bench.text('rate')} bytes/s take ${(transferMs / 1000).toFixed(2)} s`,
  );
  const rows = kinds.map(({ name, devices, runs }) => row(name, devices, runs, imageBytes, transferMs));
  const faults = kinds.flatMap(({ name, runs }) => {
    const wrong = runs.reduce((sum, run) => sum + servedWrong(run), 0);
    return wrong === 0 ? [] : [`${name}: ${wrong} downloads were complete and not the image`];
  });
  return {
    tables: [{ title: `cold herd over ${bench.text('scheme')}`, columns: COLUMNS, rows }],
    notes: [...notes],
    faults,
  };
}

function row(name: string, devices: number, runs: ColdRun[], imageBytes: number, transferMs: number): Cell[] {
  const of = (read: (run: ColdRun) => number): string => spreadText(runs.map(read));
  const firstBytes = ({ members }: ColdRun): number[] => members.flatMap(({ firstByteMs }) => firstByteMs ?? []);
  const sinceDial = ({ members }: ColdRun): number[] =>
    members.flatMap(({ firstByteMs, connectMs }) => (firstByteMs === null ? [] : [firstByteMs + connectMs]));
  return [
    name,
    devices,
    of(servedWhole),
    of(({ gets }) => gets),
    of(({ lineBytes }) => lineBytes / imageBytes),
    of((run) => quantile(firstBytes(run), 0.5)),
    of((run) => quantile(firstBytes(run), 0.99)),
    of((run) => largest(firstBytes(run))),
    of((run) => quantile(sinceDial(run), 0.5)),
    of((run) => largest(sinceDial(run))),
    of(({ members }) => largest(members.map(({ longestGapMs }) => longestGapMs / 1000))),
    of((run) => lastDoneMs(run) / transferMs),
    of(({ cpuMs }) => cpuMs / 1000),
    of(({ loadMs }) => loadMs / 1000),
  ];
}

await runProgram(SPEC, measure);

// Measures what downloads do to a conversation on the same line: how many of its frames come in time, with and without them.
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../test/rig/made-certificate.ts';
import type { DownloadsCalls } from './load/downloads.ts';
import type { VoiceCalls } from './load/voice.ts';
import { startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import { nginxHere, startNginx } from './rig/nginx.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { inTurns, type Served } from './rig/served.ts';
import { shapeLink } from './rig/shaped-link.ts';
import { largest, quantile, spreadText } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';
import type { UpstreamCalls } from './rig/upstream.ts';
import { FRAME_MS } from './rig/voice-frames.ts';
import type { VoiceUpstreamCalls } from './rig/voice-upstream.ts';

const SPEC = {
  name: 'voice-beside-downloads',
  about: 'frames of a conversation that come in time while downloads fill the same line',
  deadlineMs: 20 * 60_000,
  options: {
    downloads: { default: '200', about: 'downloads at a time' },
    'link-mbit': { default: '20', about: 'rate of the line towards the devices' },
    'pace-share': { default: '0.9', about: 'firmware.pace.total, as a share of that rate' },
    seconds: { default: '20', about: 'how long each measurement lasts' },
    'image-bytes': { default: '3000000', about: 'size of the image' },
    rounds: { default: '2', about: 'measurements of each' },
  },
};

// Devices do not begin at the same instant, and what lasts comes after their first windows.
const BEGIN_MS = 2_000;
const SETTLE_MS = 5_000;
const LATE_MS = FRAME_MS;

type Direction = { late: number[]; expected: number };
type Run = {
  quiet: Direction;
  busy: Direction;
  up: Direction;
  mbit: number;
  bodyMbit: number;
  dropped: number;
  longestGapMs: number;
};

const COLUMNS = [
  'server',
  'frames',
  'in time %',
  'late p50 ms',
  'p99 ms',
  'max ms',
  'line Mbit/s',
  'of it firmware',
  'lost segments',
];

async function measure(bench: Bench): Promise<Report> {
  const image = { version: '2.0.1', bytes: Math.ceil(bench.number('image-bytes') / 16) * 16 };
  const bitsPerSecond = bench.number('link-mbit') * 1e6;
  const totalKiB = Math.floor((bitsPerSecond * bench.number('pace-share')) / 8 / 1024);
  const link = shapeLink(bench, bitsPerSecond);
  const certificate = selfSigned(DOMAIN, 'P-256');
  const program = otagateProgram(bench);
  const nginx = nginxHere();
  const notes = new Set(['missing' in nginx ? nginx.missing : `nginx ${nginx.version}`]);
  const faults = new Set<string>();
  const upstream = startChild<UpstreamCalls>(bench, new URL('./rig/upstream.ts', import.meta.url));
  const voiceServer = startChild<VoiceUpstreamCalls>(bench, new URL('./rig/voice-upstream.ts', import.meta.url));
  const plan = { kind: 'python', image, devices: 0, bytesPerSecond: null } as const;
  const { port } = await upstream.call('start', plan);
  const at = { kind: plan.kind, port, voicePort: await voiceServer.call('start', undefined) };
  const shared = { upstream: at, certificate, address: link.address };

  const servers: (Served & { label: string })[] = [];
  for (const total of [`${totalKiB}KiB/s`, 'none']) {
    const firmware = `{ pace: { device: none, total: ${total} } }`;
    const gate = await startOtagate(bench, { ...shared, program, firmware });
    for (const note of gate.notes) notes.add(note);
    servers.push({ ...gate, label: `otagate, total ${gate.notes.length > 0 ? 'unknown' : total}` });
    if (gate.notes.length > 0) break;
  }
  if ('binary' in nginx) {
    servers.push({ ...(await startNginx(bench, nginx.binary, shared)), label: 'nginx' });
    // It has no rate for all: whoever knows how many will come can divide by hand.
    const limitRate = Math.floor((totalKiB * 1024) / bench.number('downloads'));
    const byHand = await startNginx(bench, nginx.binary, { ...shared, limitRate });
    servers.push({ ...byHand, label: `nginx, limit_rate ${limitRate}` });
  }

  const measureVoice = async (server: Served): Promise<Run> => {
    const way = { address: link.address, port: server.https, ca: certificate.cert, name: DOMAIN };
    const voice = startChild<VoiceCalls>(bench, new URL('./load/voice.ts', import.meta.url), link.prefix);
    const load = startChild<DownloadsCalls>(bench, new URL('./load/downloads.ts', import.meta.url), link.prefix);
    const seconds = bench.number('seconds');
    const expected = Math.floor((seconds * 1000) / FRAME_MS);
    const listen = async () => {
      await Promise.all([voice.call('heard', undefined), voiceServer.call('heard', undefined)]);
      await sleep(seconds * 1000);
      const [heard, up] = await Promise.all([voice.call('heard', undefined), voiceServer.call('heard', undefined)]);
      if (heard.ended !== null) notes.add(`${server.name}: the conversation ended: ${heard.ended}`);
      return { down: { late: heard.late, expected }, up: { late: up, expected } };
    };
    await voice.call('open', way);
    const quiet = await listen();
    const paths = await load.call('links', { way, devices: bench.number('downloads') });
    const limitMs = SETTLE_MS + seconds * 1000 + 60_000;
    const work = {
      way,
      paths,
      downloads: 1e9,
      connections: 'fresh',
      withinMs: BEGIN_MS,
      image,
      silenceMs: 30_000,
      limitMs,
    } as const;
    const running = load.call('run', work, limitMs + 30_000);
    // Told at its end, below; until then it must not count as unheard.
    running.catch(() => {});
    await sleep(SETTLE_MS);
    const [sent, dropped] = [link.sentBytes(), link.dropped()];
    const before = await load.call('progress', undefined);
    const busy = await listen();
    const bodyMbit = (((await load.call('progress', undefined)).bytes - before.bytes) * 8) / 1e6 / seconds;
    const mbit = ((link.sentBytes() - sent) * 8) / 1e6 / seconds;
    const lost = link.dropped() - dropped;
    await load.call('stop', undefined);
    const { corrupt, because, longestGapMs } = await running;
    if (corrupt > 0) faults.add(`${server.name}: ${corrupt} downloads were complete and not the image`);
    if (because !== '') notes.add(`${server.name}: a download failed: ${because}`);
    await voice.call('close', undefined);
    for (const child of [voice, load]) child.stop();
    return { quiet: quiet.down, busy: busy.down, up: busy.up, mbit, bodyMbit, dropped: lost, longestGapMs };
  };

  const runs = await inTurns(servers, bench.number('rounds'), (server, round) => {
    bench.say(`round ${round + 1}: ${server.label}`);
    return measureVoice(server);
  });
  const table = (title: string, read: (run: Run) => Direction, loaded: boolean) => ({
    title,
    columns: COLUMNS,
    rows: [...runs].map(([{ label }, all]) => row(label, all, read, loaded)),
  });
  for (const server of servers) await server.stop();
  for (const [{ label }, all] of runs)
    notes.add(`${label}: longest gap within a download ${spreadText(all.map((run) => run.longestGapMs / 1000))} s`);
  const beside = `beside ${bench.text('downloads')} downloads on a line of ${bench.text('link-mbit')} Mbit/s`;
  return {
    tables: [
      table('to the device, without downloads', ({ quiet }) => quiet, false),
      table(`to the device, ${beside}`, ({ busy }) => busy, true),
      table(`from the device, ${beside}`, ({ up }) => up, true),
    ],
    notes: [...notes],
    faults: [...faults],
  };
}

/** A frame that never came within the measurement is late for good. */
function row(label: string, runs: readonly Run[], read: (run: Run) => Direction, loaded: boolean): Cell[] {
  const of = (value: (late: number[], run: Run) => number): string =>
    spreadText(runs.map((run) => value(read(run).late, run)));
  return [
    label,
    of((late) => late.length),
    of((late, run) => (100 * late.filter((ms) => ms <= LATE_MS).length) / Math.max(read(run).expected, late.length)),
    of((late) => quantile(late, 0.5)),
    of((late) => quantile(late, 0.99)),
    of(largest),
    loaded ? of((_, run) => run.mbit) : null,
    loaded ? of((_, run) => run.bodyMbit) : null,
    loaded ? of((_, run) => run.dropped) : null,
  ];
}

await runProgram(SPEC, measure);

// Measures what a fill survives: everything is killed in its midst, again and again, while devices go on downloading.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../test/rig/made-certificate.ts';
import type { RestlessCalls } from './load/restless.ts';
import { startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { seededRandom } from './rig/random.ts';
import { median } from './rig/spread.ts';
import type { Cell } from './rig/table.ts';
import type { UpstreamCalls, UpstreamKind } from './rig/upstream.ts';

const SPEC = {
  name: 'kill-fill',
  about: 'kill -9 of control and gates at random moments of a fill, and what comes of the partial file',
  deadlineMs: 40 * 60_000,
  options: {
    kills: { default: '50', about: 'how often all is killed' },
    devices: { default: '4', about: 'devices that check and download all the time' },
    'image-bytes': { default: '3000000', about: 'size of each image' },
    rate: { default: '1500000', about: 'bytes a second of the line to the upstream' },
    upstream: { default: 'python', about: 'python, which has ranges, or java, which has none' },
    seed: { default: '1', about: 'of the moments' },
    scheme: { default: 'https', about: 'https or http' },
  },
};

const POLL_MS = 10;
/** For a fill to begin, or an image to come through: past it, the next kill or image goes on without. */
const PATIENCE_MS = 60_000;

/** One image, from its publication until a device has it. */
type Story = {
  version: string;
  kills: number;
  bytes: number;
  gets: number;
  ranges: number;
  conditional: number;
  served: boolean;
};

async function measure(bench: Bench): Promise<Report> {
  const imageBytes = Math.ceil(bench.number('image-bytes') / 16) * 16;
  const transferMs = (imageBytes / bench.number('rate')) * 1000;
  const [kills, devices] = [bench.number('kills'), bench.number('devices')];
  const random = seededRandom(bench.number('seed'));
  const kind: UpstreamKind = bench.text('upstream') === 'java' ? 'java' : 'python';
  const certificate = selfSigned(DOMAIN, 'P-256');
  const program = otagateProgram(bench);
  const upstream = startChild<UpstreamCalls>(bench, new URL('./rig/upstream.ts', import.meta.url));
  const fleet = startChild<RestlessCalls>(bench, new URL('./load/restless.ts', import.meta.url));
  const imageNamed = (number: number) => ({ version: `2.0.${number}`, bytes: imageBytes });
  const plan = { kind, image: imageNamed(1), devices, bytesPerSecond: bench.number('rate') } as const;
  const at = { kind, ...(await upstream.call('start', plan)) };
  const gate = await startOtagate(bench, {
    program,
    upstream: at,
    certificate,
    firmware: '{ pace: { device: none } }',
  });
  const secure = bench.text('scheme') !== 'http';
  const way = {
    address: '127.0.0.1',
    port: secure ? gate.https : gate.http,
    ca: secure ? certificate.cert : null,
    name: DOMAIN,
  };
  await fleet.call('begin', { way, devices, imageBytes });

  const sentBytes = async (): Promise<number> => (await upstream.call('counts', undefined)).bytes;
  const isServed = async (version: string): Promise<boolean> =>
    ((await fleet.call('tally', undefined)).identical.get(version) ?? 0) > 0;
  const startsMs: number[] = [];
  const stories: Story[] = [];
  for (let done = 0, number = 1; done < kills; number += 1) {
    const { version } = imageNamed(number);
    await upstream.call('publish', imageNamed(number));
    await upstream.call('forget', undefined);
    const story: Story = { version, kills: 0, bytes: 0, gets: 0, ranges: 0, conditional: 0, served: false };
    stories.push(story);
    while (done < kills && !story.served) {
      const before = await sentBytes();
      const moved = await within(PATIENCE_MS, async () => (await sentBytes()) > before || (await isServed(version)));
      if (!moved) throw new Error(`no fill of ${version} began within ${PATIENCE_MS} ms`);
      story.served = await isServed(version);
      if (story.served) break;
      // Past its end too: the last bytes are checked, and the file gets its name, behind the transfer.
      await sleep(random() * transferMs * 1.1);
      await gate.kill();
      done += 1;
      story.kills += 1;
      const startedMs = performance.now();
      await gate.start();
      startsMs.push(performance.now() - startedMs);
      story.served = await isServed(version);
    }
    story.served ||= await within(PATIENCE_MS, () => isServed(version));
    const { bytes, gets, ranges, conditional } = await upstream.call('counts', undefined);
    Object.assign(story, { bytes, gets, ranges, conditional });
    bench.say(`${version}: ${story.kills} kills, ${(bytes / imageBytes).toFixed(2)} images sent (${done} of ${kills})`);
  }
  await fleet.call('stop', undefined);
  const tally = await fleet.call('tally', undefined);
  const stateBytes = sizeOf(gate.stateDir);
  await gate.stop();

  const sum = (read: (story: Story) => number): number => stories.reduce((all, story) => all + read(story), 0);
  const identical = [...tally.identical.values()].reduce((all, count) => all + count, 0);
  const rows: Cell[][] = [
    ['kills', sum((story) => story.kills)],
    ['images published', stories.length],
    ['images that a device got', stories.filter(({ served }) => served).length],
    ['images sent by the upstream, in all', sum(({ bytes }) => bytes) / imageBytes],
    ['the same for each image, mean', sum(({ bytes }) => bytes) / imageBytes / stories.length],
    ['the same, most for one image', Math.max(...stories.map(({ bytes }) => bytes / imageBytes))],
    ['upstream GETs', sum(({ gets }) => gets)],
    ['of these for a part (Range)', sum(({ ranges }) => ranges)],
    ['of these whether it is the same (If-None-Match)', sum(({ conditional }) => conditional)],
    ['complete downloads, identical', identical],
    ['complete downloads, CORRUPT', tally.corrupt],
    ['downloads cut short', tally.cutShort],
    ['start until it serves, ms', median(startsMs)],
    ['state folder at the end, in images', stateBytes / imageBytes],
  ];
  return {
    tables: [{ title: `kill -9 within a fill, ${kind} upstream`, columns: ['what', 'value'], rows }],
    notes: [
      ...gate.notes,
      ...[...tally.failed].map(([what, count]) => `${count} × ${what}`),
      `seed ${bench.text('seed')}; one transfer takes ${(transferMs / 1000).toFixed(2)} s`,
    ],
    faults: tally.corruptions.map((what) => `complete, and not the image: ${what}`),
  };
}

async function within(limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

await runProgram(SPEC, measure);

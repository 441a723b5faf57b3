// Measures what slow downloads hold: the memory of the process that serves thousands of readers of one cached image.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadersCalls, ReadersState } from '../load/slow-readers.ts';
import { startChild } from '../rig/child.ts';
import { DOMAIN } from '../rig/device-words.ts';
import { withDeviceSockets } from '../rig/preload.ts';
import { memoryOf } from '../rig/process-tree.ts';
import type { Served } from '../rig/served.ts';
import { median } from '../rig/spread.ts';
import { IMAGE } from './downloads.ts';
import type { Row, Scenario, Stage } from './scenario.ts';

// Of each reader: below the slowest device, so that all of them read for as long as is measured.
const BYTES_PER_SECOND = 5_000;
const SAMPLE_MS = 500;

async function runReaders(stage: Stage, readers: number, bar: number | null, aim: number | null): Promise<Row[]> {
  const { bench, upstream, certificate } = stage;
  await upstream.call('set', { image: IMAGE, offers: true });
  const openWithinMs = readers * 8;
  const memory = async (server: Served): Promise<number> => {
    const load = startChild<ReadersCalls>(
      bench,
      new URL('../load/slow-readers.ts', import.meta.url),
      withDeviceSockets(bench),
    );
    const way = { address: '127.0.0.1', port: server.https, ca: certificate.cert, name: DOMAIN };
    const plan = { way, readers, bytesPerSecond: BYTES_PER_SECOND, image: IMAGE, openWithinMs };
    const opened = await load.call('open', plan, openWithinMs + 60_000);
    mustRead(server, readers, opened);
    const samples: number[] = [];
    for (let taken = 0; taken < (stage.seconds * 2_000) / SAMPLE_MS; taken += 1) {
      await sleep(SAMPLE_MS);
      const [worker = 0] = server.workers();
      samples.push(memoryOf(worker).pssBytes / 1e6);
    }
    const still = await load.call('state', undefined);
    mustRead(server, readers, still);
    if (still.begun < readers) throw new Error(`${server.name}: ${still.begun} of ${readers} readers have got a byte`);
    load.stop();
    await server.stop();
    return median(samples);
  };
  const otagate: number[] = [];
  const nginx: number[] = [];
  for (let round = 1; round <= stage.rounds; round += 1) {
    bench.say(`slow-tls-${readers}: round ${round}`);
    otagate.push(await memory(await stage.otagate()));
    if (stage.nginx !== null) nginx.push(await memory(await stage.nginx()));
  }
  return [
    {
      scenario: `slow-tls-${readers}`,
      what: `${readers} slow TLS downloads, one gate`,
      unit: 'MB (PSS)',
      otagate,
      nginx,
      judged: bar === null ? null : 'otagate',
      bar,
      aim,
    },
  ];
}

/** @throws {Error} where not all of them read the image */
function mustRead(server: Served, readers: number, { open, ended, corrupt, because }: ReadersState): void {
  if (open === readers && ended === 0 && corrupt === 0) return;
  const why = because === '' ? '' : `; the first: ${because}`;
  throw new Error(`${server.name}: ${open} of ${readers} readers read, ${corrupt} parts were not the image's${why}`);
}

export const slowDownloads: Scenario[] = [
  {
    name: 'slow-tls-1000',
    about: 'memory of 1,000 slow TLS downloads',
    run: (stage) => runReaders(stage, 1_000, 150, 90),
  },
  {
    name: 'slow-tls-5000',
    about: 'memory of 5,000 slow TLS downloads',
    run: (stage) => runReaders(stage, 5_000, null, null),
  },
];

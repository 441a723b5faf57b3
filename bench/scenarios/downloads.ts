// Measures downloads of a cached image: CPU for each MB, a fresh connection for each, as devices make them.
import { downloadOf, exchangeOnce, type Way } from '../rig/device-client.ts';
import { checkOf, DOMAIN, offerIn } from '../rig/device-words.ts';
import { imageOf, isPartOf } from '../rig/firmware.ts';
import { cpuMsOf } from '../rig/process-tree.ts';
import { inTurns, type Served } from '../rig/served.ts';
import { median } from '../rig/spread.ts';
import { runWrk } from '../rig/wrk.ts';
import { both, type Row, type Scenario, type Stage, valuesOf } from './scenario.ts';

type Kind = { name: string; about: string; recordBytes: number; secure: boolean; bar: number; aim: number };

const KINDS: Kind[] = [
  {
    name: 'cached-tls-16k',
    about: 'cached 3 MB, TLS 1.2, 16 KB records',
    recordBytes: 16_384,
    secure: true,
    bar: 0.95,
    aim: 0.7,
  },
  {
    name: 'cached-tls-4k',
    about: 'cached 3 MB, TLS 1.2, 4 KB records',
    recordBytes: 4096,
    secure: true,
    bar: 1,
    aim: 0.8,
  },
  { name: 'cached-plain', about: 'cached 3 MB, plain HTTP', recordBytes: 4096, secure: false, bar: 3, aim: 1.5 },
];
const PARALLEL = 8;
export const IMAGE = { version: '2.0.1', bytes: 3_000_000 };

async function runKind(stage: Stage, kind: Kind): Promise<Row[]> {
  const { bench, wrk, seconds, certificate } = stage;
  await stage.upstream.call('set', { image: IMAGE, offers: true });
  const servers = await both(stage, { recordBytes: kind.recordBytes });
  const paths = new Map<Served, string>();
  for (const server of servers) {
    const port = kind.secure ? server.https : server.http;
    const way = { address: '127.0.0.1', port, ca: kind.secure ? certificate.cert : null, name: DOMAIN };
    paths.set(server, await provenLink(server, way));
  }
  const turns = await inTurns(servers, stage.rounds + 1, async (server, round) => {
    bench.say(`${kind.name}: ${server.name}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
    const before = cpuMsOf(server.pid());
    const result = await runWrk(bench, wrk, {
      port: kind.secure ? server.https : server.http,
      tls: kind.secure ? 'TLSv1.2' : null,
      connections: 'fresh',
      request: { path: paths.get(server) ?? '' },
      parallel: PARALLEL,
      seconds: round === 0 ? stage.warmUpSeconds : seconds,
    });
    if (result.bytes < result.requests * IMAGE.bytes)
      throw new Error(`${server.name}: ${result.bytes} bytes are not ${result.requests} images`);
    return { cpuMs: (cpuMsOf(server.pid()) - before) / (result.bytes / 1e6), ...result };
  });
  for (const server of servers) await server.stop();
  for (const all of turns.values()) all.shift(); // to warm up
  const rates = [...turns].map(
    ([{ name }, all]) => `${name} ${Math.round(median(all.map(({ bytes, wallMs }) => bytes / 1e3 / wallMs)))} MB/s`,
  );
  stage.notes.add(`${kind.name}, ${PARALLEL} at a time, by the clock (median): ${rates.join('; ')}`);
  return [
    {
      scenario: kind.name,
      what: kind.about,
      unit: 'ms of CPU a MB',
      otagate: valuesOf(turns, 'otagate', ({ cpuMs }) => cpuMs),
      nginx: valuesOf(turns, 'nginx', ({ cpuMs }) => cpuMs),
      judged: 'ratio',
      bar: kind.bar,
      aim: kind.aim,
    },
  ];
}

/** A link that brings the image, byte for byte; it is in the cache from then on. @throws {Error} where it does not */
export async function provenLink(server: Served, way: Way): Promise<string> {
  const parts: Buffer[] = [];
  await exchangeOnce(way, checkOf(0), { silenceMs: 30_000 }, (part) => void parts.push(part));
  const offer = offerIn(Buffer.concat(parts));
  if (offer === null) throw new Error(`${server.name}: a check brings no offer`);
  const image = imageOf(IMAGE);
  for (let round = 0; round < 2; round += 1) {
    let identical = true;
    const reply = await exchangeOnce(way, downloadOf(offer.path), { silenceMs: 30_000 }, (part, offset) => {
      identical &&= isPartOf(image, part, offset);
    });
    if (!identical || reply.end !== 'complete' || reply.bytes !== image.length)
      throw new Error(`${server.name}: a download is not the image: ${reply.end}, status ${reply.status}`);
  }
  return offer.path;
}

export const downloads: Scenario[] = KINDS.map((kind) => ({
  name: kind.name,
  about: kind.about,
  run: (stage) => runKind(stage, kind),
}));

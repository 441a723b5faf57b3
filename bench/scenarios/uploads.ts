// Measures uploads to the console: CPU for each MB that passes, and what the process that carries it grows by meanwhile.
import type { UploadsCalls } from '../load/uploads.ts';
import { type Child, startChild } from '../rig/child.ts';
import { DOMAIN } from '../rig/device-words.ts';
import { cpuMsOf, memoryOf } from '../rig/process-tree.ts';
import { inTurns, type Served } from '../rig/served.ts';
import { largest, median, spreadText } from '../rig/spread.ts';
import { runWrk } from '../rig/wrk.ts';
import { type Row, type Scenario, type Stage, valuesOf } from './scenario.ts';

const BYTES = 100_000_000;
const PATH = '/xiaozhi/otaMag/upload';
const WITHIN_MS = 60_000;
const SAMPLE_MS = 20;
const AS_IT_SHIPS = 'nginx as it ships';

async function uploads(stage: Stage): Promise<Row[]> {
  const servers = await started(stage);
  const load = startChild<UploadsCalls>(stage.bench, new URL('../load/uploads.ts', import.meta.url));
  const turns = await inTurns(servers, stage.rounds + 1, async (server, round) => {
    stage.bench.say(`upload-100mb: ${server.name}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
    const untilMs = performance.now() + (round === 0 ? stage.warmUpSeconds : stage.seconds) * 1000;
    const before = cpuMsOf(server.pid());
    const times: number[] = [];
    while (performance.now() < untilMs) times.push(await uploadOne(stage, load, server));
    const megabytes = (times.length * BYTES) / 1e6;
    return { cpuMs: (cpuMsOf(server.pid()) - before) / megabytes, perSecond: BYTES / 1e3 / median(times) };
  });
  for (const server of servers) await server.stop();
  for (const all of turns.values()) all.shift(); // to warm up
  const grown = await growth(stage, load);
  load.stop();
  const rates = [...turns].map(
    ([{ name }, all]) => `${name} ${Math.round(median(all.map(({ perSecond }) => perSecond)))} MB/s`,
  );
  stage.notes.add(`upload-100mb, one at a time, by the clock (median): ${rates.join('; ')}`);
  const shipped = valuesOf(turns, AS_IT_SHIPS, ({ cpuMs }) => cpuMs);
  stage.notes.add('upload-100mb: nginx with proxy_request_buffering off, which passes the body on as otagate does');
  if (shipped.length > 0)
    stage.notes.add(
      `upload-100mb: ${AS_IT_SHIPS}, which writes the body to disk first, ${spreadText(shipped)} ms of CPU a MB, and grows by ${spreadText(grown.get(AS_IT_SHIPS) ?? [])} MB`,
    );
  const row = { scenario: 'upload-100mb', judged: null, bar: null, aim: null };
  return [
    {
      ...row,
      what: '100 MB upload over TLS, unbuffered',
      unit: 'ms of CPU a MB',
      otagate: valuesOf(turns, 'otagate', ({ cpuMs }) => cpuMs),
      nginx: valuesOf(turns, 'nginx', ({ cpuMs }) => cpuMs),
    },
    {
      ...row,
      what: 'growth during the first 100 MB upload, one gate',
      unit: 'MB (PSS)',
      otagate: grown.get('otagate') ?? [],
      nginx: grown.get('nginx') ?? [],
    },
  ];
}

async function started(stage: Stage): Promise<Served[]> {
  const upstream = { kind: 'java' as const, port: stage.upstreamPort, voicePort: stage.upstreamPort };
  const servers: Served[] = [await stage.otagate({ upstream })];
  if (stage.nginx !== null) {
    servers.push(await stage.nginx({ unbuffered: true }));
    servers.push({ ...(await stage.nginx()), name: AS_IT_SHIPS });
  }
  return servers;
}

/** Of processes that have answered checks, and carried no upload before. In MB, at the highest, by server. */
async function growth(stage: Stage, load: Child<UploadsCalls>): Promise<Map<string, number[]>> {
  const grown = new Map<string, number[]>();
  for (let round = 1; round <= stage.rounds; round += 1) {
    stage.bench.say(`upload-100mb: growth, round ${round}`);
    for (const server of await started(stage)) {
      const checks = { tls: 'TLSv1.2', connections: 'fresh', request: 'check', parallel: 32 } as const;
      await runWrk(stage.bench, stage.wrk, { ...checks, port: server.https, seconds: stage.seconds });
      const [worker = 0] = server.workers();
      const before = memoryOf(worker).pssBytes;
      const samples = [before];
      const sampling = setInterval(() => samples.push(memoryOf(worker).pssBytes), SAMPLE_MS);
      try {
        await uploadOne(stage, load, server);
      } finally {
        clearInterval(sampling);
      }
      grown.set(server.name, [...(grown.get(server.name) ?? []), (largest(samples) - before) / 1e6]);
      await server.stop();
    }
  }
  return grown;
}

/** Gives its time in ms. @throws {Error} where it is not answered well, or the upstream has got anything else */
async function uploadOne(stage: Stage, load: Child<UploadsCalls>, server: Served): Promise<number> {
  const way = { address: '127.0.0.1', port: server.https, ca: stage.certificate.cert, name: DOMAIN };
  const plan = { way, path: PATH, bytes: BYTES, withinMs: WITHIN_MS };
  const sent = await load.call('upload', plan, WITHIN_MS + 5_000);
  const came = await stage.upstream.call('lastUpload', undefined);
  if (sent.status !== 200 || sent.replyBytes === 0)
    throw new Error(`${server.name}: an upload was answered by ${sent.status} with ${sent.replyBytes} bytes`);
  if (came.bytes !== BYTES || came.crc32 !== sent.crc32)
    throw new Error(`${server.name}: the upstream has got ${came.bytes} bytes, not those that were sent`);
  return sent.wallMs;
}

export const uploadScenarios: Scenario[] = [
  { name: 'upload-100mb', about: 'CPU and memory for an upload of 100 MB over TLS', run: uploads },
];

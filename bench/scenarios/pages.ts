// Measures a page of the console, loaded by HTTP/2 as browsers do: CPU for each page, its connection and all its files.
import { PAGE, PAGE_BYTES } from '../rig/console-page.ts';
import { loadPages, readyH2load } from '../rig/h2load.ts';
import { cpuMsOf } from '../rig/process-tree.ts';
import { inTurns, type Served } from '../rig/served.ts';
import { median, spreadText } from '../rig/spread.ts';
import { type Row, type Scenario, type Stage, valuesOf } from './scenario.ts';

const PARALLEL = 8;
/** What nginx ships with, and Node writes: a browser is no device. */
const RECORD_BYTES = 16_384;
const TUNED = 'nginx with kept upstream connections';

async function pages(stage: Stage): Promise<Row[]> {
  const { bench } = stage;
  const h2load = readyH2load();
  const upstream = { kind: 'java' as const, port: stage.upstreamPort, voicePort: stage.upstreamPort };
  const servers: Served[] = [await stage.otagate({ upstream })];
  if (stage.nginx !== null) {
    const plan = { http2: true, recordBytes: RECORD_BYTES };
    servers.push(await stage.nginx(plan), { ...(await stage.nginx({ ...plan, keptUpstreams: 64 })), name: TUNED });
  }
  const turns = await inTurns(servers, stage.rounds + 1, async (server, round) => {
    bench.say(`console-page-http2: ${server.name}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
    const startedMs = performance.now();
    const untilMs = startedMs + (round === 0 ? stage.warmUpSeconds : stage.seconds) * 1000;
    const before = cpuMsOf(server.pid());
    let loaded = 0;
    for (; performance.now() < untilMs; loaded += PARALLEL) await loadPages(bench, h2load, server.https, PARALLEL);
    const seconds = (performance.now() - startedMs) / 1000;
    return { cpuMs: (cpuMsOf(server.pid()) - before) / loaded, perSecond: loaded / seconds };
  });
  for (const server of servers) await server.stop();
  for (const all of turns.values()) all.shift(); // to warm up
  const rates = [...turns].map(
    ([{ name }, all]) => `${name} ${median(all.map(({ perSecond }) => perSecond)).toFixed(1)}/s`,
  );
  stage.notes.add(`console-page-http2, ${PARALLEL} at a time, by the clock (median): ${rates.join('; ')}`);
  const kept = valuesOf(turns, TUNED, ({ cpuMs }) => cpuMs);
  if (kept.length > 0) stage.notes.add(`console-page-http2: ${TUNED} ${spreadText(kept)} ms of CPU a page`);
  return [
    {
      scenario: 'console-page-http2',
      what: `console page by HTTP/2, a fresh connection each, ${PAGE.length} files, ${(PAGE_BYTES / 1e6).toFixed(1)} MB`,
      unit: 'ms of CPU a page',
      otagate: valuesOf(turns, 'otagate', ({ cpuMs }) => cpuMs),
      nginx: valuesOf(turns, 'nginx', ({ cpuMs }) => cpuMs),
      judged: null,
      bar: null,
      aim: null,
    },
  ];
}

export const pageScenarios: Scenario[] = [
  {
    name: 'console-page-http2',
    about: `CPU for a page of the console by HTTP/2: ${PAGE.length} files, a connection of its own`,
    run: pages,
  },
];

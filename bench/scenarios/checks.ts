// Measures OTA checks: CPU for each, on fresh connections, as devices do, and on kept ones.
import { cpuMsOf } from '../rig/process-tree.ts';
import { inTurns } from '../rig/served.ts';
import { median, spreadText } from '../rig/spread.ts';
import { runWrk, type WrkPlan } from '../rig/wrk.ts';
import { both, type Row, type Scenario, type Stage, valuesOf } from './scenario.ts';

type Kind = Pick<WrkPlan, 'tls' | 'connections'> & {
  name: string;
  about: string;
  bar: number | null;
  aim: number | null;
  /** Whether the replies offer an image: a link to seal, and a fill to ask for. */
  offers?: boolean;
};

const KINDS: Kind[] = [
  {
    name: 'check-fresh-tls',
    about: 'OTA check, fresh TLS 1.2',
    tls: 'TLSv1.2',
    connections: 'fresh',
    bar: 1.5,
    aim: 1,
  },
  {
    name: 'check-fresh-tls13',
    about: 'OTA check, fresh TLS 1.3',
    tls: 'TLSv1.3',
    connections: 'fresh',
    bar: null,
    aim: null,
  },
  {
    name: 'check-fresh-plain',
    about: 'OTA check, fresh plain HTTP',
    tls: null,
    connections: 'fresh',
    bar: 2.8,
    aim: 1.5,
  },
  { name: 'check-kept-tls', about: 'OTA check, kept TLS', tls: 'TLSv1.2', connections: 'kept', bar: 3, aim: 1.5 },
  {
    name: 'check-offer-tls',
    about: 'OTA check with an offer, fresh TLS 1.2',
    tls: 'TLSv1.2',
    connections: 'fresh',
    bar: null,
    aim: null,
    offers: true,
  },
];
const PARALLEL = 32;
const IMAGE = { version: '2.0.1', bytes: 300_000 };
const TUNED = 'nginx with kept upstream connections';

async function runKind(stage: Stage, kind: Kind): Promise<Row[]> {
  const { bench, wrk, seconds } = stage;
  await setReplies(stage, kind.offers ?? false);
  const servers = await both(stage);
  // What an operator who tunes nginx gets.
  const tuned = stage.nginx === null ? null : await stage.nginx({ keptUpstreams: 64 });
  if (tuned !== null) servers.push({ ...tuned, name: TUNED });
  const turns = await inTurns(servers, stage.rounds + 1, async (server, round) => {
    bench.say(`${kind.name}: ${server.name}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
    const before = cpuMsOf(server.pid());
    const result = await runWrk(bench, wrk, {
      port: kind.tls === null ? server.http : server.https,
      tls: kind.tls,
      connections: kind.connections,
      request: 'check',
      parallel: PARALLEL,
      ...(round === 0 ? { seconds: stage.warmUpSeconds, wanted: wantedOf(kind.offers ?? false) } : { seconds }),
    });
    return { cpuUs: ((cpuMsOf(server.pid()) - before) * 1000) / result.requests, ...result };
  });
  for (const server of servers) await server.stop();
  for (const all of turns.values()) all.shift(); // to warm up
  const rates = [...turns].map(([{ name }, all]) => {
    const perSecond = median(all.map(({ requests, wallMs }) => (requests * 1000) / wallMs));
    return `${name} ${Math.round(perSecond)}/s, ${median(all.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms`;
  });
  stage.notes.add(`${kind.name}, ${PARALLEL} at a time, by the clock (median): ${rates.join('; ')}`);
  const kept = valuesOf(turns, TUNED, ({ cpuUs }) => cpuUs);
  if (kept.length > 0) stage.notes.add(`${kind.name}: ${TUNED} ${spreadText(kept)} µs of CPU a check`);
  return [
    {
      scenario: kind.name,
      what: kind.about,
      unit: 'µs of CPU a check',
      otagate: valuesOf(turns, 'otagate', ({ cpuUs }) => cpuUs),
      nginx: valuesOf(turns, 'nginx', ({ cpuUs }) => cpuUs),
      judged: kind.bar === null ? null : 'ratio',
      bar: kind.bar,
      aim: kind.aim,
    },
  ];
}

/** What the upstream says from now on. */
export async function setReplies(stage: Stage, offers: boolean): Promise<void> {
  await stage.upstream.call('set', { image: IMAGE, offers });
}

/** What the reply to a check then has in it, by whomever it comes. */
export function wantedOf(offers: boolean): string {
  return offers ? `"version":"${IMAGE.version}"` : '"url":""';
}

export const checks: Scenario[] = KINDS.map((kind) => ({
  name: kind.name,
  about: kind.about,
  run: (stage) => runKind(stage, kind),
}));

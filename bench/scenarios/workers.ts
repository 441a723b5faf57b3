// Measures two processes beside one: what a check costs then, and how evenly they share the work.
import { cpuMsOf } from '../rig/process-tree.ts';
import { inTurns, type Served } from '../rig/served.ts';
import { largest, median } from '../rig/spread.ts';
import { runWrk, type WrkPlan } from '../rig/wrk.ts';
import { setReplies, wantedOf } from './checks.ts';
import type { Row, Scenario, Stage } from './scenario.ts';

type Kind = Pick<WrkPlan, 'tls' | 'connections' | 'parallel'> & { name: string; about: string };

// The kernel deals connections out by a hash: kept ones come evenly only where there are many of them.
const KINDS: Kind[] = [
  { name: 'two-gates-fresh-plain', about: 'fresh plain HTTP', tls: null, connections: 'fresh', parallel: 32 },
  { name: 'two-gates-kept-tls', about: 'kept TLS', tls: 'TLSv1.2', connections: 'kept', parallel: 256 },
];
const MANY = 2;
/** So much longer than elsewhere: each of two processes compiles for itself, and must not be compared with a colder one. */
const WARM_UPS = 3;

type Turn = { cpuUs: number; busierPercent: number; perSecond: number };
type Measured = { server: Served; workers: number };

async function runKind(stage: Stage, kind: Kind): Promise<Row[]> {
  const { bench, wrk } = stage;
  await setReplies(stage, false);
  const all: Measured[] = [];
  for (const workers of [1, MANY]) {
    all.push({ server: await stage.otagate({ workers }), workers });
    if (stage.nginx !== null) all.push({ server: await stage.nginx({ workers }), workers });
  }
  for (const { server, workers } of all) {
    const there = server.workers().length;
    if (there !== workers) throw new Error(`${server.name}: ${there} workers where ${workers} are wanted`);
  }
  const turns = await inTurns(all, stage.rounds + 1, async ({ server, workers }, round): Promise<Turn> => {
    const what = `${server.name} with ${workers}`;
    bench.say(`${kind.name}: ${what}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
    const pids = server.workers();
    const before = { all: cpuMsOf(server.pid()), each: pids.map(cpuMsOf) };
    const { requests, wallMs } = await runWrk(bench, wrk, {
      port: kind.tls === null ? server.http : server.https,
      tls: kind.tls,
      connections: kind.connections,
      request: 'check',
      parallel: kind.parallel,
      ...(round === 0
        ? { seconds: stage.warmUpSeconds * WARM_UPS, wanted: wantedOf(false) }
        : { seconds: stage.seconds }),
    });
    if (String(server.workers()) !== String(pids)) throw new Error(`${what}: a worker was replaced`);
    const each = pids.map((pid, index) => cpuMsOf(pid) - (before.each[index] ?? 0));
    return {
      cpuUs: ((cpuMsOf(server.pid()) - before.all) * 1000) / requests,
      busierPercent: (100 * largest(each)) / each.reduce((sum, cpuMs) => sum + cpuMs, 0),
      perSecond: (requests * 1000) / wallMs,
    };
  });
  for (const { server } of all) await server.stop();
  for (const rounds of turns.values()) rounds.shift(); // to warm up
  const of = (name: string, workers: number): Turn[] =>
    [...turns].filter(([one]) => one.server.name === name && one.workers === workers).flatMap(([, rounds]) => rounds);
  const against = (name: string): number[] => {
    const one = of(name, 1);
    return of(name, MANY).map(({ cpuUs }, round) => cpuUs / (one[round]?.cpuUs ?? Number.NaN));
  };
  const costs = [...turns].map(([{ server, workers }, rounds]) => {
    const cpuUs = Math.round(median(rounds.map((turn) => turn.cpuUs)));
    return `${server.name} with ${workers} ${cpuUs} µs, ${Math.round(median(rounds.map((turn) => turn.perSecond)))}/s`;
  });
  stage.notes.add(`${kind.name}, ${kind.parallel} at a time, CPU a check and by the clock: ${costs.join('; ')}`);
  return [
    {
      scenario: kind.name,
      what: `CPU a check with two processes, of that with one: ${kind.about}`,
      unit: '× of one',
      otagate: against('otagate'),
      nginx: against('nginx'),
      judged: 'otagate',
      bar: 1.1,
      aim: null,
    },
    {
      scenario: kind.name,
      what: `share of the busier of two processes: ${kind.about}`,
      unit: '% of their CPU',
      otagate: of('otagate', MANY).map(({ busierPercent }) => busierPercent),
      nginx: of('nginx', MANY).map(({ busierPercent }) => busierPercent),
      judged: null,
      bar: null,
      aim: null,
    },
  ];
}

export const workers: Scenario[] = KINDS.map((kind) => ({
  name: kind.name,
  about: `two processes beside one, and how evenly they share: OTA check, ${kind.about}`,
  run: (stage) => runKind(stage, kind),
}));

// Measures a herd at a cold store, over a narrow line to the upstream: who gets the image, and how often it is fetched.
import { readyHerd } from '../load/herd.ts';
import {
  type ColdPlan,
  type ColdRun,
  coldRun,
  failuresOf,
  lastDoneMs,
  servedWhole,
  servedWrong,
} from '../rig/cold-run.ts';
import { BOARD } from '../rig/firmware.ts';
import { median, quantile } from '../rig/spread.ts';
import type { Row, Scenario, Stage } from './scenario.ts';

type Kind = { name: string; about: string; bytesPerSecond: number; imageBytes: number };

const DEVICES = 500;
/** Each of nginx's herd fetches the image for itself: more of them would only take longer. */
const NGINX_DEVICES = 30;
/** nginx's herd alone takes minutes. */
const ROUNDS = 2;
/** What devices have from firmware 1.8 on. */
const SILENCE_MS = 30_000;
/** Time enough for an image for each of nginx's herd, one after another. */
const LIMIT_MS = 200_000;

const KINDS: Kind[] = [
  { name: 'cold-herd-500k', about: '3 MB on 0.5 MB/s', bytesPerSecond: 500_000, imageBytes: 3_000_000 },
  // So small that nginx's herd ends in the same time.
  { name: 'cold-herd-50k', about: '0.3 MB on 0.05 MB/s', bytesPerSecond: 50_000, imageBytes: 300_000 },
];

async function runKind(stage: Stage, kind: Kind): Promise<Row[]> {
  const { bench, certificate } = stage;
  const shared = {
    herd: readyHerd(bench),
    certificate,
    imageBytes: kind.imageBytes,
    bytesPerSecond: kind.bytesPerSecond,
    secure: true,
    silenceMs: SILENCE_MS,
    limitMs: LIMIT_MS,
  };
  const measured = async (name: string, plan: Pick<ColdPlan, 'start' | 'warmedUp' | 'devices'>): Promise<ColdRun> => {
    bench.say(`${kind.name}: ${plan.devices} devices at ${name}`);
    const run = await coldRun(bench, { ...shared, ...plan });
    const wrong = servedWrong(run);
    if (wrong > 0) throw new Error(`${name}: ${wrong} downloads were complete and not the image`);
    return run;
  };
  const otagate: ColdRun[] = [];
  const nginx: ColdRun[] = [];
  const start: ColdPlan['start'] = (upstream) => stage.otagate({ upstream });
  for (let round = 0; round < Math.min(stage.rounds, ROUNDS); round += 1)
    otagate.push(await measured('otagate', { start, warmedUp: true, devices: DEVICES }));
  const beside = stage.nginx;
  if (beside !== null) {
    const start: ColdPlan['start'] = (upstream) => beside({ upstream, cacheKey: `"${BOARD}"` });
    nginx.push(await measured('nginx', { start, warmedUp: false, devices: NGINX_DEVICES }));
  }
  const transferMs = (kind.imageBytes / kind.bytesPerSecond) * 1000;
  for (const [name, runs] of Object.entries({ otagate, nginx })) {
    if (runs.length === 0) continue;
    const of = (read: (run: ColdRun) => number): number => median(runs.map(read));
    const failures = failuresOf(runs);
    stage.notes.add(
      `${kind.name}, ${name}: ${of(servedWhole)} of ${of(({ members }) => members.length)} devices served; the line carried ${of(({ lineBytes }) => lineBytes / kind.imageBytes).toFixed(2)} images; first byte after ${(of(firstByteMs) / 1000).toFixed(2)} s (median); the last device was done after ${(of(lastDoneMs) / 1000).toFixed(1)} s, where one transfer takes ${(transferMs / 1000).toFixed(0)} s${failures === '' ? '' : `; not served: ${failures}`}`,
    );
  }
  const row = { scenario: kind.name, otagate: [], nginx: [], judged: 'otagate' as const };
  const what = `cold herd of ${DEVICES} (at nginx: ${NGINX_DEVICES}), ${kind.about}`;
  const percent = (run: ColdRun): number => 100 * (1 - servedWhole(run) / run.members.length);
  return [
    { ...row, what: `${what}: not served`, unit: '% of devices', ...valuesBy(percent), bar: 0, aim: null },
    { ...row, what: `${what}: fetches upstream`, unit: 'fetches', ...valuesBy(({ gets }) => gets), bar: 1, aim: null },
    {
      ...row,
      what: `${what}: until the last is done`,
      unit: 'times of one transfer',
      ...valuesBy((run) => lastDoneMs(run) / transferMs),
      judged: null,
      bar: null,
      aim: null,
    },
  ];

  function valuesBy(read: (run: ColdRun) => number): { otagate: number[]; nginx: number[] } {
    return { otagate: otagate.map(read), nginx: nginx.map(read) };
  }
}

function firstByteMs({ members }: ColdRun): number {
  return quantile(
    members.flatMap((member) => member.firstByteMs ?? []),
    0.5,
  );
}

export const coldHerds: Scenario[] = KINDS.map((kind) => ({
  name: kind.name,
  about: `who is served of a herd of ${DEVICES} at a cold store: ${kind.about}`,
  run: (stage) => runKind(stage, kind),
}));

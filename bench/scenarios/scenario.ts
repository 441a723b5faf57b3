// Owns what a scenario of the comparison is: work that otagate and nginx do in turns, and what is said of it.
import type { Made } from '../../test/rig/made-certificate.ts';
import type { Child } from '../rig/child.ts';
import type { LeanCalls } from '../rig/lean-upstream.ts';
import { type NginxPlan, startNginx } from '../rig/nginx.ts';
import { type OtagatePlan, startOtagate } from '../rig/otagate.ts';
import type { Bench } from '../rig/program.ts';
import type { Served } from '../rig/served.ts';
import type { Wrk } from '../rig/wrk.ts';

/** One figure of both, a value for each round. */
export type Row = {
  scenario: string;
  what: string;
  unit: string;
  otagate: number[];
  nginx: number[];
  /** What bar and aim are for: the ratio of the medians, or otagate's own median; null where there is neither. */
  judged: 'ratio' | 'otagate' | null;
  bar: number | null;
  aim: number | null;
};

export type Stage = {
  bench: Bench;
  certificate: Made;
  upstream: Child<LeanCalls>;
  upstreamPort: number;
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
  wrk: Wrk;
  notes: Set<string>;
  otagate: (more?: Partial<OtagatePlan>) => Promise<Served>;
  /** Null where there is no nginx. */
  nginx: ((more?: Partial<NginxPlan>) => Promise<Served>) | null;
};

export type Scenario = { name: string; about: string; run: (stage: Stage) => Promise<Row[]> };

type Common = Pick<Stage, 'bench' | 'certificate' | 'upstreamPort'> & {
  program: string;
  nginxBinary: string | null;
  flags: readonly string[];
};

/** How both are started, alike. */
export function starters({ bench, certificate, upstreamPort, program, nginxBinary, flags }: Common) {
  const upstream = { kind: 'python' as const, port: upstreamPort, voicePort: upstreamPort };
  const otagate: Stage['otagate'] = (more = {}) =>
    startOtagate(bench, { program, flags, upstream, certificate, firmware: '{ pace: { device: none } }', ...more });
  const nginx: Stage['nginx'] =
    nginxBinary === null ? null : (more = {}) => startNginx(bench, nginxBinary, { upstream, certificate, ...more });
  return { otagate, nginx };
}

/** Both of them, started with the same settings. */
export async function both(stage: Stage, shared: Pick<OtagatePlan, 'recordBytes'> = {}): Promise<Served[]> {
  const servers = [await stage.otagate(shared)];
  if (stage.nginx !== null) servers.push(await stage.nginx(shared));
  return servers;
}

/** The values of a server by its name; none where it was not measured. */
export function valuesOf<T>(turns: ReadonlyMap<Served, T[]>, name: string, read: (turn: T) => number): number[] {
  return [...turns].filter(([server]) => server.name === name).flatMap(([, all]) => all.map(read));
}

// Measures otagate beside nginx: every scenario, or those that `--only` names.
import { cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { selfSigned } from '../test/rig/made-certificate.ts';
import { startChild } from './rig/child.ts';
import { DOMAIN } from './rig/device-words.ts';
import type { LeanCalls } from './rig/lean-upstream.ts';
import { nginxHere } from './rig/nginx.ts';
import { otagateProgram } from './rig/otagate.ts';
import { asPart, type Bench, type Report, runProgram } from './rig/program.ts';
import { comparison, keepResults, type Machine } from './rig/results.ts';
import { readyWrk } from './rig/wrk.ts';
import { scenarios } from './scenarios/all.ts';
import { type Row, starters } from './scenarios/scenario.ts';

const SPEC = {
  name: 'beside-nginx',
  about: 'otagate and nginx at the same work, in turns',
  deadlineMs: 60 * 60_000,
  options: {
    only: { default: 'all', about: 'names of scenarios, with commas' },
    rounds: { default: '3', about: 'measurements of each' },
    seconds: { default: '2', about: 'of load in each measurement' },
    'warm-up': { default: '6', about: 'seconds of load before the first one' },
    profile: { default: 'no', about: 'a folder for CPU profiles of otagate, or no' },
    keep: { default: 'yes', about: 'write bench/results, or no' },
  },
};

async function measure(bench: Bench): Promise<Report> {
  const only = bench.text('only');
  const known = scenarios.map(({ name }) => name);
  const names = only === 'all' ? known : only.split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}`);
  const nginx = nginxHere();
  const wrk = readyWrk(bench);
  const certificate = selfSigned(DOMAIN, 'P-256');
  const program = otagateProgram(bench);
  const upstream = startChild<LeanCalls>(bench, new URL('./rig/lean-upstream.ts', import.meta.url));
  const upstreamPort = await upstream.call('start', { image: { version: '2.0.1', bytes: 300_000 }, offers: false });
  const nginxBinary = 'binary' in nginx ? nginx.binary : null;
  const profile = bench.text('profile');
  const flags = profile === 'no' ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const machine: Machine = {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? '?',
    kernel: release().split('.', 2).join('.'),
    node: process.version,
    openssl: process.versions.openssl,
    nginx: 'version' in nginx ? nginx.version : 'none',
    measured: bench.gate === null ? 'its build (dist/)' : 'a file that --gate named',
  };
  const lengths = {
    rounds: bench.number('rounds'),
    seconds: bench.number('seconds'),
    warmUpSeconds: bench.number('warm-up'),
  };
  const rows: Row[] = [];
  const allNotes: string[] = [];
  const faults: string[] = [];
  for (const { name, run } of scenarios.filter((scenario) => names.includes(scenario.name))) {
    const notes = new Set<string>();
    const shared = { certificate, upstreamPort };
    try {
      const found = await asPart(bench, (part) => {
        const start = starters({ bench: part, ...shared, program, nginxBinary, flags });
        return run({ bench: part, ...shared, ...lengths, ...start, upstream, wrk, notes });
      });
      rows.push(...found);
      allNotes.push(...notes);
      if (bench.text('keep') === 'yes') keepResults(name, { machine, rows: found, notes: [...notes] }, known);
    } catch (error) {
      bench.say(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      // The others are still worth their time; what was kept of this one before stays as it is.
      faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { tables: [comparison('otagate beside nginx', rows)], notes: allNotes, faults };
}

await runProgram(SPEC, measure);

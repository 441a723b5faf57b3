// Owns one run of a cold herd: a server of its own with nothing in its store, a narrow line to its upstream, and devices
// that all begin within a second.
import type { Made } from '../../test/rig/made-certificate.ts';
import { type Member, runHerd } from '../load/herd.ts';
import { startChild } from './child.ts';
import { DOMAIN } from './device-words.ts';
import { cpuMsOf } from './process-tree.ts';
import type { Bench } from './program.ts';
import type { Served } from './served.ts';
import { largest } from './spread.ts';
import type { UpstreamCalls } from './upstream.ts';

export type ColdPlan = {
  /** What `readyHerd` has built. */
  herd: string;
  certificate: Made;
  /** Starts the server that is measured, in front of this upstream. */
  start: (upstream: { kind: 'java'; port: number; voicePort: number }) => Promise<Served>;
  /** Whether devices come slowly for another image before; not for a server that would keep it in the place of the image. */
  warmedUp: boolean;
  devices: number;
  imageBytes: number;
  /** Of the line to the upstream. */
  bytesPerSecond: number;
  secure: boolean;
  /** After which without a byte a device gives up. */
  silenceMs: number;
  /** Who is not done then counts as not done. */
  limitMs: number;
};

export type ColdRun = {
  members: Member[];
  gets: number;
  lineBytes: number;
  cpuMs: number;
  /** Of the devices: what they use, the server has not. */
  loadMs: number;
};

/** Another image, that is small, for devices that come slowly. */
const WARM_UP = { image: { version: '1.9.0', bytes: 64_000 }, devices: 500, withinMs: 5_000 };

export async function coldRun(bench: Bench, plan: ColdPlan): Promise<ColdRun> {
  const { certificate, devices } = plan;
  const image = { version: '2.0.1', bytes: plan.imageBytes };
  const upstream = startChild<UpstreamCalls>(bench, new URL('./upstream.ts', import.meta.url));
  const stand = { kind: 'java', image: WARM_UP.image, devices, bytesPerSecond: plan.bytesPerSecond } as const;
  const server = await plan.start({ kind: stand.kind, ...(await upstream.call('start', stand)) });
  const way = {
    address: '127.0.0.1',
    port: plan.secure ? server.https : server.http,
    ca: plan.secure ? certificate.cert : null,
    name: DOMAIN,
  };
  const shared = { way, silenceMs: plan.silenceMs, limitMs: plan.limitMs };
  if (plan.warmedUp) await runHerd(bench, plan.herd, { ...shared, ...WARM_UP });
  await upstream.call('publish', image);
  await upstream.call('forget', undefined);
  const before = cpuMsOf(server.pid());
  const ran = await runHerd(bench, plan.herd, { ...shared, devices, withinMs: 1000, image });
  const { gets, bytes } = await upstream.call('counts', undefined);
  const cpuMs = cpuMsOf(server.pid()) - before;
  await server.stop();
  upstream.stop();
  return { members: ran.members, gets, lineBytes: bytes, cpuMs, loadMs: ran.cpuMs };
}

/** How many devices of a run have the image, byte for byte. */
export function servedWhole({ members }: ColdRun): number {
  return members.filter(({ outcome }) => outcome === 'identical').length;
}

/** How many hold something complete that is not the image, which must never be. */
export function servedWrong({ members }: ColdRun): number {
  return members.filter(({ outcome }) => outcome === 'other-bytes').length;
}

/** From the first check of all to the end of the last device, in ms. */
export function lastDoneMs({ members }: ColdRun): number {
  return largest(members.map(({ doneMs }) => doneMs));
}

/** What became of those without the image, and how many of them: empty where there are none. */
export function failuresOf(runs: readonly ColdRun[]): string {
  const counts = new Map<string, number>();
  for (const { outcome, stage, status, because } of runs.flatMap(({ members }) => members)) {
    if (outcome === 'identical') continue;
    const what = `${stage}: ${outcome === 'refused' ? `status ${status}` : outcome} ${because}`.trim();
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ');
}

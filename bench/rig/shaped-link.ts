// Owns a link of a known rate between the servers here and clients in a network namespace: what a slow DSL line is.
import { spawnSync } from 'node:child_process';
import { makeNamespace, namespaceHindrance } from '../../test/rig/network-namespace.ts';
import type { Bench } from './program.ts';

export type ShapedLink = {
  /** Put before a command, to run it at the far end. */
  prefix: string[];
  /** Our end's address: where servers listen. */
  address: string;
  /** All bytes that have gone through towards the clients, with the heads of Ethernet, IP and TCP. */
  sentBytes: () => number;
  /** Segments that did not fit the queue. */
  dropped: () => number;
};

/** What a home router queues before it drops. */
const QUEUE_MS = 200;

/**
 * Towards the clients it carries `bitsPerSecond`; the way back is free. It goes with the bench.
 * @throws {Error} where this machine cannot make one
 */
export function shapeLink(bench: Bench, bitsPerSecond: number): ShapedLink {
  const hindrance = namespaceHindrance();
  if (hindrance !== null) throw new Error(`no link of a known rate can be made: ${hindrance}`);
  const space = makeNamespace();
  bench.defer(space.remove);
  const device = deviceOf(space.gateway);
  // TCP segments are let through one by one, as a line does: else 64 KB of them would count as one packet here.
  run('ip', ['link', 'set', device, 'gso_max_segs', '1']);
  const shape = ['rate', `${Math.round(bitsPerSecond)}bit`, 'burst', '16kb', 'latency', `${QUEUE_MS}ms`];
  run('tc', ['qdisc', 'add', 'dev', device, 'root', 'tbf', ...shape]);
  const counter = (name: string): number =>
    Number(new RegExp(`\\b${name} (\\d+)`).exec(run('tc', ['-s', 'qdisc', 'show', 'dev', device]))?.[1] ?? 0);
  return {
    prefix: space.prefix,
    address: space.gateway,
    sentBytes: () => counter('Sent'),
    dropped: () => counter('dropped'),
  };
}

function deviceOf(address: string): string {
  const line = run('ip', ['-o', 'addr', 'show', 'to', address]);
  const device = /^\d+: ([^\s@:]+)/.exec(line)?.[1];
  if (device === undefined) throw new Error(`no device has the address ${address}`);
  return device;
}

function run(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

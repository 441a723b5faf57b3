// Owns a network namespace for a test: one end of a cable in it, the other here, and here is its default gateway.
import { spawnSync } from 'node:child_process';
import { peer } from '../peer.ts';

export type Namespace = {
  /** Put before a command, to run it inside. */
  prefix: string[];
  /** Our end: what the inside has as its default gateway. */
  gateway: string;
  inside: string;
  remove: () => void;
};

const GATEWAY = '10.203.0.1';
const INSIDE = '10.203.0.2';

/** Why there can be none here, or null. */
export function namespaceHindrance(): string | null {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'this user is not root';
  const { skip } = peer('iproute2');
  if (skip !== false) return skip;
  const tried = spawnSync('ip', ['netns', 'add', `otagate-try-${process.pid}`], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'del', `otagate-try-${process.pid}`]);
  return tried.status === 0 ? null : `no namespace can be made: ${tried.stderr.trim()}`;
}

/** @throws {Error} with what `ip` says; what was made by then is removed */
export function makeNamespace(): Namespace {
  const name = `otagate-${process.pid}`;
  const [here, there] = [`og${process.pid}h`, `og${process.pid}n`];
  const remove = (): void => {
    spawnSync('ip', ['link', 'del', here]);
    spawnSync('ip', ['netns', 'del', name]);
  };
  // Whatever ends the test file: a namespace that nobody removes outlives it.
  process.once('exit', remove);
  const steps = [
    `netns add ${name}`,
    `link add ${here} type veth peer name ${there}`,
    `link set ${there} netns ${name}`,
    `addr add ${GATEWAY}/30 dev ${here}`,
    `link set ${here} up`,
    `-n ${name} addr add ${INSIDE}/30 dev ${there}`,
    `-n ${name} link set lo up`,
    `-n ${name} link set ${there} up`,
    `-n ${name} route add default via ${GATEWAY}`,
  ];
  for (const step of steps) {
    const { status, stderr } = spawnSync('ip', step.split(' '), { encoding: 'utf8' });
    if (status === 0) continue;
    remove();
    throw new Error(`ip ${step}: ${stderr}`);
  }
  return {
    prefix: ['ip', 'netns', 'exec', name],
    gateway: GATEWAY,
    inside: INSIDE,
    remove: () => {
      process.off('exit', remove);
      remove();
    },
  };
}

// Owns small libraries in C that are loaded before a load program, and change what it does at one place.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinary } from '../../scripts/peers.mjs';
import type { Bench } from './program.ts';

/** The built library, for `LD_PRELOAD`. @throws {Error} with how to get what is missing */
export function preloadOf(bench: Bench, name: 'no-session' | 'device-socket'): string {
  if (findBinary('gcc') === null)
    throw new Error('gcc is wanted: apt-get install -y --no-install-recommends gcc libc6-dev');
  const library = join(bench.folder, `${name}.so`);
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url));
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O2', '-o', library, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`gcc: ${stderr}`);
  return library;
}

/** Before the command of a child: its connections are those of devices. */
export function withDeviceSockets(bench: Bench): string[] {
  return ['env', `LD_PRELOAD=${preloadOf(bench, 'device-socket')}`];
}

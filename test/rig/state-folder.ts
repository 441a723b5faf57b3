// Owns a stateDir that outlives the gate in it, and the end of a gate with all its processes, as a power cut makes it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from './bounded.ts';
import type { GateRig } from './gate.ts';
import { isAlive } from './process-facts.ts';

/** An empty folder, which goes with the test. */
export function stateFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-state-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The files of the firmware store in a stateDir, by its folders. */
export function storedFiles(stateDir: string): { images: string[]; partial: string[] } {
  const list = (name: string): string[] => readdirSync(join(stateDir, 'firmware-v1', name)).sort();
  return { images: list('images'), partial: list('partial') };
}

/** The gate processes below control. */
export function workersOf(gate: Pick<GateRig, 'pid'>): number[] {
  const text = readFileSync(`/proc/${gate.pid}/task/${gate.pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Kills control and all gates at once, and waits until none of them is left. */
export async function killAll(gate: GateRig): Promise<void> {
  const workers = workersOf(gate);
  gate.kill('SIGKILL');
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  await gate.exited;
  await until('the end of every gate', () => workers.every((pid) => !isAlive(pid)));
}

// Owns what the kernel tells of a process and all that it started: its CPU time, its memory; and ending the whole of it.
import { readdirSync, readFileSync } from 'node:fs';

/** What /proc counts CPU time in: USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

type Stat = { pid: number; parent: number; name: string; cpuTicks: number };

export type Memory = {
  rssBytes: number;
  /** Pages that several processes share are divided among them. */
  pssBytes: number;
};

/** The process and its descendants that are there now. A parent that has died loses them: ask before. */
export function treeOf(root: number): number[] {
  const all = allStats();
  const found = all.some(({ pid }) => pid === root) ? [root] : [];
  for (const pid of found) found.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid));
  return found;
}

/** Children of this process whose command line fits; a process that has just ended fits nothing. */
export function childrenOf(root: number, fits: (commandLine: string) => boolean): number[] {
  return treeOf(root).filter((pid) => pid !== root && fits(readProc(pid, 'cmdline')?.replaceAll('\0', ' ') ?? ''));
}

/** User and system time of the whole tree in ms, in steps of 10: of those that have ended and were waited for, too. */
export function cpuMsOf(root: number): number {
  const tree = new Set(treeOf(root));
  const ticks = allStats()
    .filter(({ pid }) => tree.has(pid))
    .reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
  return ticks * TICK_MS;
}

/** The time in ms that all CPUs together have worked since the machine started. */
export function machineBusyMs(): number {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  // cpu, then user, nice, system, idle, iowait, irq, softirq, steal.
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = first.split(/ +/).map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
}

/** @throws {Error} where the process is gone, or another user's */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss') };
}

/** Ends these, and none else. */
export function killAll(pids: readonly number[], signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended by itself meanwhile.
    }
  }
}

/** A process that waits for its parent to hear of its end is no more. */
export function isAlive(pid: number): boolean {
  const text = readProc(pid, 'stat');
  return text !== null && !/^\d+ \(.*\) [ZX]/s.test(text);
}

function allStats(): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null);
}

/** proc(5): the name stands in brackets and may hold anything; state is field 3, utime to cstime are 14 to 17. */
function readStat(pid: number): Stat | null {
  const text = readProc(pid, 'stat');
  const match = text === null ? null : /^\d+ \((.*)\) (.*)$/s.exec(text);
  if (match === null) return null;
  const fields = (match[2] ?? '').split(' ');
  const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), name: match[1] ?? '', cpuTicks };
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

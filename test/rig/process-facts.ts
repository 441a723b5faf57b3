// Owns what the kernel tells of a process: whether it lives, and how much memory it holds.
import { readFileSync } from 'node:fs';

/** Whether a process is there; one that has ended and waits for its parent counts as gone. */
export function isAlive(pid: number): boolean {
  const state = statusOf(pid, 'State');
  return state !== undefined && !/^[ZX]/.test(state);
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number.parseInt(statusOf(pid, 'VmRSS') ?? '0', 10) * 1024;
}

function statusOf(pid: number, key: string): string | undefined {
  try {
    return new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

// Owns a small disk for tests: a tmpfs that a store can fill. Only root may mount one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const ALL = 'all-of-it';

export type SmallDisk = {
  folder: string;
  /** Takes so many bytes of it, under this name; writes as many as fit. */
  fill: (name: string, bytes: number) => void;
  /** Takes all of it, to the last byte. */
  fillUp: () => void;
  /** Gives back what was taken under this name, or by `fillUp`. */
  free: (name?: string) => void;
  /** Refused while a file on it is open for writing. */
  remount: (how: 'ro' | 'rw') => void;
  /** This folder of it becomes read-only for whoever comes by its path; what is open is written on. */
  seal: (path: string) => void;
};

/** Null, with the reason told, where this user may not mount. Unmounted with the test. */
export function smallDisk(t: Pick<TestContext, 'after' | 'skip'>, mebibytes: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(folder);
    t.skip(`only root may mount a tmpfs: ${String(error)}`);
    return null;
  }
  t.after(() => {
    execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
    rmdirSync(folder);
  });
  const fill = (name: string, bytes: number): void => {
    try {
      writeFileSync(join(folder, name), Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  };
  return {
    folder,
    fill,
    fillUp: () => fill(ALL, mebibytes * 1024 * 1024),
    free: (name = ALL) => rmSync(join(folder, name), { force: true }),
    remount: (how) => void execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' }),
    seal: (path) => {
      execFileSync('mount', ['--bind', path, path], { stdio: 'pipe' });
      execFileSync('mount', ['-o', 'remount,bind,ro', path], { stdio: 'pipe' });
    },
  };
}

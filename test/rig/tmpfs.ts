// Owns a small disk for tests: a tmpfs that a store can fill. Only root may mount one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export type SmallDisk = {
  folder: string;
  /** Takes so many bytes of it, under this name; writes as many as fit. */
  fill: (name: string, bytes: number) => void;
  free: (name: string) => void;
  remount: (how: 'ro' | 'rw') => void;
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
  return {
    folder,
    fill: (name, bytes) => {
      try {
        writeFileSync(join(folder, name), Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: (name) => rmSync(join(folder, name), { force: true }),
    remount: (how) => void execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' }),
  };
}

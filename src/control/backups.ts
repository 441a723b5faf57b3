// Owns backups on a schedule: made by a process of their own, counted from the last one that is there, the oldest removed.
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { STAGING } from '../backup/manifest.ts';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { BackupConfig } from '../config/backup.ts';
import type { Config } from '../config/config.ts';
import type { Notices } from './notices.ts';

const COMMAND = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../cli/main.ts' : '../cli/main.js', import.meta.url),
);
// Of ours, and no other file: `otagate-20261128T161500Z.tar.gz`, with `.age` where it is encrypted.
const NAME = /^otagate-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar\.gz(\.age)?$/;
const LONGEST_MS = 3_600_000;
// After a failure, and while nothing is due.
const LOOK_MS = 10 * 60_000;
/** What the command says of a backup, as far as it is told on. */
const saidSchema = z.object({ leftOut: z.array(z.string()) });
const MAX_SAID = 64 * 1024 * 1024;
// In one line of the log; `leftOut` has their number.
const MAX_NAMES = 10;

export class Backups {
  readonly #config: () => Config;
  readonly #notices: Notices;
  readonly #log: Log;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #futureTold = false;

  constructor(config: () => Config, notices: Notices, log: Log) {
    this.#config = config;
    this.#notices = notices;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(Date.now()), LOOK_MS).unref();
    void this.look(Date.now());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ending.abort();
  }

  /** Makes one where it is due. Never throws. */
  async look(nowMs: number): Promise<void> {
    const { backup } = this.#config();
    if (backup === null || this.#busy) return;
    this.#busy = true;
    try {
      await mkdir(backup.folder, { recursive: true, mode: 0o700 });
      const there = await backupsIn(backup.folder, nowMs);
      this.#tellFuture(backup.folder, there.future);
      const [newest] = there.past;
      // Counted from the newest that is there, so that a restart does not make another one.
      if (newest !== undefined && nowMs - newest.atMs < backup.everyMs) return;
      await removeLeftovers(backup, nowMs);
      const file = join(backup.folder, nameOf(backup, nowMs));
      const leftOut = await this.#make(backup, file);
      await removeOldest(backup, nowMs);
      const without = leftOut.length === 0 ? '' : `; not in it: ${leftOut.slice(0, MAX_NAMES).join(', ')}`;
      this.#log.info({ event: 'backup', file, leftOut: leftOut.length }, `backed up to ${file}${without}`);
      this.#notices.end('backup-failed', backup.folder, `backed up to ${file}`);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const detail = `no backup could be made in ${backup.folder}: ${failureOf(error)}`;
      this.#log.error({ event: 'backup-failed', folder: backup.folder, detail: failureOf(error) }, detail);
      this.#notices.begin('backup-failed', backup.folder, detail);
    } finally {
      this.#busy = false;
    }
  }

  /** Once, until there are none. */
  #tellFuture(folder: string, future: Made[]): void {
    const names = future.map(({ name }) => name);
    if (names.length > 0 && !this.#futureTold) {
      this.#log.warn(
        { event: 'backup-of-future', folder, files: names.slice(0, 10), count: names.length },
        `${names.length} of the backups in ${folder} are of a time that is still to come, such as ${names[0]}: this machine's clock was wrong, or is; they are neither counted nor removed, so remove them by hand`,
      );
    }
    this.#futureTold = names.length > 0;
  }

  /** By the command, so that hashing and packing cost control nothing. Gives the files that are named and not in it. */
  async #make({ recipient, firmware }: BackupConfig, file: string): Promise<string[]> {
    const options = [...(recipient === null ? [] : ['--recipient', recipient]), ...(firmware ? [] : ['--no-firmware'])];
    const args = [...process.execArgv, COMMAND, 'backup', file, ...options, '--json', '-c', this.#config().file];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      signal: this.#ending.signal,
      timeout: LONGEST_MS,
      maxBuffer: MAX_SAID,
    });
    return saidSchema.parse(JSON.parse(stdout)).leftOut;
  }
}

async function removeOldest({ folder, keep }: BackupConfig, nowMs: number): Promise<void> {
  const { past } = await backupsIn(folder, nowMs);
  for (const { name } of past.slice(keep)) await rm(join(folder, name), { force: true });
}

/** Of those who were killed at it: as large as a backup, one for each stop, until the disk is full. */
async function removeLeftovers({ folder }: BackupConfig, nowMs: number): Promise<void> {
  for (const name of (await readdir(folder)).filter((each) => each.startsWith(STAGING))) {
    const place = join(folder, name);
    const { mtimeMs } = await stat(place);
    // One that is made by hand may be on its way.
    if (nowMs - mtimeMs > 2 * LONGEST_MS) await rm(place, { recursive: true, force: true });
  }
}

type Made = { name: string; atMs: number };

/**
 * Ours, by the time in their names, the newest first. Those of the future are of a clock that was wrong, or is wrong now:
 * as the newest of all they would have every other one removed.
 */
async function backupsIn(folder: string, nowMs: number): Promise<{ past: Made[]; future: Made[] }> {
  const made = (await readdir(folder))
    .map((name) => ({ name, atMs: Date.parse(name.replace(NAME, '$1-$2-$3T$4:$5:$6Z')) }))
    .filter(({ name, atMs }) => NAME.test(name) && !Number.isNaN(atMs))
    .sort((a, b) => b.atMs - a.atMs);
  return { past: made.filter(({ atMs }) => atMs <= nowMs), future: made.filter(({ atMs }) => atMs > nowMs) };
}

function nameOf({ recipient }: BackupConfig, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `otagate-${stamp}.tar.gz${recipient === null ? '' : '.age'}`;
}

/** What the command said, where it said something. */
function failureOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? errorText(error) : said;
}

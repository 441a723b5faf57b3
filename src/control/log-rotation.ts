// Owns putting log files aside. Control does it for all: several processes write to one file, and each library that
// rotates takes itself for the only one. A file is renamed, and everybody then opens a new one: no line is lost.
import { type Stats, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { errorText } from '../base/errors.ts';
import type { OpenedLog } from '../base/log.ts';
import type { LogConfig } from '../config/config.ts';
import type { ToGate } from '../link/messages.ts';

const LOOK_MS = 2_000;

export class LogRotation {
  readonly #opened: OpenedLog;
  readonly #post: (news: ToGate) => void;
  readonly #begunMs = new Map<string, number>();
  #config: LogConfig | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #failing = false;

  /** `opened` is this process's own log, `post` reaches every gate. */
  constructor(opened: OpenedLog, post: (news: ToGate) => void) {
    this.#opened = opened;
    this.#post = post;
  }

  /** Every process begins its files anew, whoever put the old ones aside. */
  reopen(): void {
    this.#opened.reopen();
    this.#post({ kind: 'reopen-logs' });
  }

  /** Takes what the configuration says of rotation from now on. */
  apply({ log }: { log: LogConfig }): void {
    this.#config = log;
    clearInterval(this.#timer);
    if (log.rotate === undefined) return;
    this.#timer = setInterval(() => void this.look(Date.now()), LOOK_MS).unref();
  }

  /** Puts aside what is due. Never throws: a failure is told once, until it works again. */
  async look(nowMs: number): Promise<void> {
    const config = this.#config;
    if (config?.rotate === undefined || this.#looking) return;
    this.#looking = true;
    try {
      const files = [config.file, config.access?.file].filter((file) => file !== undefined);
      const due = files.filter((file) => this.#isDue(file, config, nowMs));
      for (const file of due) {
        await putAside(file, config.rotate.keep);
        this.#begunMs.set(file, nowMs);
      }
      if (due.length > 0) this.reopen();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#opened.log.error(
          { event: 'rotation-failed', detail: errorText(error) },
          `a log file cannot be put aside, and grows on: ${errorText(error)}`,
        );
      this.#failing = true;
    } finally {
      this.#looking = false;
    }
  }

  #isDue(file: string, { rotate }: LogConfig, nowMs: number): boolean {
    const stats = statOf(file);
    if (rotate === undefined || stats === null || stats.size === 0) return false;
    // What was there before this run was begun when it says; many file systems do not.
    const begunMs = this.#begunMs.get(file) ?? (stats.birthtimeMs || nowMs);
    this.#begunMs.set(file, begunMs);
    const { maxBytes, everyMs } = rotate;
    return (maxBytes !== null && stats.size > maxBytes) || (everyMs !== null && nowMs - begunMs >= everyMs);
  }
}

/** `file` becomes `file.1`, that one `file.2`, and the one past `keep` goes. */
async function putAside(file: string, keep: number): Promise<void> {
  await rm(`${file}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number -= 1) {
    if (statOf(`${file}.${number}`) !== null) await rename(`${file}.${number}`, `${file}.${number + 1}`);
  }
  await rename(file, `${file}.1`);
}

function statOf(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}

// Owns the question whether this process may open one more file or connection. It is asked again and again: where it may
// not, the system takes no new connections, and tells nobody.
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from './errors.ts';
import type { Log } from './log.ts';

const LOOK_MS = 1_000;
const AGAIN_MS = 60_000;
// /proc/self/limits has some 1.3 KB.
const LIMITS_BYTES = 4096;

/** The codes by which the system says it: of this process (EMFILE), or of the whole machine (ENFILE). */
export const NO_DESCRIPTOR_CODES: readonly string[] = ['EMFILE', 'ENFILE'];

export class Descriptors {
  readonly #log: Log;
  /** Kept open, so that it can be read when nothing can be opened; null where the system has no such file. */
  readonly #limits: number | null = openedOrNull('/proc/self/limits');
  readonly #timer: NodeJS.Timeout;
  #limit = Number.POSITIVE_INFINITY;
  #sinceMs: number | null = null;
  #toldMs = 0;

  constructor(log: Log) {
    this.#log = log;
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** How many this process may have, as of a second ago at the most: it can be set from outside at any time. */
  get limit(): number {
    return this.#limit;
  }

  /** Tells when there are none, again each minute, and once when there are some again. Runs by itself. */
  look(): void {
    if (this.#limits !== null) this.#limit = limitIn(readAgain(this.#limits));
    const refused = whyNone();
    const nowMs = performance.now();
    if (refused === null) {
      if (this.#sinceMs === null) return;
      const seconds = Math.round((nowMs - this.#sinceMs) / 1000);
      this.#sinceMs = null;
      const facts = { event: 'descriptors-out-over', limit: this.#told(), seconds };
      this.#log.info(
        facts,
        `files and connections can be opened again, after ${seconds} s; the limit is ${this.#told()}`,
      );
      return;
    }
    if (this.#sinceMs !== null && nowMs - this.#toldMs < AGAIN_MS) return;
    this.#sinceMs ??= nowMs;
    this.#toldMs = nowMs;
    const facts = { event: 'descriptors-out', reason: refused, limit: this.#told(), pid: process.pid };
    this.#log.error(facts, refused === 'ENFILE' ? MACHINE : words(this.#told()));
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#limits !== null) closeSync(this.#limits);
  }

  #told(): number | null {
    return Number.isFinite(this.#limit) ? this.#limit : null;
  }
}

const MACHINE =
  'this machine has no file descriptors left (ENFILE): new connections are not taken; raise fs.file-max, or end what holds them';

function words(limit: number | null): string {
  const most =
    limit === null ? 'as many files and connections as it may' : `all ${limit} files and connections that it may`;
  return `this process has ${most} (EMFILE): new connections are not taken; raise the limit now by prlimit --pid ${process.pid} --nofile=65536: and for good by LimitNOFILE (systemd) or ulimits (Docker)`;
}

/** The soft limit of open files in the text of /proc/PID/limits; infinite where it says none. */
export function limitIn(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Null where one can be opened, or where that fails for another reason. */
function whyNone(): string | null {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return null;
  } catch (error) {
    const code = errorCode(error);
    return NO_DESCRIPTOR_CODES.includes(code) ? code : null;
  }
}

function openedOrNull(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}

function readAgain(descriptor: number): string {
  const bytes = Buffer.alloc(LIMITS_BYTES);
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, LIMITS_BYTES, 0)).toString();
  } catch {
    return '';
  }
}

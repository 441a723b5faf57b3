// Owns the line to Redis as the rest sees it: there or gone, told once each, come back to by itself, every command bounded.
import { createHash } from 'node:crypto';
import { errorText, GateError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { type RedisStore, writeServer } from '../../config/store.ts';
import { type Argument, type Connection, connect } from './client.ts';
import { channelOf } from './keys.ts';

const COMMAND_MS = 2_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 1_000];

export type RedisLinkOptions = {
  store: RedisStore;
  log: Log;
  /** Redis is there, for the first time or again. */
  onThere: () => void;
  /** Another machine changed something. */
  onNudge: () => void;
};

/** A script, and the name that Redis knows it by once it has seen it. */
export type Script = { text: string; sha1: string };

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

export class RedisLink {
  readonly #options: RedisLinkOptions;
  #connection: Connection | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #told = false;
  /** Commands sent since the start, for the status. */
  commands = 0;
  /** Why there is no connection; null while there is one. */
  trouble: string | null = 'not connected yet';
  #sinceMs = Date.now();

  constructor(options: RedisLinkOptions) {
    this.#options = options;
  }

  /** Since when it is there, or gone. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  get there(): boolean {
    return this.#connection !== null;
  }

  /** Connects, and comes back whenever the connection is lost. Resolves after the first try, however it ended. */
  start(): Promise<void> {
    return this.#try();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** @throws {GateError} STORE_GONE where Redis does not answer within 2 s; the server's own error else */
  async run(args: Argument[]): Promise<unknown> {
    const connection = this.#connection;
    if (connection === null) throw gone(this.trouble ?? 'not connected');
    this.commands += 1;
    try {
      return await inTime(connection.send(args));
    } catch (error) {
      if (isReply(error)) throw error;
      this.#lose(connection, error);
      throw error instanceof GateError ? error : gone(errorText(error));
    }
  }

  /** Runs a script on these keys. @throws as `run` */
  async runScript({ text, sha1 }: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.run(['EVALSHA', sha1, ...rest]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return this.run(['EVAL', text, ...rest]);
    }
  }

  async #try(): Promise<void> {
    const { store, log, onThere } = this.#options;
    const opened: { connection: Connection | null } = { connection: null };
    try {
      let lost: unknown = null;
      const connection = await connect(store, (error) => {
        lost = error;
        if (opened.connection !== null) this.#lose(opened.connection, error);
      });
      opened.connection = connection;
      await this.#subscribe(connection);
      if (lost !== null) throw lost;
      if (this.#stopped) {
        connection.destroy();
        return;
      }
      this.#connection = connection;
    } catch (error) {
      // Nothing of a try that failed stays behind: there is another one each second.
      opened.connection?.destroy();
      this.#tellGone(error);
      this.#again();
      return;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    if (this.#told) log.info({ event: 'store-back', seconds: this.#seconds() }, `Redis is back: ${writeServer(store)}`);
    this.#told = false;
    this.trouble = null;
    this.#sinceMs = Date.now();
    onThere();
  }

  async #subscribe(connection: Connection): Promise<void> {
    const { store, onNudge } = this.#options;
    try {
      await inTime(connection.subscribe(channelOf(store.name), onNudge));
    } catch (error) {
      const text = errorText(error);
      // Since Redis 7 a user who was given keys and commands has no channel yet.
      if (text.startsWith('NOPERM')) throw new Error(`its ACL lacks &${channelOf(store.name)}: ${text}`);
      throw error;
    }
  }

  #lose(connection: Connection, error: unknown): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#sinceMs = Date.now();
    connection.destroy();
    this.#tellGone(error);
    this.#again();
  }

  #tellGone(error: unknown): void {
    const { store, log } = this.#options;
    this.trouble = errorText(error);
    if (this.#told || this.#stopped) return;
    this.#told = true;
    log.error(
      { event: 'store-gone', redis: writeServer(store), detail: this.trouble },
      `Redis at ${writeServer(store)} cannot be reached (${this.trouble}): all that is served goes on from this machine's own copy, changes and history wait`,
    );
  }

  #again(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#try(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#sinceMs) / 1000);
  }
}

function gone(why: string): GateError {
  return new GateError('STORE_GONE', `Redis does not answer: ${why}`, { fault: 'gate', status: 503, retry: true });
}

/** @throws {GateError} STORE_GONE where there is no answer in time; what it was answered with else */
async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(gone(`no answer within ${COMMAND_MS} ms`)), COMMAND_MS);
  });
  asked.catch(() => {}); // heard below, or nobody waits any more
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the server itself says, as NOSCRIPT, NOAUTH or WRONGTYPE, is no loss of the connection. */
function isReply(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof GateError) return false;
  // The last three are of a server that is not in charge, or not yet: another one may be.
  return /^[A-Z]{3,} /.test(error.message) && !/^(READONLY|LOADING|MASTERDOWN) /.test(error.message);
}

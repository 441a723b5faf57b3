// Owns the certificates that the gate gets by itself: which are due, one order at a time, and what became of each.
import { createHash, X509Certificate } from 'node:crypto';
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { AcmeConfig } from '../config/acme-config.ts';
import { type Account, openAccount } from '../tls/acme/account.ts';
import { certificateId, fetchRenewalInfo } from '../tls/acme/ari.ts';
import { type Obtained, readObtained, writeObtained } from '../tls/acme/certificate-files.ts';
import { obtain, type Presenter } from '../tls/acme/order.ts';
import { type RenewalWindow, renewalDueMs, retryPauseMs } from '../tls/acme/renewal.ts';

/** What `otagate status` and `certs list` tell of a certificate that is kept. */
export type KeptCertificate = {
  name: string;
  keyType: 'ecdsa' | 'rsa';
  issuer: string | null;
  notAfter: string | null;
  renewalDue: string | null;
  failures: number;
  lastError: string | null;
  nextTryInSeconds: number | null;
};

/** What a renewal by command came to. `kept` are all names that are kept. */
export type RenewOutcome = { kept: string[]; renewed: string[]; faults: string[] };

export type KeeperOptions = {
  stateDir: string;
  log: Log;
  presenter: Presenter;
  /** Told after each new certificate; the gates are then given it. */
  onObtained: () => Promise<void>;
};

type Item = {
  name: string;
  keyType: 'ecdsa' | 'rsa';
  obtained: Obtained | null;
  window: RenewalWindow | null;
  /** Monotonic times: a wall clock that jumps moves neither a pause nor a look at the CA's window. */
  askWindowAt: number;
  retryAt: number;
  failures: number;
  lastError: string | null;
};

const LONGEST_SLEEP_MS = 60_000;
const SHORTEST_SLEEP_MS = 500;
const DAY_MS = 86_400_000;

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  #config: AcmeConfig | null = null;
  #items: Item[] = [];
  #client: Promise<Account> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopping = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Keeps certificates for these names from now on. Those on disk count at once; orders begin with `start`. */
  configure(config: AcmeConfig | null, names: readonly string[]): void {
    const { stateDir, log } = this.#options;
    if (JSON.stringify(config) !== JSON.stringify(this.#config)) this.#client = null;
    this.#config = config;
    if (config === null) {
      this.#items = [];
      return;
    }
    const { obtained, damaged } = readObtained(stateDir);
    for (const text of damaged) log.warn({ event: 'certificate-damaged' }, text);
    const keyTypes = config.keyType === 'both' ? (['ecdsa', 'rsa'] as const) : ([config.keyType] as const);
    this.#items = names.flatMap((name) =>
      keyTypes.map((keyType) => {
        const known = this.#items.find((item) => item.name === name && item.keyType === keyType);
        const onDisk = obtained.find((one) => one.name === name && one.keyType === keyType) ?? null;
        return known ?? newItem(name, keyType, onDisk);
      }),
    );
  }

  /** Looks at once, and then whenever something is due. */
  start(): void {
    this.#wake(0);
  }

  /** The certificates that can be served now. One of another directory serves until its successor is there. */
  certificates(nowMs: number): Obtained[] {
    return this.#items.flatMap(({ obtained }) =>
      obtained !== null && validity(obtained).notAfterMs > nowMs ? [obtained] : [],
    );
  }

  /** Renews now, whatever the date: all, or one name. */
  async renew(name: string | null): Promise<RenewOutcome> {
    const outcome: RenewOutcome = { kept: this.names(), renewed: [], faults: [] };
    const items = this.#items.filter((item) => name === null || item.name === name);
    await this.#serially(async () => {
      for (const item of items) {
        await this.#order(item);
        const what = `${item.name} (${item.keyType})`;
        if (item.lastError === null) outcome.renewed.push(what);
        else outcome.faults.push(`${what}: ${item.lastError}`);
      }
    });
    return outcome;
  }

  names(): string[] {
    return [...new Set(this.#items.map(({ name }) => name))];
  }

  status(): KeptCertificate[] {
    return this.#items.map((item) => ({
      name: item.name,
      keyType: item.keyType,
      issuer: item.obtained === null ? null : new X509Certificate(item.obtained.certPem).issuer.replaceAll('\n', ', '),
      notAfter: item.obtained === null ? null : new Date(validity(item.obtained).notAfterMs).toISOString(),
      renewalDue: item.obtained === null ? null : new Date(dueMs(item, item.obtained)).toISOString(),
      failures: item.failures,
      lastError: item.lastError,
      nextTryInSeconds: item.failures === 0 ? null : Math.max(0, Math.round((item.retryAt - performance.now()) / 1000)),
    }));
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort();
    await this.#round;
  }

  #wake(inMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      void this.#serially(() => this.#look()).then(() => this.#wake(this.#sleepMs()));
    }, inMs).unref();
  }

  /** One thing at a time: the same name is never ordered twice at once. */
  #serially(work: () => Promise<void>): Promise<void> {
    this.#round = this.#round.then(work).catch((error) => {
      this.#options.log.error(
        { event: 'certificate-keeper', detail: errorText(error) },
        'looking after certificates failed',
      );
    });
    return this.#round;
  }

  async #look(): Promise<void> {
    for (const item of this.#items) {
      if (this.#stopping.signal.aborted) return;
      await this.#askWindow(item);
      if (this.#isDue(item, Date.now())) await this.#order(item);
    }
  }

  #isDue(item: Item, nowMs: number): boolean {
    if (performance.now() < item.retryAt) return false;
    if (item.obtained === null || item.obtained.directory !== this.#config?.directory) return true;
    return nowMs >= dueMs(item, item.obtained);
  }

  #sleepMs(): number {
    const nowMs = Date.now();
    const waits = this.#items.map((item) => {
      const pause = item.retryAt - performance.now();
      return Math.max(pause, item.obtained === null ? 0 : dueMs(item, item.obtained) - nowMs);
    });
    return Math.max(SHORTEST_SLEEP_MS, Math.min(LONGEST_SLEEP_MS, ...waits));
  }

  async #askWindow(item: Item): Promise<void> {
    if (item.obtained === null || performance.now() < item.askWindowAt) return;
    item.askWindowAt = performance.now() + 6 * 3_600_000;
    try {
      const info = await fetchRenewalInfo(await this.#open(), item.obtained.certPem, Date.now());
      item.window = info?.window ?? null;
      if (info !== null) item.askWindowAt = performance.now() + info.askAgainMs;
    } catch (error) {
      // Without the window, a third of the lifetime decides; an unreachable CA shows when something is due.
      this.#options.log.debug(
        { event: 'renewal-info', name: item.name, detail: errorText(error) },
        'no renewal information',
      );
    }
  }

  async #order(item: Item): Promise<void> {
    const { log, stateDir, presenter, onObtained } = this.#options;
    const config = this.#config;
    if (config === null) return;
    const { name, keyType } = item;
    try {
      const client = await this.#open();
      const replaces = item.obtained?.directory === config.directory ? certificateId(item.obtained.certPem) : null;
      log.info(
        { event: 'certificate-order', name, keyType, directory: config.directory },
        `ordering a certificate for ${name}`,
      );
      const pair = await obtain(client, config, { name, keyType, replaces }, presenter, this.#stopping.signal);
      const obtained: Obtained = { name, keyType, directory: config.directory, ...pair };
      writeObtained(stateDir, obtained);
      Object.assign(item, { obtained, failures: 0, lastError: null, retryAt: 0, window: null, askWindowAt: 0 });
      const { notAfterMs } = validity(obtained);
      log.info(
        { event: 'certificate-obtained', name, keyType, notAfter: new Date(notAfterMs).toISOString() },
        `${name} has a new certificate`,
      );
      if (this.#isDue(item, Date.now())) {
        // Our clock or the CA's is wrong: the order would repeat itself without end.
        item.retryAt = performance.now() + DAY_MS;
        log.error(
          { event: 'certificate-clock', name },
          `the new certificate of ${name} is due already: is this machine's clock right?`,
        );
      }
      await onObtained();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failed(item, error);
    }
  }

  #failed(item: Item, error: unknown): void {
    const known = error instanceof GateError ? error : null;
    const retryAfter = known?.facts.retryAfterMs;
    item.failures += 1;
    item.lastError = printable(errorText(error), 500);
    const pauseMs = retryPauseMs(item.failures, typeof retryAfter === 'number' ? retryAfter : null, Math.random());
    item.retryAt = performance.now() + pauseMs;
    if (known?.code === 'ACME_UNREACHABLE' || known?.code === 'ACME_DIRECTORY') this.#client = null;
    const left = item.obtained === null ? null : validity(item.obtained).notAfterMs - Date.now();
    const serving =
      left !== null && left > 0
        ? `the old one serves for ${Math.floor(left / DAY_MS)} more days`
        : 'the local CA serves meanwhile';
    this.#options.log.warn(
      {
        event: 'certificate-failed',
        name: item.name,
        keyType: item.keyType,
        code: known?.code,
        failures: item.failures,
        retryInSeconds: Math.round(pauseMs / 1000),
        detail: item.lastError,
      },
      `no new certificate for ${item.name}: ${item.lastError}; next try in ${Math.round(pauseMs / 60_000)} min, ${serving}`,
    );
  }

  #open(): Promise<Account> {
    if (this.#config === null) return Promise.reject(new TypeError('no ACME is configured'));
    this.#client ??= openAccount(this.#config, this.#options.stateDir);
    this.#client.catch(() => {
      this.#client = null;
    });
    return this.#client;
  }
}

function newItem(name: string, keyType: 'ecdsa' | 'rsa', obtained: Obtained | null): Item {
  return { name, keyType, obtained, window: null, askWindowAt: 0, retryAt: 0, failures: 0, lastError: null };
}

function validity({ certPem }: Obtained): { notBeforeMs: number; notAfterMs: number } {
  const leaf = new X509Certificate(certPem);
  return { notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() };
}

function dueMs(item: Item, obtained: Obtained): number {
  // The same for one certificate at every look, and different for each: its own hash.
  const hash = createHash('sha256').update(obtained.certPem).digest();
  return renewalDueMs(validity(obtained), item.window, hash.readUInt32BE() / 2 ** 32);
}

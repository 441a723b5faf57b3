// Owns the certificates that the gate gets by itself: which are due, one order at a time, and what became of each.
import { type Clock, systemClock } from '../base/clock.ts';
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { AcmeConfig } from '../config/acme-config.ts';
import { type Agreement, aloneAgreement, type Lease } from '../store/agreement.ts';
import { type Account, openAccount } from '../tls/acme/account.ts';
import { fetchRenewalInfo, replacedId } from '../tls/acme/ari.ts';
import { type Obtained, readObtained, writeObtained } from '../tls/acme/certificate-files.ts';
import { obtain, type Presenter } from '../tls/acme/order.ts';
import { retryPauseMs } from '../tls/acme/renewal.ts';
import { dueMs, type Item, type KeptCertificate, newItem, servingWords, statusOf, validity } from './kept-item.ts';
import { inTurn, type OtherKeepers } from './order-turn.ts';

/** What a renewal by command came to. `kept` are all names that are kept. */
export type RenewOutcome = { kept: string[]; renewed: string[]; faults: string[] };

export type KeeperOptions = {
  stateDir: string;
  log: Log;
  presenter: Presenter;
  /** Told after each new certificate; the gates are then given it. */
  onObtained: () => Promise<void>;
  /** One order for each name, over all machines; left out where there is one machine. */
  agreement?: Agreement;
  others?: OtherKeepers;
  /** The wall clock, which may jump, and one that does not: milliseconds since whenever. */
  clock?: Clock;
  monotonic?: Clock;
};

const LONGEST_SLEEP_MS = 60_000;
const SHORTEST_SLEEP_MS = 500;
// While another machine orders: it tells of its certificate at once, and one that dies is noticed so soon.
const TURN_MS = 2_000;
const [HOUR_MS, DAY_MS] = [3_600_000, 24 * 3_600_000];

const NEWLY_OBTAINED = { failures: 0, lastError: null, retryAt: 0, window: null, askWindowAt: 0 };

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #nowMs: Clock;
  readonly #monotonicMs: Clock;
  readonly #agreement: Agreement;
  #started = false;
  #config: AcmeConfig | null = null;
  #items: Item[] = [];
  #client: Promise<Account> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopping = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#agreement = options.agreement ?? aloneAgreement();
    this.#nowMs = options.clock ?? systemClock;
    this.#monotonicMs = options.monotonic ?? (() => performance.now());
  }

  /** Keeps certificates for these names from now on. Those on disk count at once; orders begin with `start`. */
  configure(config: AcmeConfig | null, names: readonly string[]): void {
    const { stateDir, log } = this.#options;
    if (JSON.stringify(config) !== JSON.stringify(this.#config)) {
      this.#client = null;
      // What failed may have been the configuration: the new one is tried at once.
      for (const item of this.#items) Object.assign(item, { failures: 0, lastError: null, retryAt: 0 });
    }
    this.#config = config;
    this.#items = config === null ? [] : this.#items;
    if (config === null) return;
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
    if (this.#started) this.#wake(0);
  }

  /** Looks at once, and then whenever something is due. */
  start(): void {
    this.#started = true;
    this.#wake(0);
  }

  /**
   * The certificates to serve. One of another directory serves until its successor is there; so does an expired one:
   * devices look at the root, not at the date, and nothing that could take its place has a root that they know.
   */
  certificates(): Obtained[] {
    return this.#items.flatMap(({ obtained }) => (obtained === null ? [] : [obtained]));
  }

  /** Renews now, whatever the date: all, or one name. */
  async renew(name: string | null): Promise<RenewOutcome> {
    const outcome: RenewOutcome = { kept: this.names(), renewed: [], faults: [] };
    const items = this.#items.filter((item) => name === null || item.name === name);
    await this.#serially(async () => {
      for (const item of items) {
        const fault = await this.#orderInTurn(item, 'by command');
        if (fault === null) outcome.renewed.push(`${item.name} (${item.keyType})`);
        else outcome.faults.push(`${item.name} (${item.keyType}): ${fault}`);
      }
    });
    if (this.#started) this.#wake(this.#sleepMs());
    return outcome;
  }

  readonly names = (): string[] => [...new Set(this.#items.map(({ name }) => name))];

  status(): KeptCertificate[] {
    return this.#items.map((item) => statusOf(item, this.#monotonicMs()));
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
      if (!this.#items.includes(item)) continue; // taken out of the configuration meanwhile
      if (item.unsaved) this.#save(item);
      await this.#askWindow(item);
      if (this.#isDue(item)) await this.#orderInTurn(item, 'due');
    }
  }

  #isDue(item: Item): boolean {
    if (this.#monotonicMs() < item.retryAt) return false;
    if (item.obtained === null || item.obtained.directory !== this.#config?.directory) return true;
    return this.#nowMs() >= dueMs(item, item.obtained);
  }

  #sleepMs(): number {
    const nowMs = this.#nowMs();
    const waits = this.#items.map((item) => {
      const pause = item.retryAt - this.#monotonicMs();
      return Math.max(pause, item.obtained === null ? 0 : dueMs(item, item.obtained) - nowMs);
    });
    return Math.max(SHORTEST_SLEEP_MS, Math.min(LONGEST_SLEEP_MS, ...waits));
  }

  async #askWindow(item: Item): Promise<void> {
    if (item.obtained === null || this.#monotonicMs() < item.askWindowAt) return;
    item.askWindowAt = this.#monotonicMs() + 6 * HOUR_MS;
    try {
      const info = await fetchRenewalInfo(await this.#open(), item.obtained.certPem, this.#nowMs());
      item.window = info?.window ?? null;
      if (info !== null) item.askWindowAt = this.#monotonicMs() + info.askAgainMs;
    } catch (error) {
      // Without the window, a third of the lifetime decides; an unreachable CA shows when something is due.
      const facts = { event: 'renewal-info', name: item.name, detail: errorText(error) };
      this.#options.log.debug(facts, 'no renewal information');
    }
  }

  /** Takes a certificate that another machine obtained; it stands in its file already. */
  adopt(obtained: Obtained): void {
    const item = this.#items.find(({ name, keyType }) => name === obtained.name && keyType === obtained.keyType);
    Object.assign(item ?? {}, { obtained, unsaved: false, ...NEWLY_OBTAINED });
    if (this.#started) this.#wake(this.#sleepMs());
  }

  /** Orders where no other machine does. Gives back why there is no new certificate, or null. */
  async #orderInTurn(item: Item, why: 'due' | 'by command'): Promise<string | null> {
    const end = await inTurn(this.#agreement, item, async (lease) => {
      // It may be here since.
      await this.#options.others?.sync();
      if (why === 'due' && !this.#isDue(item)) return { fault: null, restMs: 0 };
      const fault = await this.#order(item, lease);
      return { fault, restMs: fault === null ? 0 : Math.max(0, item.retryAt - this.#monotonicMs()) };
    });
    if (end !== null) return end.fault;
    item.retryAt = this.#monotonicMs() + TURN_MS;
    return 'another machine orders it at this moment, or Redis cannot be asked whether one does';
  }

  /** Gives back why there is no new certificate, or null. */
  async #order(item: Item, lease: Lease): Promise<string | null> {
    const { log, presenter, onObtained } = this.#options;
    const config = this.#config;
    if (config === null) return 'tls.acme was taken out of the configuration';
    const { name, keyType } = item;
    try {
      const client = await this.#open();
      const old = item.obtained?.directory === config.directory ? item.obtained : null;
      const replaces = old === null ? null : await replacedId(client, old.certPem);
      log.info(
        { event: 'certificate-order', name, keyType, directory: config.directory },
        `ordering a certificate for ${name}`,
      );
      const signal = AbortSignal.any([this.#stopping.signal, lease.lost]);
      const pair = await obtain(client, config, { name, keyType, replaces }, presenter, signal);
      const obtained: Obtained = { name, keyType, directory: config.directory, ...pair };
      Object.assign(item, { obtained, ...NEWLY_OBTAINED });
      this.#save(item);
      this.#options.others?.obtained(obtained);
      const { notBeforeMs, notAfterMs } = validity(obtained);
      log.info(
        { event: 'certificate-obtained', name, keyType, notAfter: new Date(notAfterMs).toISOString() },
        `${name} has a new certificate`,
      );
      const dueAlready = this.#isDue(item);
      // A CA may go on suggesting a window that is past: the order would repeat itself without end.
      item.retryAt = this.#monotonicMs() + Math.min(HOUR_MS, (notAfterMs - notBeforeMs) / 6);
      if (dueAlready) {
        // Our clock or the CA's is wrong: the same.
        item.retryAt = this.#monotonicMs() + DAY_MS;
        log.error(
          { event: 'certificate-clock', name },
          `the new certificate of ${name} is due already: is this machine's clock right?`,
        );
      }
      await onObtained();
      return null;
    } catch (error) {
      if (this.#stopping.signal.aborted) return 'the gate is stopping';
      return this.#failed(item, error);
    }
  }

  #failed(item: Item, error: unknown): string {
    const known = error instanceof GateError ? error : null;
    const retryAfter = known?.facts.retryAfterMs;
    item.failures += 1;
    const fault = printable(errorText(error), 500);
    item.lastError = fault;
    const pauseMs = retryPauseMs(item.failures, typeof retryAfter === 'number' ? retryAfter : null, Math.random());
    item.retryAt = this.#monotonicMs() + pauseMs;
    // The CA may have moved, or forgotten the account: the next try looks anew.
    this.#client = null;
    const left = item.obtained === null ? null : validity(item.obtained).notAfterMs - this.#nowMs();
    const serving = servingWords(left);
    this.#options.log[left !== null && left <= 0 ? 'error' : 'warn'](
      {
        event: 'certificate-failed',
        name: item.name,
        keyType: item.keyType,
        code: known?.code,
        failures: item.failures,
        retryInSeconds: Math.round(pauseMs / 1000),
        detail: fault,
      },
      `no new certificate for ${item.name}: ${fault}; next try in ${Math.round(pauseMs / 60_000)} min, ${serving}`,
    );
    return fault;
  }

  #save(item: Item): void {
    if (item.obtained === null) return;
    try {
      writeObtained(this.#options.stateDir, item.obtained);
      item.unsaved = false;
    } catch (error) {
      item.unsaved = true;
      this.#options.log.error(
        { event: 'certificate-unsaved', name: item.name, detail: errorText(error) },
        `the certificate of ${item.name} is served, but could not be written (${errorText(error)}): a restart would order another`,
      );
    }
  }

  #open(): Promise<Account> {
    if (this.#config === null) return Promise.reject(new TypeError('no ACME is configured'));
    const { stateDir, others } = this.#options;
    this.#client ??= openAccount(this.#config, stateDir, this.#stopping.signal, others?.account);
    this.#client.catch(() => {
      this.#client = null;
    });
    return this.#client;
  }
}

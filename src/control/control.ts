// Owns the control process: it composes state, certificates and gates, applies configurations, and ends in good order.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { errorText, GateError } from '../base/errors.ts';
import { type OpenedLog, openLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { openSqliteState } from '../store/sqlite.ts';
import type { State } from '../store/state.ts';
import { strayAddressRecords } from './address-records.ts';
import { startAdmin } from './admin.ts';
import { placeAdminSocket } from './admin-socket.ts';
import { announce, warn } from './announce.ts';
import { type Brought, Certificates } from './certificates.ts';
import { changedForGood, changedKeys } from './config-change.ts';
import { DeviceNotices } from './device-notices.ts';
import { Firmware } from './firmware.ts';
import { defaultGateways, type Gateways } from './gateways.ts';
import { type OpeningRequest, type OpeningStatus, Openings } from './openings.ts';
import { tryListen } from './ports.ts';
import type { ReloadOutcome } from './reload-outcome.ts';
import { makeSnapshot } from './snapshot.ts';
import { openStateDir } from './state-dir.ts';
import { makeStatus } from './status.ts';
import { Supervisor } from './supervisor.ts';
import { Tally } from './tally.ts';

// Certificates are renewed and gateways looked up again at this pace; both are cheap where nothing changed.
const REFRESH_MS = 5 * 60_000;
const FILES_MS = 5_000;
// A stolen ticket key opens the sessions of half a day at most.
const TICKET_LIFE_MS = 12 * 3_600_000;

export class Control {
  readonly #startedMs = Date.now();
  #ticketKeys = randomBytes(48);
  #ticketsMadeMs = Date.now();
  readonly #tally = new Tally();
  readonly #opened: OpenedLog;
  readonly #state: State;
  readonly #supervisor: Supervisor;
  readonly #certificates: Certificates;
  readonly #openings: Openings;
  readonly firmware: Firmware;
  readonly #notices = new DeviceNotices();
  #config: Config;
  #snapshot: Snapshot | null = null;
  #gateways: Gateways = { addresses: [], known: false };
  #busy: Promise<unknown> = Promise.resolve();

  /** @throws {GateError} STATE_DIR or STATE_DAMAGED; an Error with the system's code for a log file that cannot be opened */
  constructor(config: Config) {
    this.#config = config;
    openStateDir(config.stateDir);
    this.#opened = openLog(config.log, 'control');
    this.#state = openSqliteState(config.stateDir, Date.now());
    this.#openings = new Openings(this.#state);
    this.#certificates = new Certificates(config, this.#opened.log, () => this.#publish());
    this.firmware = new Firmware(config, this.#state, this.#opened.log);
    this.#supervisor = new Supervisor(this.#opened.log, {
      onEvents: (events, dropped) => this.#tally.add(events, dropped),
      onAsk: (id, ask, line) => void this.firmware.answer(id, ask, line),
      onStart: (line) => this.firmware.shares.add(line),
      onDownloads: (active, line) => this.firmware.shares.set(line, active),
      onGone: (line) => this.firmware.shares.remove(line),
    });
  }

  get log() {
    return this.#opened.log;
  }

  /** Starts gates and the admin socket. @throws {GateError} for ports, certificates or state that cannot be used */
  async start(): Promise<{ stop: () => Promise<void> }> {
    const admin = await startAdmin(placeAdminSocket(this.#config.stateDir), {
      status: () => this.status(),
      reload: () => this.reload(),
      openings: () => this.#openings.list(this.#config, Date.now()),
      open: (request) => this.#open(request),
      close: (routeOrId) => this.#close(routeOrId),
      renew: (name) => this.#certificates.keeper.renew(name),
      root: () => this.#certificates.localRootPem,
    });
    try {
      const faults = await this.#serially(() => this.#apply(this.#config));
      if (faults.length > 0) throw new GateError('LISTEN_FAILED', faults.join('; '), { fault: 'gate' });
    } catch (error) {
      this.#supervisor.kill();
      await admin.close();
      throw error;
    }
    if (this.#snapshot !== null) announce(this.log, this.#snapshot, this.#gateways, this.#config.workers);
    this.#certificates.keeper.start();
    void this.#tellStrayRecords();
    const refresh = setInterval(() => void this.#serially(() => this.#refresh()), REFRESH_MS).unref();
    const files = setInterval(() => void this.#refreshFiles(), FILES_MS).unref();
    return {
      stop: async () => {
        clearInterval(refresh);
        clearInterval(files);
        const { drainMs } = this.#config.limits;
        this.log.info({ event: 'stop', drainMs }, 'stopping: running requests may finish');
        await Promise.all([this.#supervisor.drain(drainMs), this.#certificates.keeper.stop()]);
        await this.firmware.stop();
        await admin.close();
        this.#state.close();
      },
    };
  }

  status() {
    if (this.#snapshot === null)
      throw new GateError('INTERNAL', 'the gate is still starting', { fault: 'gate', status: 503 });
    return makeStatus({
      config: this.#config,
      snapshot: this.#snapshot,
      gatewaysKnown: this.#gateways.known,
      startedMs: this.#startedMs,
      workers: this.#supervisor.status(),
      firmware: this.firmware.status(),
      totals: this.#tally.totals,
      kept: this.#certificates.keeper.status(),
      nowMs: Date.now(),
    });
  }

  /** Reads the configuration again. A bad one is kept out, with every fault; a good one is applied without closing anything. */
  reload(): Promise<ReloadOutcome> {
    return this.#serially(() => this.#reload());
  }

  async #open(request: OpeningRequest): Promise<OpeningStatus> {
    const opening = this.#openings.open(this.#config, request, Date.now());
    const until = new Date(opening.untilMs).toISOString();
    this.log.warn(
      { event: 'opened', id: opening.id, route: opening.route, from: opening.from, until, reason: opening.reason },
      `plain HTTP is open on route ${opening.route} for ${opening.from.join(', ') || 'everyone'} until ${until}`,
    );
    await this.#publish();
    return opening;
  }

  /** Resolves when no gate honours what was closed any more. @throws {GateError} INTERNAL where one may still */
  async #close(routeOrId: string): Promise<OpeningStatus[]> {
    const closed = this.#openings.close(this.#config, routeOrId, Date.now());
    for (const { id, route } of closed)
      this.log.info({ event: 'closed', id, route }, `opening ${id} of route ${route} is closed`);
    if (closed.length > 0) await this.#publish();
    return closed;
  }

  reopenLogs(): void {
    this.#opened.reopen();
    this.#supervisor.reopenLogs();
  }

  kill(): void {
    this.#supervisor.kill();
  }

  async #reload(): Promise<ReloadOutcome> {
    const loaded = loadConfig(this.#config.file);
    if (!loaded.ok) return this.#keptOut(loaded.faults.map(formatFinding));
    const fixed = changedForGood(this.#config, loaded.config);
    if (fixed.length > 0) return this.#keptOut(fixed.map((key) => `${key} changes only with a restart`));
    const changed = changedKeys(this.#config, loaded.config);
    try {
      const faults = await this.#apply(loaded.config);
      if (faults.length > 0) return this.#keptOut(faults);
    } catch (error) {
      return this.#keptOut([errorText(error)]);
    }
    const warnings = warn(this.#opened, loaded.warnings);
    this.log.info(
      { event: 'reload', changed },
      changed.length > 0 ? `reloaded: ${changed.join(', ')} changed` : 'reloaded: nothing changed',
    );
    return { ok: true, changed, warnings };
  }

  #keptOut(faults: string[]): ReloadOutcome {
    this.log.error(
      { event: 'reload-refused', faults },
      `the new configuration is kept out: ${faults.length} fault${faults.length === 1 ? '' : 's'}`,
    );
    return { ok: false, faults };
  }

  /** Tries what can be refused, then gives it to the gates; where one of them refuses, all go back to what was before. */
  async #apply(config: Config): Promise<string[]> {
    const brought = this.#certificates.read(config, Date.now());
    this.#gateways = await defaultGateways();
    const listen = await tryListen(
      config.listen,
      this.#config.listen,
      this.#snapshot?.listen ?? { http: [], https: [] },
    );
    const before = { config: this.#config, brought: this.#certificates.brought, listen: this.#snapshot?.listen };
    const faults = await this.#take(config, brought, listen).catch((error: unknown) => [errorText(error)]);
    if (faults.length > 0 && before.listen !== undefined)
      await this.#take(before.config, before.brought, before.listen);
    return faults;
  }

  async #take(config: Config, brought: Brought[], listen: Snapshot['listen']): Promise<string[]> {
    this.#certificates.use(config, brought);
    this.#config = config;
    this.#opened.log.level = config.log.level;
    return this.#send(listen);
  }

  async #send(listen: Snapshot['listen']): Promise<string[]> {
    const snapshot = this.#make((this.#snapshot?.version ?? 0) + 1, listen, this.#gateways);
    this.firmware.apply(this.#config, snapshot);
    const faults = await this.#supervisor.apply(snapshot, this.#config.workers);
    this.#snapshot = snapshot;
    this.#notices.tell(this.log, snapshot, Date.now());
    return faults;
  }

  #make(version: number, listen: Snapshot['listen'], gateways: Gateways): Snapshot {
    const { proofs } = this.#certificates;
    return makeSnapshot({
      config: this.#config,
      state: this.#state,
      version,
      listen,
      gateways: gateways.addresses,
      ticketKeys: this.#ticketKeys,
      openings: this.#openings.list(this.#config, Date.now()),
      certificates: this.#certificates.served(Date.now()),
      proofs: { tokens: proofs.tokens(), certificates: proofs.certificates() },
    });
  }

  /**
   * Gives the gates what has changed in control: a certificate, a proof for a CA, an opening. Resolves when they have it.
   * @throws {GateError} INTERNAL where one of them did not take it
   */
  #publish(): Promise<void> {
    return this.#serially(async () => {
      if (this.#snapshot === null) return;
      const faults = await this.#send(this.#snapshot.listen);
      if (faults.length === 0) return;
      this.log.error({ event: 'publish-failed', faults }, `a gate did not take a change: ${faults.join('; ')}`);
      throw new GateError('INTERNAL', `a gate did not take the change: ${faults.join('; ')}`, { fault: 'gate' });
    });
  }

  async #refreshFiles(): Promise<void> {
    try {
      if (this.#certificates.refreshFiles(Date.now())) await this.#publish();
    } catch (error) {
      this.log.error(
        { event: 'refresh-failed', detail: errorText(error) },
        'a changed certificate did not reach every gate',
      );
    }
  }

  /** Renews what has grown old: the local certificate, the machine's gateways and addresses, the ticket keys. */
  async #refresh(): Promise<void> {
    const before = this.#snapshot;
    if (before === null) return;
    try {
      if (Date.now() - this.#ticketsMadeMs > TICKET_LIFE_MS) {
        this.#ticketKeys = randomBytes(48);
        this.#ticketsMadeMs = Date.now();
      }
      const gateways = await defaultGateways();
      if (isDeepStrictEqual(this.#make(before.version, before.listen, gateways), before)) return;
      this.#gateways = gateways;
      this.log.info(
        { event: 'refresh', ownGateways: gateways.addresses },
        'something grew old or moved: the gates get a new snapshot',
      );
      await this.#send(before.listen);
    } catch (error) {
      this.log.error(
        { event: 'refresh-failed', detail: errorText(error) },
        'the look at certificates and gateways failed; the old ones are kept',
      );
    }
  }

  async #tellStrayRecords(): Promise<void> {
    const { domains, tls } = this.#config;
    if (tls.acme === null || this.#snapshot === null) return;
    for (const text of await strayAddressRecords(domains, this.#snapshot.listen))
      this.log.warn({ event: 'stray-aaaa' }, text);
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work, work);
    this.#busy = result.catch(() => {});
    return result;
  }
}

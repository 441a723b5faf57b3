// Owns the control process: it composes state, certificates and gates, applies configurations, and ends in good order.
import { Descriptors } from '../base/descriptors.ts';
import { errorText, GateError } from '../base/errors.ts';
import { type OpenedLog, openLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { tellStrayRecords } from './address-records.ts';
import { type Admin, startAdmin } from './admin/admin.ts';
import { placeSocket } from './admin/socket-place.ts';
import { Tokens } from './admin/tokens.ts';
import { Alerts } from './alerts/alerts.ts';
import { announce, announceAdmin } from './announce.ts';
import { Audit } from './audit.ts';
import { Backups } from './backups.ts';
import { Certificates } from './certificates.ts';
import { DoctorDesk } from './doctor-desk.ts';
import { Firmware } from './firmware.ts';
import { gateEar } from './gate-ear.ts';
import { HealthChecks } from './health-checks.ts';
import { DeviceHistory } from './history.ts';
import type { Keeping } from './keeping.ts';
import { KeptClock } from './kept-clock.ts';
import { LogRotation } from './log-rotation.ts';
import { Lookout } from './lookout.ts';
import { Notices } from './notices.ts';
import { OfferDesk } from './offer-desk.ts';
import { openKeeping } from './open-keeping.ts';
import { OpeningDesk } from './opening-desk.ts';
import { Openings } from './openings.ts';
import { adminActions } from './operator.ts';
import { Publisher } from './publisher.ts';
import type { ReloadOutcome } from './reload-outcome.ts';
import { reloadConfiguration } from './reloading.ts';
import { RolloutWorks } from './rollout-works.ts';
import { sharedEar } from './shared-ear.ts';
import { DASHBOARD, VERSION } from './shipped.ts';
import { openStateDir } from './state-dir.ts';
import { makeStatus } from './status.ts';
import { Supervisor } from './supervisor.ts';
import { Tally } from './tally.ts';
import { Watch } from './watch.ts';

// Certificates are renewed and gateways looked up again at this pace; both are cheap where nothing changed.
const REFRESH_MS = 5 * 60_000;
const FILES_MS = 5_000;
// An opening that closes by its own rule closes to the second.
const SWEEP_MS = 1_000;
const LOOK_MS = 60_000;

export class Control {
  readonly #startedMs = Date.now();
  readonly #tally = new Tally();
  readonly #health: HealthChecks;
  readonly logs: LogRotation;
  readonly #watch = new Watch();
  readonly #doctor = new DoctorDesk(() => [this.#publisher.snapshot, this.#certificates.localRootPem]);
  readonly #opened: OpenedLog;
  readonly #keeping: Keeping;
  readonly #supervisor: Supervisor;
  readonly #certificates: Certificates;
  readonly #openings: Openings;
  readonly #openingDesk: OpeningDesk;
  readonly firmware: Firmware;
  readonly #history: DeviceHistory;
  readonly #offers: OfferDesk;
  readonly #rollouts: RolloutWorks;
  readonly #clock: KeptClock;
  readonly #audit: Audit;
  /** What an operator must hear of even when nobody looks. */
  readonly notices: Notices;
  readonly #alerts: Alerts;
  readonly #lookout: Lookout;
  readonly #backups: Backups;
  readonly #tokens: Tokens;
  readonly #publisher: Publisher;
  #admin: Admin | null = null;

  /** @throws {GateError} STATE_DIR or STATE_DAMAGED; an Error with the system's code for a log file that cannot be opened */
  constructor(config: Config) {
    openStateDir(config.stateDir);
    this.#opened = openLog(config.log, 'control', this.#watch.onLine);
    this.notices = new Notices(this.#opened.log);
    this.notices.onNotice(() => this.#watch.changed());
    this.#alerts = new Alerts(this.notices, this.#opened.log);
    this.#backups = new Backups(() => this.#config, this.notices, this.#opened.log);
    this.#lookout = new Lookout({
      notices: this.notices,
      config: () => this.#config,
      certificates: () => this.status().certificates,
      keeping: () => this.#keeping.status(),
    });
    this.#keeping = openKeeping({
      config,
      log: this.#opened.log,
      clock: () => this.#clock,
      hearing: sharedEar(this.#opened.log, this.#watch, () => ({
        ...{ openings: this.#openings, history: this.#history, certificates: this.#certificates },
        ...{ publisher: this.#publisher, firmware: this.firmware, rollouts: this.#rollouts },
      })),
    });
    const { state } = this.#keeping;
    this.#clock = new KeptClock(state, this.#opened.log);
    this.#audit = new Audit(state, this.#opened.log);
    this.#openings = new Openings(state, this.#audit, this.#opened.log, () => this.#clock.now());
    if (this.#clock.lostTime) this.#openings.closeMade(config, 'the clock went back while the machine was off');
    this.#openingDesk = new OpeningDesk({
      openings: this.#openings,
      config: () => this.#config,
      publish: () => this.#publisher.publish(),
      clock: this.#clock,
      watch: this.#watch,
      log: this.log,
    });
    this.#certificates = new Certificates(config, this.#opened.log, () => this.#publisher.publish(), this.#keeping);
    this.#tokens = new Tokens(config.stateDir);
    this.#history = new DeviceHistory({
      stateDir: config.stateDir,
      log: this.#opened.log,
      onDevice: (row, own) => {
        this.#watch.feed.publish('device', row);
        this.#lookout.onDevice(row, own);
      },
      onOutcome: (outcome) => this.#rollouts.onOutcome(outcome),
    });
    this.firmware = new Firmware(config, this.#keeping, this.#opened.log);
    this.#offers = new OfferDesk({
      cache: this.firmware.cache,
      log: this.#opened.log,
      failedBefore: (device, version, client) => this.#history.failedBefore(device, version, client),
      admit: (rollout, device, client, limit) => this.#rollouts.admit(rollout, device, client, limit),
    });
    this.#rollouts = new RolloutWorks({
      store: state.rollouts,
      config: () => this.#config,
      library: this.firmware.library,
      history: this.#history,
      publish: () => this.#publisher.publish(),
      changed: () => this.#watch.changed(),
      notices: this.notices,
      audit: this.#audit,
      log: this.log,
      now: () => this.#clock.now(),
    });
    this.#health = new HealthChecks(this.firmware.upstreams, this.log, (news) => this.#supervisor.tell(news));
    this.logs = new LogRotation(this.#opened, (news) => this.#supervisor.tell(news));
    const ear = gateEar({
      tally: this.#tally,
      doctor: this.#doctor,
      see: (event) => this.#keeping.see(event),
      lookout: this.#lookout,
      firmware: this.firmware,
      offers: this.#offers,
      rollouts: this.#rollouts,
      health: this.#health,
      watch: this.#watch,
      log: this.#opened.log,
    });
    this.#supervisor = new Supervisor(this.#opened.log, ear);
    this.#publisher = new Publisher(config, {
      opened: this.#opened,
      state,
      supervisor: this.#supervisor,
      certificates: this.#certificates,
      openings: this.#openings,
      rollouts: (applied) => this.#rollouts.rollouts.snapshot(applied),
      onSnapshot: (applied, snapshot) => {
        for (const part of [this.firmware, this.#alerts, this.#health, this.logs]) part.apply(applied, snapshot);
      },
    });
  }

  get log() {
    return this.#opened.log;
  }

  get #config(): Config {
    return this.#publisher.config;
  }

  /** Starts gates and the admin socket. @throws {GateError} for ports, certificates or state that cannot be used */
  async start(): Promise<{ stop: () => Promise<void> }> {
    const { stateDir, listen } = this.#config;
    const admin = await startAdmin({
      socketPath: placeSocket(stateDir, 'admin'),
      publicSocketPath: placeSocket(stateDir, 'public-admin'),
      tcp: listen.admin,
      tokens: this.#tokens,
      hosts: () => this.#config.domains,
      actions: adminActions({
        status: () => this.status(),
        ready: () => this.#supervisor.status().some(({ snapshot }) => snapshot > 0),
        reload: () => this.reload(),
        openings: this.#openingDesk,
        audit: this.#audit,
        certificates: this.#certificates,
        notices: this.notices,
        alerts: this.#alerts,
        devices: this.#history,
        firmware: this.firmware.operations,
        doctor: this.#doctor,
        rollouts: this.#rollouts.desk,
      }),
      feed: this.#watch.feed,
      logRing: this.#watch.logRing,
      traffic: this.#watch.traffic,
      log: this.log,
      version: VERSION,
      dashboardFolder: DASHBOARD,
    });
    this.#admin = admin;
    await this.#rollouts.load();
    try {
      await this.#keeping.join(() => this.#certificates.tell());
      const faults = await this.#publisher.serially(() => this.#publisher.apply(this.#config));
      if (faults.length > 0) throw new GateError('LISTEN_FAILED', faults.join('; '), { fault: 'gate' });
    } catch (error) {
      this.#supervisor.kill();
      await admin.close();
      throw error;
    }
    const { snapshot, gateways } = this.#publisher;
    if (snapshot !== null) announce(this.log, snapshot, gateways, this.#config.workers);
    announceAdmin(this.log, admin.endpoints(), this.#tokens.adminFile);
    this.#clock.start();
    this.#watch.start({
      totals: () => this.#tally.totals,
      activeDownloads: () => this.firmware.shares.active,
      operations: this.firmware.operations,
    });
    this.#certificates.keeper.start();
    if (snapshot !== null) void tellStrayRecords(this.log, this.#config, snapshot.listen);
    const refresh = setInterval(() => void this.#publisher.refresh(), REFRESH_MS).unref();
    const files = setInterval(() => void this.#refreshFiles(), FILES_MS).unref();
    const rollouts = setInterval(() => void this.#rollouts.refresh(), FILES_MS).unref();
    const sweep = setInterval(() => void this.#openingDesk.sweep(), SWEEP_MS).unref();
    const look = setInterval(() => void this.#lookout.look(), LOOK_MS).unref();
    void this.#lookout.look();
    const descriptors = new Descriptors(this.log);
    this.#backups.start();
    return {
      stop: async () => {
        for (const timer of [refresh, files, rollouts, sweep, look]) clearInterval(timer);
        const { drainMs } = this.#config.limits;
        this.log.info({ event: 'stop', drainMs }, 'stopping: running requests may finish');
        // Those that come by a gate would hold it until the drain is over.
        admin.endStreams();
        await Promise.all([this.#supervisor.drain(drainMs), this.#certificates.keeper.stop()]);
        await this.firmware.stop();
        this.#watch.stop();
        this.#alerts.stop();
        this.#backups.stop();
        await admin.close();
        this.#clock.stop();
        await this.#keeping.stop();
        this.#history.close();
        descriptors.close();
      },
    };
  }

  status() {
    const { snapshot, gateways } = this.#publisher;
    if (snapshot === null)
      throw new GateError('INTERNAL', 'the gate is still starting', { fault: 'gate', status: 503 });
    return makeStatus({
      config: this.#config,
      snapshot,
      gatewaysKnown: gateways.known,
      startedMs: this.#startedMs,
      workers: this.#supervisor.status(),
      firmware: this.firmware.status(),
      totals: this.#tally.totals,
      openStreams: this.#tally.openStreams.sum(),
      keeping: this.#keeping.status(),
      troubles: this.notices.lasting(),
      health: (origin) => this.#health.of(origin),
      kept: this.#certificates.keeper.status(),
      nowMs: this.#clock.now(),
    });
  }

  /** Reads the configuration again. A bad one is kept out, with every fault; a good one is applied without closing anything. */
  reload(): Promise<ReloadOutcome> {
    return this.#publisher.serially(() =>
      reloadConfiguration({ opened: this.#opened, publisher: this.#publisher, admin: this.#admin }),
    );
  }

  kill(): void {
    this.#supervisor.kill();
  }

  async #refreshFiles(): Promise<void> {
    try {
      if (this.#certificates.refreshFiles(Date.now())) await this.#publisher.publish();
    } catch (error) {
      const facts = { event: 'refresh-failed', detail: errorText(error) };
      this.log.error(facts, 'a changed certificate did not reach every gate');
    }
  }
}

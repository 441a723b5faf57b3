// Owns the control process: it composes state, certificates and gates, applies configurations, and ends in good order.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { errorText, GateError } from '../base/errors.ts';
import { ensurePrivateFolder } from '../base/files.ts';
import { type OpenedLog, openLog } from '../base/log.ts';
import type { Config, Endpoint } from '../config/config.ts';
import { type Finding, formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { openSqliteState } from '../store/sqlite.ts';
import type { State } from '../store/state.ts';
import { startAdmin } from './admin.ts';
import { adminSocketPath } from './admin-socket.ts';
import { defaultGateways, type Gateways } from './gateways.ts';
import { describe, tryEndpoint } from './ports.ts';
import type { ReloadOutcome } from './reload-outcome.ts';
import { makeSnapshot } from './snapshot.ts';
import { makeStatus } from './status.ts';
import { Supervisor } from './supervisor.ts';
import { Tally } from './tally.ts';

// Certificates are renewed and gateways looked up again at this pace; both are cheap where nothing changed.
const REFRESH_MS = 5 * 60_000;

export class Control {
  readonly #startedMs = Date.now();
  readonly #ticketKeys = randomBytes(48);
  readonly #tally = new Tally();
  readonly #opened: OpenedLog;
  readonly #state: State;
  readonly #supervisor: Supervisor;
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
    this.#supervisor = new Supervisor(this.#opened.log, (events, dropped) => this.#tally.add(events, dropped));
  }

  get log() {
    return this.#opened.log;
  }

  /** Starts gates and the admin socket. @throws {GateError} for ports, certificates or state that cannot be used */
  async start(): Promise<{ stop: () => Promise<void> }> {
    const admin = await startAdmin(adminSocketPath(this.#config.stateDir), {
      status: () => this.status(),
      reload: () => this.reload(),
    });
    try {
      const faults = await this.#apply(this.#config);
      if (faults.length > 0) throw new GateError('LISTEN_FAILED', faults.join('; '), { fault: 'gate' });
    } catch (error) {
      this.#supervisor.kill();
      await admin.close();
      throw error;
    }
    this.#announce();
    const refresh = setInterval(() => void this.#serially(() => this.#refresh()), REFRESH_MS).unref();
    return {
      stop: async () => {
        clearInterval(refresh);
        this.log.info({ event: 'stop', drainMs: this.#config.limits.drainMs }, 'stopping: running requests may finish');
        await this.#supervisor.drain();
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
      totals: this.#tally.totals,
      nowMs: Date.now(),
    });
  }

  /** Reads the configuration again. A bad one is kept out, with every fault; a good one is applied without closing anything. */
  reload(): Promise<ReloadOutcome> {
    return this.#serially(() => this.#reload());
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

  async #apply(config: Config): Promise<string[]> {
    this.#gateways = await defaultGateways();
    const served = this.#snapshot?.listen ?? { http: [], https: [] };
    const listen = {
      http: await this.#tryAll(config.listen.http, this.#config.listen.http, served.http, [
        ...served.http,
        ...served.https,
      ]),
      https: await this.#tryAll(config.listen.https, this.#config.listen.https, served.https, [
        ...served.http,
        ...served.https,
      ]),
    };
    return this.#send(config, listen);
  }

  async #send(config: Config, listen: Snapshot['listen']): Promise<string[]> {
    const { snapshot } = makeSnapshot({
      config,
      state: this.#state,
      version: (this.#snapshot?.version ?? 0) + 1,
      listen,
      gateways: this.#gateways.addresses,
      ticketKeys: this.#ticketKeys,
      nowMs: Date.now(),
    });
    const faults = await this.#supervisor.apply(snapshot, config.workers);
    this.#snapshot = snapshot;
    this.#config = config;
    this.#opened.log.level = config.log.level;
    return faults;
  }

  /** Ports that are ours already are not tried again: our own gates hold them. */
  async #tryAll(wanted: Endpoint[], before: Endpoint[], served: Endpoint[], ours: Endpoint[]): Promise<Endpoint[]> {
    const endpoints: Endpoint[] = [];
    for (const endpoint of wanted) {
      const kept = served[before.findIndex((old) => isDeepStrictEqual(old, endpoint))];
      const held = endpoint.port !== 0 && ours.some(({ port }) => port === endpoint.port);
      endpoints.push(kept ?? (held ? endpoint : await tryEndpoint(endpoint)));
    }
    return endpoints;
  }

  /** Renews what has grown old: the local certificate, the machine's gateways, its addresses. */
  async #refresh(): Promise<void> {
    const before = this.#snapshot;
    if (before === null) return;
    try {
      const gateways = await defaultGateways();
      const { snapshot } = makeSnapshot({
        config: this.#config,
        state: this.#state,
        version: before.version,
        listen: before.listen,
        gateways: gateways.addresses,
        ticketKeys: this.#ticketKeys,
        nowMs: Date.now(),
      });
      if (isDeepStrictEqual(snapshot, before)) return;
      this.#gateways = gateways;
      this.log.info(
        { event: 'refresh', ownGateways: gateways.addresses },
        'the network or a certificate changed: the gates get a new snapshot',
      );
      await this.#send(this.#config, before.listen);
    } catch (error) {
      this.log.error(
        { event: 'refresh-failed', detail: errorText(error) },
        'the certificates could not be renewed; the old ones are kept',
      );
    }
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work, work);
    this.#busy = result.catch(() => {});
    return result;
  }

  #announce(): void {
    const { listen, policy } = this.#snapshot ?? { listen: { http: [], https: [] }, policy: null };
    const where = [
      ...listen.http.map((at) => `http://${describe(at)}`),
      ...listen.https.map((at) => `https://${describe(at)}`),
    ];
    this.log.info(
      { event: 'serving', listen: where, domains: policy?.domains, workers: this.#config.workers },
      `serving ${policy?.domains[0]} on ${where.join(', ')}`,
    );
    const shadowed = [...this.#gateways.addresses, 'loopback'];
    this.log.info(
      { event: 'lan', networks: policy?.lan, notLan: shadowed, gatewaysKnown: this.#gateways.known },
      `LAN is ${policy?.lan.join(', ')}, but not ${shadowed.join(', ')} unless listed in networks.lan`,
    );
  }
}

/** Warnings of the configuration, as lines and in the log. */
export function warn(opened: Pick<OpenedLog, 'log'>, warnings: readonly Finding[]): string[] {
  const lines = warnings.map(formatFinding);
  for (const line of lines) opened.log.warn({ event: 'config-warning' }, line);
  return lines;
}

function openStateDir(stateDir: string): void {
  try {
    ensurePrivateFolder(stateDir);
  } catch (error) {
    throw new GateError(
      'STATE_DIR',
      `stateDir ${stateDir} cannot be made or written (${errorText(error)}): choose another one, or give this user the right to it`,
      {
        fault: 'gate',
        cause: error,
      },
    );
  }
}

function changedKeys(before: Config, after: Config): string[] {
  const keys = Object.keys(after) as (keyof Config)[];
  return keys.filter((key) => !isDeepStrictEqual(before[key], after[key]));
}

/** What a restart alone can change: the state is open, the socket stands in it, and every process holds its log. */
function changedForGood(before: Config, after: Config): string[] {
  return [
    ...(before.stateDir === after.stateDir ? [] : ['stateDir']),
    ...(before.log.file === after.log.file ? [] : ['log.file']),
    ...(before.log.format === after.log.format ? [] : ['log.format']),
  ];
}

// Owns the snapshot in force: made from what control knows, given to every gate, and taken back where one refuses it.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { machineClock } from '../base/clock.ts';
import { errorText, GateError } from '../base/errors.ts';
import type { OpenedLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { Listen, Snapshot } from '../link/snapshot.ts';
import type { State } from '../store/state.ts';
import type { Brought, Certificates } from './certificates.ts';
import { DeviceNotices } from './device-notices.ts';
import { defaultGateways, type Gateways } from './gateways.ts';
import type { Openings } from './openings.ts';
import { tryListen } from './ports.ts';
import { makeSnapshot } from './snapshot.ts';
import type { Supervisor } from './supervisor.ts';

// A stolen ticket key opens the sessions of half a day at most.
const TICKET_LIFE_MS = 12 * 3_600_000;

export type PublisherParts = {
  opened: OpenedLog;
  state: State;
  supervisor: Supervisor;
  certificates: Certificates;
  openings: Openings;
  /** The rollouts as they stand under this configuration. */
  rollouts: (config: Config) => Snapshot['rollouts'];
  /** Hears of each snapshot before the gates do. */
  onSnapshot: (config: Config, snapshot: Snapshot) => void;
};

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #notices = new DeviceNotices();
  #config: Config;
  #snapshot: Snapshot | null = null;
  #gateways: Gateways = { addresses: [], known: false };
  #ticketKeys = randomBytes(48);
  #ticketsMadeMs = Date.now();
  #busy: Promise<unknown> = Promise.resolve();

  constructor(config: Config, parts: PublisherParts) {
    this.#config = config;
    this.#parts = parts;
  }

  get config(): Config {
    return this.#config;
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  get gateways(): Gateways {
    return this.#gateways;
  }

  /**
   * Tries what can be refused, then gives it to the gates; where one of them refuses, all go back to what was before.
   * Gives back the faults.
   */
  async apply(config: Config): Promise<string[]> {
    const { certificates } = this.#parts;
    const brought = certificates.read(config, Date.now());
    this.#gateways = await defaultGateways();
    const standing = this.#snapshot?.listen ?? { http: [], https: [], streams: [] };
    const listen = await tryListen(listenOf(config), listenOf(this.#config), standing);
    const before = { config: this.#config, brought: certificates.brought, listen: this.#snapshot?.listen };
    const faults = await this.#take(config, brought, listen).catch((error: unknown) => [errorText(error)]);
    if (faults.length > 0 && before.listen !== undefined)
      await this.#take(before.config, before.brought, before.listen);
    return faults;
  }

  /**
   * Gives the gates what has changed in control: a certificate, a proof for a CA, an opening. Resolves when they have it.
   * @throws {GateError} INTERNAL where one of them did not take it
   */
  publish(): Promise<void> {
    return this.serially(async () => {
      if (this.#snapshot === null) return;
      const faults = await this.#send(this.#snapshot.listen);
      if (faults.length === 0) return;
      const { log } = this.#parts.opened;
      log.error({ event: 'publish-failed', faults }, `a gate did not take a change: ${faults.join('; ')}`);
      throw new GateError('INTERNAL', `a gate did not take the change: ${faults.join('; ')}`, { fault: 'gate' });
    });
  }

  /** Renews what has grown old: the local certificate, the machine's gateways and addresses, the ticket keys. */
  refresh(): Promise<void> {
    return this.serially(() => this.#refresh());
  }

  /** One change after the other. */
  serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work, work);
    this.#busy = result.catch(() => {});
    return result;
  }

  async #refresh(): Promise<void> {
    const before = this.#snapshot;
    if (before === null) return;
    const { log } = this.#parts.opened;
    try {
      if (Date.now() - this.#ticketsMadeMs > TICKET_LIFE_MS) {
        this.#ticketKeys = randomBytes(48);
        this.#ticketsMadeMs = Date.now();
      }
      const gateways = await defaultGateways();
      const now = this.#make(before.version, before.listen, gateways);
      if (isDeepStrictEqual({ ...now, time: before.time }, before)) return;
      this.#gateways = gateways;
      log.info(
        { event: 'refresh', ownGateways: gateways.addresses },
        'something grew old or moved: the gates get a new snapshot',
      );
      await this.#send(before.listen);
    } catch (error) {
      log.error(
        { event: 'refresh-failed', detail: errorText(error) },
        'the look at certificates and gateways failed; the old ones are kept',
      );
    }
  }

  async #take(config: Config, brought: Brought[], listen: Snapshot['listen']): Promise<string[]> {
    this.#parts.certificates.use(config, brought);
    this.#config = config;
    this.#parts.opened.log.level = config.log.level;
    return this.#send(listen);
  }

  async #send(listen: Snapshot['listen']): Promise<string[]> {
    const { supervisor, opened, onSnapshot } = this.#parts;
    const snapshot = this.#make((this.#snapshot?.version ?? 0) + 1, listen, this.#gateways);
    onSnapshot(this.#config, snapshot);
    const faults = await supervisor.apply(snapshot, this.#config.workers);
    this.#snapshot = snapshot;
    this.#notices.tell(opened.log, snapshot, Date.now());
    return faults;
  }

  #make(version: number, listen: Snapshot['listen'], gateways: Gateways): Snapshot {
    const { certificates, openings, state, rollouts } = this.#parts;
    const { proofs } = certificates;
    return makeSnapshot({
      config: this.#config,
      state,
      version,
      listen,
      gateways: gateways.addresses,
      ticketKeys: this.#ticketKeys,
      // Both at the same moment: what stands around here may take its time.
      time: { nowMs: openings.nowMs(), machineMs: machineClock() },
      openings: openings.list(this.#config),
      rollouts: rollouts(this.#config),
      certificates: certificates.served(Date.now()),
      proofs: { tokens: proofs.tokens(), certificates: proofs.certificates() },
    });
  }
}

/** What the gates are to listen on, as the configuration says it. */
function listenOf({ listen: { http, https }, streams }: Config): Listen {
  return { http, https, streams: streams.map(({ listen }) => listen) };
}

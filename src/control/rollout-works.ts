// Owns the putting together of rollouts: what stands, where fleets come from, what commands do, and what keeps them in step.
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { storedImages } from '../firmware/image-boards.ts';
import type { Library } from '../firmware/library.ts';
import type { GateEvent } from '../link/events.ts';
import type { StoredImage } from '../ota/rollout.ts';
import type { CountedOutcome } from '../store/history.ts';
import type { RolloutStore } from '../store/rollout-store.ts';
import type { Audit } from './audit.ts';
import { Fleets } from './fleets.ts';
import type { DeviceHistory } from './history.ts';
import { Newcomers } from './newcomers.ts';
import type { Notices } from './notices.ts';
import { RolloutDesk } from './rollout-desk.ts';
import { Rollouts } from './rollouts.ts';

export type RolloutWorksParts = {
  store: RolloutStore;
  config: () => Config;
  library: Library;
  history: Pick<DeviceHistory, 'share' | 'record'>;
  publish: () => Promise<void>;
  /** Somebody looks on. */
  changed: () => void;
  notices: Notices;
  audit: Audit;
  log: Log;
  now: () => number;
};

export class RolloutWorks {
  readonly rollouts: Rollouts;
  readonly desk: RolloutDesk;
  readonly #fleets: Fleets;
  readonly #newcomers = new Newcomers();
  readonly #parts: RolloutWorksParts;
  #images: StoredImage[] | null = null;
  #judging: Promise<void> = Promise.resolve();

  constructor(parts: RolloutWorksParts) {
    this.#parts = parts;
    const { store, config, library, history, notices, audit, log, now } = parts;
    const share = (board: string, version: string) => history.share(board, version);
    const images = (): StoredImage[] => {
      this.#images ??= storedImages(library.images(), (sha256) => library.namesOf(sha256));
      return this.#images;
    };
    const publish = async (): Promise<void> => {
      await parts.publish();
      parts.changed();
    };
    this.rollouts = new Rollouts({ store, config, images, share, publish, notices, log, now });
    const running = (device: string) => history.record(device);
    this.#fleets = new Fleets({ store, images, share, running, log, now });
    const device = (name: string) => {
      const record = history.record(name);
      if (record === null) return null;
      const { board, version, client, offered, memory } = record;
      return {
        device: name,
        board: board || null,
        version: version || null,
        elfSha256: memory.elfSha256,
        client,
        offered,
      };
    };
    this.desk = new RolloutDesk({
      rollouts: this.rollouts,
      fleets: this.#fleets,
      store,
      config,
      images,
      device,
      audit,
      now,
    });
    library.onChange = () => this.#onImages();
    library.needed = () => new Set([...this.#fleets.needed(), ...this.#sent(images())]);
  }

  /** Reads what is kept. Never rejects. */
  async load(): Promise<void> {
    await this.#fleets.load();
    await this.rollouts.load();
  }

  /** Looks what other machines have changed, where several share one state. Never rejects. */
  async refresh(): Promise<void> {
    if (await this.rollouts.load()) await this.#publish();
  }

  /** Whether this device is in a rollout that lets in so many. Never rejects: in doubt it is not. */
  async admit(name: string, device: string, client: string, limit: number): Promise<boolean> {
    const { config, history } = this.#parts;
    const admit = (most: number): Promise<boolean> => this.rollouts.admit(name, device, most);
    if (history.record(device)?.proven === true) return admit(limit);
    const standing = this.rollouts.standing(config());
    this.#newcomers.keepOnly(new Set(standing.map((rollout) => rollout.name)));
    const networks = standing.find((rollout) => rollout.name === name)?.stop.addresses ?? 1;
    return this.#newcomers.admit(name, { device, client }, { limit, networks }, admit);
  }

  observe(event: GateEvent): void {
    this.#fleets.observe(event);
  }

  /** One after the other: a fleet that fails brings many at a time. */
  onOutcome({ result, board, version }: CountedOutcome): void {
    if (result !== 'failed' || board === null) return;
    this.#judging = this.#judging.then(() => this.rollouts.onFailure(board, version));
  }

  #onImages(): void {
    this.#images = null;
    const { config } = this.#parts;
    const { rules } = this.rollouts.snapshot(config());
    if (rules.some(({ action, targets }) => action === 'pin' || action === 'via' || targets !== null))
      void this.#publish();
  }

  /** What a gate does not take is told by whoever gives it. */
  async #publish(): Promise<void> {
    await this.#parts.publish().catch(() => {});
  }

  /** Images that a rollout sends. */
  #sent(images: readonly StoredImage[]): string[] {
    const rules = this.rollouts.standing(this.#parts.config());
    return images
      .filter(({ board, app: { version } }) =>
        rules.some(({ action, targets, ...rule }) =>
          targets === null
            ? (action === 'pin' || action === 'via') && rule.version === version
            : targets[board] === version,
        ),
      )
      .map(({ sha256 }) => sha256);
  }
}

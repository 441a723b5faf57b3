// Owns what an operator does to rollouts while the gate runs: hold, offer, pin, roll back, percent; and the dry run.
import { GateError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { RolloutConfig } from '../config/rollouts.ts';
import { compileRollouts, type Rollout, type RolloutDevice, type StoredImage } from '../ota/rollout.ts';
import { isSafeVersion } from '../ota/version.ts';
import { compileNetworks } from '../policy/networks.ts';
import type { KeptRollout, RolloutStore } from '../store/rollout-store.ts';
import type { Who } from './admin/audit.ts';
import type { RolloutExplained, RolloutGiven, RolloutMatch, RolloutStatus } from './admin/rollout-schemas.ts';
import type { Audit } from './audit.ts';
import type { Fleets } from './fleets.ts';
import { newRollout, type Rollouts } from './rollouts.ts';

export type RolloutDeskParts = {
  rollouts: Rollouts;
  fleets: Fleets;
  store: RolloutStore;
  config: () => Config;
  images: () => StoredImage[];
  /** What is known of a device by its last check, and what the upstream offered it. */
  device: (name: string) => (RolloutDevice & { offered: string | null }) | null;
  audit: Audit;
  now: () => number;
};

const STOP = { percent: 20, least: 3, addresses: 3 };

export class RolloutDesk {
  readonly #parts: RolloutDeskParts;

  constructor(parts: RolloutDeskParts) {
    this.#parts = parts;
  }

  list(): Promise<RolloutStatus[]> {
    const { rollouts, config } = this.#parts;
    return Promise.all(rollouts.standing(config()).map((rollout) => this.#statusOf(rollout)));
  }

  /** Holds a rollout; with a match in its place, makes one that holds these devices. @throws {GateError} ROLLOUT_REFUSED */
  async hold(which: { name: string } | RolloutMatch, who: Who): Promise<RolloutStatus> {
    if ('name' in which) return this.#change({ ...this.#find(which.name), held: true }, who, 'rollout-held');
    return this.#make({ ...ruleOf(which), action: 'hold', version: null }, who);
  }

  /** Lets a rollout go on, as the file has it; one that was made by command ends. @throws {GateError} ROLLOUT_REFUSED */
  async offer(name: string, who: Who): Promise<RolloutStatus[]> {
    const { rollouts, audit } = this.#parts;
    const kept = this.#find(name);
    if (kept.made === null)
      return [await this.#change({ ...rollouts.goesOn(kept), percent: null }, who, 'rollout-offered')];
    await rollouts.remove(name);
    audit.note('rollout-ended', who, name);
    return [];
  }

  /** Sends one version of the store to the devices that fit. @throws {GateError} ROLLOUT_REFUSED */
  async pin(version: string, match: RolloutMatch, who: Who): Promise<RolloutStatus> {
    if (!isSafeVersion(version)) throw refused(`no device can parse the version ${JSON.stringify(version)}`);
    const boards = this.#parts.images().flatMap(({ board, app }) => (app.version === version ? [board] : []));
    const wanted = match.boards.length === 0 ? null : match.boards.filter((board) => !boards.includes(board));
    if (boards.length === 0 || (wanted !== null && wanted.length > 0)) {
      const whom = wanted === null ? 'any board' : `board ${wanted.join(', ')}`;
      throw refused(
        `the store has no image of version ${version} for ${whom}: \`otagate firmware list\` shows what it has, by names such as board_${version}.bin`,
      );
    }
    return this.#make({ ...ruleOf(match), action: 'pin', version }, who);
  }

  /** Sends each board's devices back to what they came from. @throws {GateError} ROLLOUT_REFUSED */
  async rollback(name: string, who: Who): Promise<RolloutStatus> {
    const { fleets, rollouts, config } = this.#parts;
    const kept = this.#find(name);
    const rollout = rollouts.standing(config()).find((one) => one.name === name);
    const boards = rollout === undefined || rollout.boards.length === 0 ? fleets.boards() : rollout.boards;
    const targets = boards.flatMap((board) => {
      const from = fleets.cameFrom(board);
      return from === null ? [] : [[board, from] as const];
    });
    if (targets.length === 0)
      throw refused(
        `the store has no image that the devices of rollout ${name} came from: pin one by \`otagate rollout pin VERSION\``,
      );
    return this.#change({ ...kept, held: false, targets: Object.fromEntries(targets) }, who, 'rollout-rolled-back');
  }

  /** @throws {GateError} ROLLOUT_REFUSED */
  percent(name: string, percent: number, who: Who): Promise<RolloutStatus> {
    return this.#change({ ...this.#find(name), percent }, who, 'rollout-percent');
  }

  /** What would become of this device's next check. `given` replaces what is known of it. */
  explain(name: string, given: RolloutGiven): RolloutExplained {
    const { rollouts, config, images, device, now } = this.#parts;
    const known = device(name);
    const board = given.board ?? known?.board ?? null;
    const version = given.version ?? known?.version ?? null;
    const offered = given.offered ?? known?.offered ?? null;
    const of = {
      device: name,
      board,
      version,
      // Another version is another build.
      elfSha256: version === known?.version ? (known?.elfSha256 ?? null) : null,
      client: given.client ?? known?.client ?? '',
    };
    const compiled = compileRollouts(rollouts.standing(config()), images(), compileNetworks);
    const verdict = compiled.decide(of, offered, now());
    const { action, why } = verdict;
    const admitted = verdict.action === 'admit' ? verdict.next.why : null;
    return {
      device: name,
      known: known !== null,
      board,
      version,
      offered,
      action,
      why,
      admitted,
      trail: compiled.explain(of, offered, now()),
    };
  }

  async #make(rule: Omit<RolloutConfig, 'below' | 'waves' | 'stop'>, who: Who): Promise<RolloutStatus> {
    const { rollouts, config, now } = this.#parts;
    const taken = new Set(rollouts.standing(config()).map(({ name }) => name));
    let name = rule.name;
    if (name !== '' && taken.has(name)) throw refused(`there is a rollout ${name} already: \`otagate rollout list\``);
    for (let number = 1; name === '' || taken.has(name); number += 1) name = `${rule.action}-${number}`;
    const made: RolloutConfig = { ...rule, name, below: null, waves: null, stop: STOP };
    return this.#change(newRollout(name, made, now()), who, 'rollout-made');
  }

  async #change(
    kept: KeptRollout,
    who: Who,
    what: 'rollout-held' | 'rollout-offered' | 'rollout-made' | 'rollout-rolled-back' | 'rollout-percent',
  ): Promise<RolloutStatus> {
    const { rollouts, config, audit } = this.#parts;
    await rollouts.change(kept);
    audit.note(what, who, describe(kept));
    const rollout = rollouts.standing(config()).find(({ name }) => name === kept.name);
    if (rollout === undefined) throw refused(`rollout ${kept.name} is gone`);
    return this.#statusOf(rollout);
  }

  #find(name: string): KeptRollout {
    const kept = this.#parts.rollouts.kept(name);
    if (kept === null)
      throw refused(`there is no rollout ${JSON.stringify(name)}: \`otagate rollout list\` shows them`);
    return kept;
  }

  async #statusOf(rollout: Rollout): Promise<RolloutStatus> {
    const { store, config, now } = this.#parts;
    const { waves, startedMs, stop: _, below: __, networks, devices, ...rest } = rollout;
    const wave = waves === null ? null : Math.max(0, Math.floor((now() - startedMs) / waves.pauseMs));
    const counted = waves !== null && 'devices' in waves.size;
    return {
      ...rest,
      below: rollout.below,
      networks,
      devices: devices.length,
      startedMs,
      declared: config().rollouts.some(({ name }) => name === rollout.name),
      wave: wave === null ? null : wave + 1,
      waveSize: waves === null ? null : 'percent' in waves.size ? `${waves.size.percent}%` : String(waves.size.devices),
      nextWaveMs: wave === null || waves === null ? null : startedMs + (wave + 1) * waves.pauseMs,
      members: counted ? await store.members(rollout.name) : null,
    };
  }
}

function ruleOf(match: RolloutMatch): Omit<RolloutConfig, 'action' | 'version' | 'below' | 'waves' | 'stop'> {
  const { as, boards, devices, networks, versions, percent } = match;
  return { name: as, boards, devices: devices.map((device) => device.toLowerCase()), networks, versions, percent };
}

function describe({ name, made, held, percent, targets }: KeptRollout): string {
  const parts = [
    ...(made === null ? [] : [`${made.action} ${made.version ?? ''}`.trim()]),
    ...(held ? ['held'] : []),
    ...(percent === null ? [] : [`${percent} %`]),
    ...(targets === null
      ? []
      : [
          `back to ${Object.entries(targets)
            .map(([board, version]) => `${version} on ${board}`)
            .join(', ')}`,
        ]),
  ];
  return parts.length === 0 ? name : `${name}: ${parts.join(', ')}`;
}

function refused(message: string): GateError {
  return new GateError('ROLLOUT_REFUSED', message, { fault: 'client' });
}

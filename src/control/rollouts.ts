// Owns the rollouts as they stand: what the file and commands say, since when, who is in them, and where they have stopped.
import { isDeepStrictEqual } from 'node:util';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { RolloutConfig } from '../config/rollouts.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { Rollout, StoredImage } from '../ota/rollout.ts';
import type { OutcomeShare } from '../store/history.ts';
import type { KeptRollout, RolloutStop, RolloutStore } from '../store/rollout-store.ts';
import type { Notices } from './notices.ts';

export type RolloutsParts = {
  store: RolloutStore;
  config: () => Config;
  /** The apps of the store. */
  images: () => StoredImage[];
  /** How a version does on a board, by devices that used links made for them. */
  share: (board: string, version: string) => OutcomeShare;
  /** Gives the gates what has changed. */
  publish: () => Promise<void>;
  notices: Notices;
  log: Log;
  now: () => number;
};

export class Rollouts {
  readonly #parts: RolloutsParts;
  #kept = new Map<string, KeptRollout>();
  #writing = 0;
  /** Stops that stand and are not in the keeping yet, by rollout; none of one whose beginning is not. */
  readonly #unwritten = new Map<string, Unwritten>();

  constructor(parts: RolloutsParts) {
    this.#parts = parts;
  }

  /** What is kept of one; null for one that nobody knows. */
  kept(name: string): KeptRollout | null {
    return this.#kept.get(name) ?? null;
  }

  /** Reads what is kept; true where that is other than what was known. Never rejects: without it, what is known goes on. */
  async load(): Promise<boolean> {
    const { store, log } = this.#parts;
    try {
      const all = await store.all();
      // What is on its way to the keeping is newer than what came from there.
      if (this.#writing > 0) return false;
      const now = this.#withUnwritten(all);
      const changed = !isDeepStrictEqual(now, this.#kept);
      this.#kept = now;
      await this.#writeAgain();
      for (const { name, stops } of now.values()) for (const stop of stops) this.#tell(name, stop);
      return changed;
    } catch (error) {
      log.warn({ event: 'rollouts-not-read', detail: errorText(error) }, 'what is kept of rollouts cannot be read');
      return false;
    }
  }

  /** In the order in which they are asked: those of commands first, the newest before all. */
  standing(config: Config): Rollout[] {
    const made = [...this.#kept.values()].filter(({ made }) => made !== null).sort((a, b) => b.startedMs - a.startedMs);
    return [
      ...made.flatMap((kept) => (kept.made === null ? [] : [rolloutOf(kept.made, kept)])),
      ...config.rollouts.map((rollout) => rolloutOf(rollout, this.#kept.get(rollout.name) ?? this.#begin(rollout))),
    ];
  }

  snapshot(config: Config): Snapshot['rollouts'] {
    const rules = this.standing(config);
    const sends = rules.some(({ action, targets }) => action === 'pin' || action === 'via' || targets !== null);
    return { rules, images: sends ? this.#parts.images() : [] };
  }

  /** Whether this device is in a rollout that lets in so many. Never rejects: in doubt it is not. */
  async admit(name: string, device: string, limit: number): Promise<boolean> {
    const { store, log } = this.#parts;
    try {
      return await store.admit(name, device, limit);
    } catch (error) {
      log.warn(
        { event: 'rollout-not-asked', rollout: name, detail: errorText(error) },
        'a rollout takes nobody in now',
      );
      return false;
    }
  }

  /** Keeps what a command has changed, and gives it to the gates. @throws {Error} where it cannot be kept */
  async change(kept: KeptRollout): Promise<void> {
    const before = this.#kept.get(kept.name);
    this.#kept.set(kept.name, kept);
    await this.#keepOrUndo(kept.name, before, (store) => store.put(kept));
    await this.#parts.publish();
  }

  /** @throws {Error} where it cannot be kept that it is gone */
  async remove(name: string): Promise<void> {
    const before = this.#kept.get(name);
    this.#kept.delete(name);
    await this.#keepOrUndo(name, before, (store) => store.remove(name));
    await this.#parts.publish();
  }

  /** Looks whether devices of this board fail with this version so often that rollouts of it stop. Never rejects. */
  async onFailure(board: string, version: string): Promise<void> {
    const { share, log, config, now, publish } = this.#parts;
    try {
      const concerned = this.standing(config()).filter((rollout) => sends(rollout, board, version));
      if (concerned.length === 0) return;
      const outcomes = share(board, version);
      let stopped = false;
      for (const rollout of concerned) {
        const kept = this.#kept.get(rollout.name);
        const why = kept === undefined ? null : reasonToStop(rollout, kept, board, version, outcomes);
        if (kept === undefined || why === null) continue;
        const stop = { board, version, atMs: now(), why };
        log.error(
          { event: 'rollout-stopped', rollout: rollout.name, board, version, failed: outcomes.failed },
          `rollout ${rollout.name} has stopped for board ${board}: ${why}`,
        );
        this.#kept.set(kept.name, { ...kept, stops: [...kept.stops, stop] });
        const others = this.#unwritten.get(kept.name)?.stops ?? [];
        this.#unwritten.set(kept.name, { stops: [...others, stop], told: false });
        this.#tell(rollout.name, stop);
        stopped = true;
      }
      if (!stopped) return;
      await this.#writeAgain();
      // The gates hear of it, whether it is written or not. What a gate does not take is told by whoever gives it.
      await publish().catch(() => {});
    } catch (error) {
      log.error(
        { event: 'rollout-not-judged', detail: errorText(error) },
        'whether a rollout has to stop is not known',
      );
    }
  }

  /** A rollout goes on where it had stopped: what has failed until now does not count again. */
  goesOn(kept: KeptRollout): KeptRollout {
    const countedFrom = kept.stops.map(({ board, version }) => {
      const { failed, upgraded } = this.#parts.share(board, version);
      return { board, version, failed, upgraded };
    });
    const others = kept.countedFrom.filter((old) => !countedFrom.some((one) => isOf(one, old.board, old.version)));
    return {
      ...kept,
      held: false,
      targets: null,
      stops: [],
      countedFrom: [...others, ...countedFrom].slice(-MAX_COUNTS),
    };
  }

  /** What a command could not keep did not happen. What it kept has all that was unwritten in it. */
  async #keepOrUndo(
    name: string,
    before: KeptRollout | undefined,
    work: (store: RolloutStore) => Promise<void>,
  ): Promise<void> {
    const unwritten = this.#unwritten.get(name);
    try {
      await this.#write(work);
    } catch (error) {
      if (before === undefined) this.#kept.delete(name);
      else this.#kept.set(name, before);
      throw error;
    }
    if (this.#unwritten.get(name) === unwritten) this.#unwritten.delete(name);
    const stays = this.#kept.get(name)?.stops ?? [];
    for (const { board } of before?.stops ?? []) {
      if (stays.some((stop) => stop.board === board)) continue;
      this.#parts.notices.end('rollout-stopped', subjectOf(name, board), `rollout ${name} goes on for board ${board}`);
    }
  }

  /** What the keeping has, with what stands and is not in it yet. */
  #withUnwritten(all: readonly KeptRollout[]): Map<string, KeptRollout> {
    const now = new Map(all.map((kept) => [kept.name, kept]));
    for (const [name, { stops }] of this.#unwritten) {
      const kept = now.get(name) ?? this.#kept.get(name);
      if (kept === undefined || (kept.made !== null && !now.has(name))) {
        // Another machine has ended it.
        this.#unwritten.delete(name);
        continue;
      }
      const missing = stops.filter(({ board, version }) => !kept.stops.some((one) => isOf(one, board, version)));
      now.set(name, missing.length === 0 ? kept : { ...kept, stops: [...kept.stops, ...missing] });
    }
    return now;
  }

  /** Tries to write what stands and is not in the keeping. Never rejects: what is not written is tried again. */
  async #writeAgain(): Promise<void> {
    const { log } = this.#parts;
    // All at once: between them, nothing else can be written that they would take back.
    await Promise.all(
      [...this.#unwritten].map(async ([name, unwritten]) => {
        const kept = this.#kept.get(name);
        try {
          if (kept !== undefined) await this.#write((store) => store.put(kept));
          if (this.#unwritten.get(name) === unwritten) this.#unwritten.delete(name);
        } catch (error) {
          if (unwritten.told) return;
          unwritten.told = true;
          log.error(
            { event: 'rollout-not-kept', rollout: name, detail: errorText(error) },
            `when rollout ${name} began and where it has stopped cannot be written (${errorText(error)}): it stands, and is written once it can be; a restart before that would begin its waves anew and count failures again`,
          );
        }
      }),
    );
  }

  async #write(work: (store: RolloutStore) => Promise<void>): Promise<void> {
    this.#writing += 1;
    try {
      await work(this.#parts.store);
    } finally {
      this.#writing -= 1;
    }
  }

  #tell(name: string, { board, version, why }: RolloutStop): void {
    const next = `\`otagate rollout rollback ${name}\` goes back, \`otagate rollout offer ${name}\` goes on`;
    this.#parts.notices.begin(
      'rollout-stopped',
      subjectOf(name, board),
      `rollout ${name} has stopped for board ${board} with version ${version}: ${why}; ${next}`,
    );
  }

  /** One of the file begins when it is there for the first time. */
  #begin(rollout: RolloutConfig): KeptRollout {
    const kept = newRollout(rollout.name, null, this.#parts.now());
    this.#kept.set(rollout.name, kept);
    this.#unwritten.set(rollout.name, { stops: [], told: false });
    void this.#writeAgain();
    return kept;
  }
}

/** `told`: that it cannot be written. */
type Unwritten = { stops: RolloutStop[]; told: boolean };

const MAX_COUNTS = 200;

export function newRollout(name: string, made: RolloutConfig | null, startedMs: number): KeptRollout {
  return { name, made, startedMs, held: false, percent: null, targets: null, stops: [], countedFrom: [] };
}

function rolloutOf(config: RolloutConfig, { startedMs, held, percent, targets, stops }: KeptRollout): Rollout {
  return { ...config, percent: percent ?? config.percent, startedMs, held, targets, stops };
}

function subjectOf(name: string, board: string): string {
  return `${name}, ${board}`;
}

function isOf(one: { board: string; version: string }, board: string, version: string): boolean {
  return one.board === board && one.version === version;
}

/** Whether a rollout brings this version to this board, and has not stopped yet. */
function sends({ action, targets, boards, version, stops }: Rollout, board: string, offered: string): boolean {
  if (boards.length > 0 && !boards.includes(board)) return false;
  if (stops.some((stop) => isOf(stop, board, offered))) return false;
  if (targets !== null) return targets[board] === offered;
  return action !== 'hold' && (version === null || version === offered);
}

function reasonToStop(
  { stop }: Rollout,
  { countedFrom }: KeptRollout,
  board: string,
  version: string,
  outcomes: OutcomeShare,
): string | null {
  const before = countedFrom.find((one) => isOf(one, board, version)) ?? { failed: 0, upgraded: 0 };
  const failed = outcomes.failed - before.failed;
  const all = failed + Math.max(0, outcomes.upgraded - before.upgraded);
  if (failed < stop.least || outcomes.failedNetworks < stop.addresses || (failed / all) * 100 <= stop.percent)
    return null;
  return `${failed} of ${all} devices failed with ${version}, from ${outcomes.failedNetworks} addresses (more than ${stop.percent} %)`;
}

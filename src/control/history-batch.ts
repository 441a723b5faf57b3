// Owns what observations come to: applied in the order of their times, wherever they came a little out of it, and added up
// into one change for each device. What it gives depends on their sequence alone, not on how that is cut into batches: so
// all machines that read one sequence come to the same.
import { LRUCache } from 'lru-cache';
import { clientNetwork } from '../ota/client-network.ts';
import type { DeviceRecord, Observation } from '../ota/device-record.ts';
import { observe, type Step } from '../ota/outcome.ts';
import type { CountedOutcome, History, HistoryChange } from '../store/history.ts';

/** `own`: by a gate of this machine. */
export type Observed = { device: string; seen: Observation; own: boolean };

// Each gate sends its events on its own, within a fraction of a second; so does each machine.
const OUT_OF_ORDER_MS = 2_000;
const MAX_LATELY = 16;
const MAX_DEVICES = 1_000;
// Written within a second, on each machine: past this, nothing comes that belongs before it.
const KEPT_MS = 5_000;

type Taken = Step & { seen: Observation };
/** What was seen of a device lately, in order, each with the record after it; `before` all of them there was `base`. */
type Lately = { base: DeviceRecord | null; steps: Taken[] };

export class Observations {
  readonly #lately = new LRUCache<string, Lately>({ max: MAX_DEVICES, ttl: KEPT_MS, updateAgeOnGet: true });

  /** What these come to, for each device that they are of. */
  changesOf(store: Pick<History, 'read'>, batch: readonly Observed[]): HistoryChange[] {
    this.#lately.purgeStale();
    const changes = new Map<string, HistoryChange>();
    for (const { device, seen } of batch) {
      const known = changes.get(device);
      const lately = this.#latelyOf(device, known?.record ?? store.read(device));
      const at = placeOf(lately, seen);
      const again = lately.steps.splice(at);
      const done = fold(device, lately, [seen, ...again.map((step) => step.seen)]);
      const last = done.at(-1);
      if (last === undefined) continue;
      changes.set(device, {
        record: last.record,
        entries: replaced(known?.entries ?? [], again.flatMap(entriesOf), done.flatMap(entriesOf)),
        outcomes: replaced(known?.outcomes ?? [], again.flatMap(outcomesOf), done.flatMap(outcomesOf)),
      });
      while (lately.steps.length > MAX_LATELY) settleFirst(lately);
    }
    return [...changes.values()];
  }

  /** What was taken lately is final, or was not written. */
  forget(): void {
    this.#lately.clear();
  }

  /** What the store does not know, or knows otherwise, was changed by somebody else: then its record counts. */
  #latelyOf(device: string, record: DeviceRecord | null): Lately {
    const known = this.#lately.get(device);
    if (known !== undefined && record !== null && record.lastSeenMs === known.steps.at(-1)?.record.lastSeenMs)
      return known;
    const fresh: Lately = { base: record, steps: [] };
    this.#lately.set(device, fresh);
    return fresh;
  }
}

/** Where among the latest this belongs. By more than a little, the clock was set, and the order of arrival counts. */
function placeOf(lately: Lately, seen: Observation): number {
  const latestMs = Math.max(...lately.steps.map((step) => step.seen.atMs));
  if (latestMs - seen.atMs > OUT_OF_ORDER_MS) while (lately.steps.length > 0) settleFirst(lately);
  while (lately.steps[0] !== undefined && seen.atMs - lately.steps[0].seen.atMs > OUT_OF_ORDER_MS) settleFirst(lately);
  const at = lately.steps.findIndex((step) => isBefore(seen, step.seen));
  return at < 0 ? lately.steps.length : at;
}

/** Of one time, the same one is first everywhere; a check before the downloads, and their beginning before their end. */
function isBefore(one: Observation, other: Observation): boolean {
  if (one.atMs !== other.atMs) return one.atMs < other.atMs;
  return JSON.stringify(one) < JSON.stringify(other);
}

function settleFirst(lately: Lately): void {
  const first = lately.steps.shift();
  if (first !== undefined) lately.base = first.record;
}

/** Takes them one after the other, behind those that stay. */
function fold(device: string, lately: Lately, all: readonly Observation[]): Taken[] {
  return all.map((seen) => {
    const taken = { ...observe(lately.steps.at(-1)?.record ?? lately.base, device, seen), seen };
    lately.steps.push(taken);
    return taken;
  });
}

function entriesOf({ entries }: Taken): HistoryChange['entries'] {
  return entries;
}

function outcomesOf({ outcome }: Taken): CountedOutcome[] {
  return outcome === null ? [] : [{ ...outcome, network: clientNetwork(outcome.client) }];
}

/** What is to be written once `after` stands in the place of `before`, whose part in `waiting` was not written yet. */
function replaced<T>(waiting: readonly T[], before: readonly T[], after: readonly T[]): T[] {
  if (before.length === 0) return [...waiting, ...after];
  const kept = [...waiting];
  const written = before.filter((one) => !takeOut(kept, one));
  return [...kept, ...after.filter((one) => !takeOut(written, one))];
}

/** Takes out one that says the same. */
function takeOut<T>(list: T[], one: T): boolean {
  const text = JSON.stringify(one);
  const at = list.findIndex((other) => JSON.stringify(other) === text);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

// Owns what was seen of devices and is not in the file of the history: kept in memory within bounds, asked before the file
// is, and written once that takes it. So what holds a bad version back does not depend on the disk.
import type { DeviceRecord } from '../ota/device-record.ts';
import type { HeldOutcome, HistoryChange } from '../store/history.ts';
import { SMALL_BOUNDS } from './open-history.ts';

/** Those with an outcome are what rollouts and offers are judged by: no crowd of others pushes them out. */
type Kind = 'judged' | 'proven' | 'claim';

const BOUNDS: Record<Kind, number> = {
  judged: SMALL_BOUNDS.proven,
  proven: SMALL_BOUNDS.proven,
  claim: SMALL_BOUNDS.claims,
};
const ENTRIES_OF_DEVICE = SMALL_BOUNDS.entriesOfClaim;

export class HeldChanges {
  /** In each, the one that was seen least recently comes first. */
  readonly #devices = {
    judged: new Map<string, HistoryChange>(),
    proven: new Map<string, HistoryChange>(),
    claim: new Map<string, HistoryChange>(),
  };

  get size(): number {
    const { judged, proven, claim } = this.#devices;
    return judged.size + proven.size + claim.size;
  }

  /** Gives how many entries are lost by the bounds. */
  take(changes: readonly HistoryChange[]): number {
    let lost = 0;
    for (const change of changes) {
      const { device } = change.record;
      const merged = join(this.#find(device), change);
      lost += Math.max(0, merged.entries.length - ENTRIES_OF_DEVICE);
      this.#forget(device);
      const kind = kindOf(merged);
      const devices = this.#devices[kind];
      devices.set(device, { ...merged, entries: merged.entries.slice(-ENTRIES_OF_DEVICE) });
      const [first] = devices;
      if (devices.size <= BOUNDS[kind] || first === undefined) continue;
      devices.delete(first[0]);
      lost += first[1].entries.length;
    }
    return lost;
  }

  read(device: string): DeviceRecord | null {
    return this.#find(device)?.record ?? null;
  }

  /** The outcomes of a version, on every board. */
  outcomesOf(version: string): HeldOutcome[] {
    return [...this.#devices.judged.values()].flatMap(({ record: { device }, outcomes }) =>
      outcomes.filter((outcome) => outcome.version === version).map((outcome) => ({ device, outcome })),
    );
  }

  /** What is to be written first, so many at the most. */
  first(count: number): HistoryChange[] {
    const first: HistoryChange[] = [];
    for (const devices of Object.values(this.#devices)) {
      for (const change of devices.values()) {
        if (first.length === count) return first;
        first.push(change);
      }
    }
    return first;
  }

  /** These are in the file, or given up. */
  forget(changes: readonly HistoryChange[]): void {
    for (const { record } of changes) this.#forget(record.device);
  }

  #find(device: string): HistoryChange | undefined {
    const { judged, proven, claim } = this.#devices;
    return judged.get(device) ?? proven.get(device) ?? claim.get(device);
  }

  #forget(device: string): void {
    for (const devices of Object.values(this.#devices)) devices.delete(device);
  }
}

function kindOf({ record, outcomes }: HistoryChange): Kind {
  if (outcomes.length > 0) return 'judged';
  return record.proven ? 'proven' : 'claim';
}

/** Of two outcomes of one version, the later counts, as in the file. */
function join(held: HistoryChange | undefined, { record, entries, outcomes }: HistoryChange): HistoryChange {
  if (held === undefined) return { record, entries, outcomes };
  const stay = held.outcomes.filter(({ version }) => !outcomes.some((outcome) => outcome.version === version));
  return { record, entries: [...held.entries, ...entries], outcomes: [...stay, ...outcomes] };
}

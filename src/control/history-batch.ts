// Owns what a batch of observations comes to: put in order, and added up into one change for each device.
import type { Observation } from '../ota/device-record.ts';
import { observe } from '../ota/outcome.ts';
import type { History, HistoryChange } from '../store/history.ts';
import { clientNetwork } from './observation.ts';

/** `own`: by a gate of this machine. */
export type Observed = { device: string; seen: Observation; own: boolean };

// Each gate sends its events on its own, within a fraction of a second.
const OUT_OF_ORDER_MS = 2_000;

/** What these observations come to, for each device that they are of; the batch itself is put in order. */
export function changesOf(store: Pick<History, 'read'>, batch: Observed[]): HistoryChange[] {
  const changes = new Map<string, HistoryChange>();
  for (const { device, seen } of inOrder(batch)) {
    const known = changes.get(device);
    const { record, entries, outcome } = observe(known?.record ?? store.read(device), device, seen);
    const outcomes = outcome === null ? [] : [{ ...outcome, network: clientNetwork(outcome.client) }];
    changes.set(device, {
      record,
      entries: [...(known?.entries ?? []), ...entries],
      outcomes: [...(known?.outcomes ?? []), ...outcomes],
    });
  }
  return [...changes.values()];
}

/** Puts right what came out of order by a little. By more, the clock was set, and the order of arrival counts. */
function inOrder(batch: Observed[]): Observed[] {
  for (const [index, item] of batch.entries()) {
    let to = index;
    for (; to > 0; to -= 1) {
      const before = batch[to - 1];
      const aheadMs = before === undefined ? 0 : before.seen.atMs - item.seen.atMs;
      if (before === undefined || aheadMs <= 0 || aheadMs > OUT_OF_ORDER_MS) break;
      batch[to] = before;
    }
    batch[to] = item;
  }
  return batch;
}

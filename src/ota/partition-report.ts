// Owns the partition table as a device reports it in its check, read as far as it can be read.
import type { Hardware } from './hardware.ts';

type Entry = { label: unknown; type: unknown; subtype: unknown; size: unknown };

const TYPE_APP = 0;
const FIRST_SLOT = 0x10;
const LAST_SLOT = 0x1f;
// esp_partition_iterator gives no more than fit into the table.
const MAX_ENTRIES = 95;
const MAX_SLOT_BYTES = 128 * 1024 * 1024;

/** Slot and layout; all null for what is no partition table. Never throws. */
export function readPartitionReport(table: unknown): Pick<Hardware, 'slotBytes' | 'layout'> {
  if (!Array.isArray(table) || table.length === 0 || table.length > MAX_ENTRIES)
    return { slotBytes: null, layout: null };
  const entries = table.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null);
  const sizes = entries.filter(isSlot).map(({ size }) => size);
  const readable = sizes.every((size): size is number => isSize(size));
  const labels = new Set(entries.map(({ label }) => label));
  return {
    slotBytes: readable ? Math.min(MAX_SLOT_BYTES, ...(sizes.length === 0 ? [0] : sizes)) : null,
    layout: layoutOf(labels),
  };
}

function isSlot({ type, subtype }: Entry): boolean {
  return type === TYPE_APP && typeof subtype === 'number' && subtype >= FIRST_SLOT && subtype <= LAST_SLOT;
}

function isSize(size: unknown): size is number {
  return typeof size === 'number' && Number.isInteger(size) && size > 0;
}

/** partitions/v1 and partitions/v2 of xiaozhi-esp32: what was `model` became `assets`. Tables of other makers have neither. */
function layoutOf(labels: ReadonlySet<unknown>): Hardware['layout'] {
  const [model, assets] = [labels.has('model'), labels.has('assets')];
  if (model === assets) return null;
  return assets ? 'v2' : 'v1';
}

// Owns ESP-IDF's partition table (esp_flash_partitions.h) as it stands in a flash image.
import { textAt, wordAt } from './image-bytes.ts';

/** CONFIG_PARTITION_TABLE_OFFSET as xiaozhi-esp32 leaves it. */
export const PARTITION_TABLE_OFFSET = 0x8000;
export const PARTITION_TABLE_BYTES = 0xc00;

/** Offset and size in bytes, from the start of the flash. They are as they stand there, and may point anywhere. */
export type Partition = { label: string; type: number; subtype: number; offset: number; size: number };

const ENTRY_BYTES = 32;
const TYPE_APP = 0;
const SUBTYPE_FACTORY = 0;
const SUBTYPE_OTA = 0x10;
const OTA_SLOTS = 16;

/** Whether a partition table begins at its place in this flash. */
export function hasPartitionTable(flash: Uint8Array): boolean {
  return isEntry(flash, PARTITION_TABLE_OFFSET);
}

/** The partitions of a table; `table` begins at PARTITION_TABLE_OFFSET. It ends at the first bytes that are no entry. */
export function readPartitions(table: Uint8Array): Partition[] {
  const partitions: Partition[] = [];
  const end = Math.min(table.length, PARTITION_TABLE_BYTES);
  for (let at = 0; at + ENTRY_BYTES <= end && isEntry(table, at); at += ENTRY_BYTES) {
    partitions.push({
      label: textAt(table, at + 12, 16),
      type: table[at + 2] ?? 0,
      subtype: table[at + 3] ?? 0,
      offset: wordAt(table, at + 4),
      size: wordAt(table, at + 8),
    });
  }
  return partitions;
}

/** The app partitions, in the order in which a fresh device would try them: factory, then ota_0, ota_1 and so on. */
export function appPartitions(partitions: readonly Partition[]): Partition[] {
  return partitions
    .filter(({ type, subtype }) => type === TYPE_APP && (subtype === SUBTYPE_FACTORY || isOta(subtype)))
    .sort((a, b) => a.subtype - b.subtype);
}

function isOta(subtype: number): boolean {
  return subtype >= SUBTYPE_OTA && subtype < SUBTYPE_OTA + OTA_SLOTS;
}

function isEntry(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xaa && bytes[at + 1] === 0x50;
}

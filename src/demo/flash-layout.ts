// Lays bootloader, partition table and app out in one flash image, as `esptool merge_bin` does.
import { createHash } from 'node:crypto';

export interface FlashParts {
  chip: string;
  bootloader: Buffer;
  app: Buffer;
  /** In bytes from the start of the flash. */
  appOffset: number;
}

const TABLE_OFFSET = 0x8000;
const TABLE_BYTES = 0xc00;
const ALIGNMENT = 0x1_0000;

/** The ROM of each chip looks for the bootloader at its own offset; before it the flash stays erased. */
const BOOTLOADER_OFFSETS: Readonly<Record<string, number>> = {
  esp32: 0x1000,
  esp32s2: 0x1000,
  esp32p4: 0x2000,
  esp32c5: 0x2000,
};

interface Partition {
  type: number;
  subtype: number;
  offset: number;
  bytes: number;
  label: string;
}

/**
 * The flash from offset 0 to the end of the app, erased bytes (0xFF) between the parts.
 * @throws {RangeError} where the app's offset is not a multiple of 64 KiB past the partition table.
 */
export function buildFlash(parts: FlashParts): Buffer {
  const { appOffset, app, bootloader } = parts;
  if (appOffset % ALIGNMENT !== 0 || appOffset === 0) {
    throw new RangeError(`an app cannot begin at 0x${appOffset.toString(16)}: take a multiple of 0x10000`);
  }
  const flash = Buffer.alloc(appOffset + app.length, 0xff);
  bootloader.copy(flash, BOOTLOADER_OFFSETS[parts.chip] ?? 0);
  partitionTable(appOffset, app.length).copy(flash, TABLE_OFFSET);
  app.copy(flash, appOffset);
  return flash;
}

function partitionTable(appOffset: number, appBytes: number): Buffer {
  const slot = Math.ceil(appBytes / ALIGNMENT) * ALIGNMENT + 4 * ALIGNMENT;
  const partitions: Partition[] = [
    { type: 1, subtype: 2, offset: 0x9000, bytes: 0x4000, label: 'nvs' },
    { type: 1, subtype: 0, offset: 0xd000, bytes: 0x2000, label: 'otadata' },
    { type: 1, subtype: 1, offset: 0xf000, bytes: 0x1000, label: 'phy_init' },
    { type: 0, subtype: 0x10, offset: appOffset, bytes: slot, label: 'ota_0' },
    { type: 0, subtype: 0x11, offset: appOffset + slot, bytes: slot, label: 'ota_1' },
  ];
  const entries = Buffer.concat(partitions.map(entry));
  // ESP-IDF closes the table with the MD5 of its entries, marked EB EB.
  const digest = Buffer.alloc(16, 0xff);
  digest.writeUInt16LE(0xebeb, 0);
  const table = Buffer.alloc(TABLE_BYTES, 0xff);
  Buffer.concat([entries, digest, createHash('md5').update(entries).digest()]).copy(table);
  return table;
}

function entry(partition: Partition): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt16BE(0xaa50, 0);
  bytes.writeUInt8(partition.type, 2);
  bytes.writeUInt8(partition.subtype, 3);
  bytes.writeUInt32LE(partition.offset, 4);
  bytes.writeUInt32LE(partition.bytes, 8);
  bytes.write(partition.label, 12, 'ascii');
  return bytes;
}

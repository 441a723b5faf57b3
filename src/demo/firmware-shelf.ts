// Holds the firmware files of a sample upstream in memory: one for each board, and what a file system would tell of it.

export interface ShelvedFirmware {
  readonly version: string;
  readonly bytes: Buffer;
  /** Modification time in nanoseconds; left out, the moment when the shelf first saw these bytes. */
  readonly modifiedNs?: bigint;
  /** Each transfer of it ends after that many bytes of its body, though the head promises all of them. */
  readonly truncateAt?: number;
}

/** Board → its newest firmware. Put another entry under the same board to replace the file, as an operator would. */
export type FirmwareShelf = Map<string, ShelvedFirmware>;

const firstSeen = new WeakMap<Buffer, bigint>();
let lastStamp = 0n;

/** `<board>_<version>.bin`: how both servers name the file. */
export function fileName(board: string, version: string): string {
  return `${board}_${version}.bin`;
}

/** The firmware that goes by that file name, or undefined. */
export function findByFileName(shelf: FirmwareShelf, name: string): ShelvedFirmware | undefined {
  for (const [board, firmware] of shelf) {
    if (fileName(board, firmware.version) === name) return firmware;
  }
  return undefined;
}

/** Nanoseconds since the epoch; later for bytes that came to the shelf later, never the same for two of them. */
export function modifiedNs(firmware: ShelvedFirmware): bigint {
  if (firmware.modifiedNs !== undefined) return firmware.modifiedNs;
  const known = firstSeen.get(firmware.bytes);
  if (known !== undefined) return known;
  const clock = BigInt(Date.now()) * 1_000_000n;
  lastStamp = clock > lastStamp ? clock : lastStamp + 1n;
  firstSeen.set(firmware.bytes, lastStamp);
  return lastStamp;
}

/** `"<mtime in hex ns>-<size in hex>"`, as aiohttp 3.8 makes it. */
export function entityTag(firmware: ShelvedFirmware): string {
  return `"${modifiedNs(firmware).toString(16)}-${firmware.bytes.length.toString(16)}"`;
}

/** Whole seconds, rounded up: aiohttp rounds so, or its own If-Modified-Since would never match. */
export function lastModifiedSeconds(firmware: ShelvedFirmware): number {
  return Number((modifiedNs(firmware) + 999_999_999n) / 1_000_000_000n);
}

/** Whether version numbers `a` are above `b`, number by number; a missing number counts as 0. */
export function isAbove(a: readonly number[], b: readonly number[]): boolean {
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

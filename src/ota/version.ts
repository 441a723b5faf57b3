// Owns versions as devices read them.

// The device hands each segment to an uncaught number parser: anything else, or a segment above 2147483647, is a boot loop.
const SAFE_VERSION = /^\d{1,9}(\.\d{1,9})*$/;

/** Whether every firmware in the field can parse this version without a crash. */
export function isSafeVersion(version: string): boolean {
  return SAFE_VERSION.test(version) && version.length <= 64;
}

/** Compares two safe versions number by number, as the device does; on a tie the longer one is newer. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(left.length - right.length);
}

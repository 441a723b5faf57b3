// Owns the three generations of the firmware's HTTP client, and the quirks that follow from one.

import { isAtLeast } from './version.ts';

/** `legacy`: firmware 1.5–1.7, ESP-IDF's client. `current`: 1.8 and later, its own client. `modem`: 4G boards. */
export type Generation = 'legacy' | 'current' | 'modem';

export type Quirks = {
  generation: Generation;
  /** `Content-Length` and `Transfer-Encoding` are found in canonical case only: modems, and 1.8.0–1.8.3. */
  caseSensitiveHeaders: boolean;
  /** A chunk whose CRLF comes in a later TCP segment silently ends the body. */
  chunkBug: boolean;
  /** Modems check no certificate. */
  checksCertificate: boolean;
  /** From 2.4.2 on, a chain that ends in a cross-sign is accepted where an earlier issuer is in the bundle. */
  toleratesCrossSign: boolean;
  /** 1.5–1.9 do not write an image that carries the running version. */
  skipsSameVersion: boolean;
  /** A body cut short is an assertion in ESP-IDF's days: the device restarts. */
  panicsOnTruncation: boolean;
  /** Silence that ends a reply, in milliseconds. */
  gapMs: number;
};

/** The quirks of a generation at a firmware version. */
export function quirksOf(generation: Generation, version: string, gapMs?: number): Quirks {
  const legacy = generation === 'legacy';
  const early = isAtLeast(version, [1, 8]) && !isAtLeast(version, [1, 8, 4]);
  return {
    generation,
    caseSensitiveHeaders: generation === 'modem' || (generation === 'current' && early),
    chunkBug: !legacy,
    checksCertificate: generation !== 'modem',
    toleratesCrossSign: isAtLeast(version, [2, 4, 2]),
    skipsSameVersion: isAtLeast(version, [1, 5]) && !isAtLeast(version, [2]),
    panicsOnTruncation: legacy,
    gapMs: gapMs ?? (legacy ? 5_000 : 30_000),
  };
}

/** The generation that a board is in after it has booted a version: an upgrade over 1.8 brings the new client. */
export function generationAfterBoot(before: Generation, version: string): Generation {
  if (before === 'modem') return 'modem';
  if (isAtLeast(version, [1, 8])) return 'current';
  return isAtLeast(version, [1, 5]) ? 'legacy' : before;
}

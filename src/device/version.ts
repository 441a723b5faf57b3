// Owns what the firmware makes of a version: its number parser, which throws uncaught, and its comparison.

/** The numbers of a version, or the reason why the firmware's parser throws (main/ota.cc, ParseVersion). */
export type ParsedVersion = { parsed: 'numbers'; numbers: number[] } | { parsed: 'abort'; because: string };

const INT_MAX = 2147483647;
const INT_MIN = -2147483648;

/**
 * Splits at dots and reads each part as C++ `std::stoi` does: leading white space and a sign are taken,
 * reading stops at the first character that is no digit (`1a` is 1), a part without digits throws,
 * and so does a number outside a signed 32-bit integer. Like `std::getline`, a dot at the very end adds no part.
 * Nothing in the firmware catches what is thrown: the device restarts, asks again, and throws again.
 */
export function parseVersion(text: string): ParsedVersion {
  if (text === '') return { parsed: 'numbers', numbers: [] };
  const parts = text.split('.');
  if (parts.at(-1) === '') parts.pop();
  const numbers: number[] = [];
  for (const part of parts) {
    const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(part)?.[1];
    if (digits === undefined) return { parsed: 'abort', because: `stoi: no number in "${part}" of version "${text}"` };
    const number = Number(digits);
    if (number > INT_MAX || number < INT_MIN) {
      return { parsed: 'abort', because: `stoi: "${digits}" of version "${text}" is out of range` };
    }
    numbers.push(number);
  }
  return { parsed: 'numbers', numbers };
}

/** Whether `offered` is newer than `running`: number by number; on a tie the longer one is newer. */
export function isNewer(running: readonly number[], offered: readonly number[]): boolean {
  for (let i = 0; i < Math.min(running.length, offered.length); i++) {
    const difference = (offered[i] ?? 0) - (running[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return offered.length > running.length;
}

/** What the running version is told by an offered one. The running version is parsed too, and can throw as well. */
export function compareOffer(
  running: string,
  offered: string,
): { compared: 'newer' } | { compared: 'not-newer' } | { compared: 'abort'; because: string } {
  const mine = parseVersion(running);
  if (mine.parsed === 'abort') return { compared: 'abort', because: mine.because };
  const theirs = parseVersion(offered);
  if (theirs.parsed === 'abort') return { compared: 'abort', because: theirs.because };
  return { compared: isNewer(mine.numbers, theirs.numbers) ? 'newer' : 'not-newer' };
}

/** Whether a firmware is at least of a release; false where its version cannot be parsed. Chooses quirks, never throws. */
export function isAtLeast(version: string, release: readonly number[]): boolean {
  const own = parseVersion(version);
  return own.parsed === 'numbers' && !isNewer(own.numbers, release);
}

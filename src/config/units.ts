// Owns sizes, durations and rates: how they are written in the file, and as plain numbers behind it.
import { good, type Reader, type Reading, unfit, wrong } from './reading.ts';

const SIZES: Record<string, number> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
// nginx and Docker mean powers of 1024 by one letter, so that is the one offered.
const SIZE_MEANT: Record<string, string> = { k: 'KiB', m: 'MiB', g: 'GiB', t: 'TiB', byte: 'B', bytes: 'B' };

const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_MEANT: Record<string, string> = {
  '': 's',
  msec: 'ms',
  millisecond: 'ms',
  sec: 's',
  second: 's',
  min: 'm',
  minute: 'm',
  hr: 'h',
  hour: 'h',
  day: 'd',
};

const NUMBER_AND_UNIT = /^\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*$/;
const SIZE_EXPECTED = 'a size in bytes or with a unit, such as 4096, 64KiB or 5MB';
const DURATION_EXPECTED = 'a duration with its unit (ms, s, m, h, d), such as 30s or 24h';
const RATE_EXPECTED = 'a size for each second, such as 1MiB/s';

/** Bytes from `4096`, `64KiB` (1024) or `5MB` (1000). */
export function readSize(value: unknown): Reading<number> {
  if (typeof value === 'number') return wholeBytes(value, SIZE_EXPECTED);
  if (typeof value !== 'string') return unfit(value, SIZE_EXPECTED);
  return sizeText(value, '', SIZE_EXPECTED);
}

/** Bytes a second from `1MiB/s`. */
export function readRate(value: unknown): Reading<number> {
  if (typeof value !== 'string') return unfit(value, RATE_EXPECTED);
  if (!value.endsWith('/s')) {
    const size = readSize(value);
    return wrong('is not a rate', RATE_EXPECTED, size.ok ? `${value.trim()}/s` : undefined);
  }
  return sizeText(value.slice(0, -2), '/s', RATE_EXPECTED);
}

function sizeText(text: string, tail: string, expected: string): Reading<number> {
  const [, amount = '', unit = ''] = NUMBER_AND_UNIT.exec(text) ?? [];
  if (amount === '') return wrong('is not a size', expected);
  const factor = unit === '' ? 1 : Object.hasOwn(SIZES, unit) ? SIZES[unit] : undefined;
  const exact = /^[\d.]+[A-Za-z]*$/.test(text);
  if (factor !== undefined && exact) return wholeBytes(Math.round(Number(amount) * factor * 1e6) / 1e6, expected);
  const lower = unit.toLowerCase();
  const meant = Object.hasOwn(SIZE_MEANT, lower)
    ? SIZE_MEANT[lower]
    : Object.keys(SIZES).find((known) => known.toLowerCase() === lower);
  const problem = factor === undefined ? 'has a unit that is not known' : 'has a space in it';
  return wrong(problem, expected, meant === undefined && unit !== '' ? undefined : `${amount}${meant ?? ''}${tail}`);
}

function wholeBytes(bytes: number, expected: string): Reading<number> {
  if (bytes >= 0 && Number.isSafeInteger(bytes)) return good(bytes);
  return wrong('is not a whole number of bytes', expected);
}

/** Milliseconds from `1500ms`, `30s`, `30m`, `24h` or `7d`. A number without a unit is refused. */
export function readDuration(value: unknown): Reading<number> {
  if (typeof value !== 'string' && typeof value !== 'number') return unfit(value, DURATION_EXPECTED);
  const text = String(value);
  const [, amount = '', unit = ''] = NUMBER_AND_UNIT.exec(text) ?? [];
  if (amount === '') return wrong('is not a duration', DURATION_EXPECTED);
  const factor = Object.hasOwn(DURATIONS, unit) ? DURATIONS[unit] : undefined;
  if (factor !== undefined && /^[\d.]+[a-z]+$/.test(text)) {
    const milliseconds = Math.round(Number(amount) * factor * 1e6) / 1e6;
    if (Number.isSafeInteger(milliseconds)) return good(milliseconds);
    return wrong('is not a whole number of milliseconds', DURATION_EXPECTED);
  }
  const meant = durationMeant(unit);
  const problem =
    unit === '' ? 'has no unit' : factor === undefined ? 'has a unit that is not known' : 'has a space in it';
  return wrong(problem, DURATION_EXPECTED, meant === undefined ? undefined : `${amount}${meant}`);
}

function durationMeant(unit: string): string | undefined {
  const lower = unit.toLowerCase();
  for (const word of [lower, lower.replace(/s$/, '')]) {
    if (Object.hasOwn(DURATION_MEANT, word)) return DURATION_MEANT[word];
    if (Object.hasOwn(DURATIONS, word)) return word;
  }
  return undefined;
}

/** The same reading within bounds, which the message names as they would be written. */
export function between(
  reader: Reader<number>,
  min: number,
  max: number,
  write: (value: number) => string,
): Reader<number> {
  return (value) => {
    const reading = reader(value);
    if (!reading.ok || (reading.value >= min && reading.value <= max)) return reading;
    return wrong(reading.value < min ? 'is too small' : 'is too large', `from ${write(min)} to ${write(max)}`);
  };
}

/** A duration as `readDuration` reads it, in the largest unit that leaves a whole number; hours rather than one day. */
export function writeDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const days = milliseconds / 86_400_000;
  if (Number.isInteger(days) && days > 1) return `${days}d`;
  const unit = ['h', 'm', 's'].find((each) => milliseconds % (DURATIONS[each] ?? 1) === 0) ?? 'ms';
  return `${milliseconds / (DURATIONS[unit] ?? 1)}${unit}`;
}

/** A size as `readSize` reads it, in the largest power of 1024 that leaves a whole number. */
export function writeSize(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((each) => bytes > 0 && bytes % (SIZES[each] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (SIZES[unit] ?? 1)}${unit}`;
}

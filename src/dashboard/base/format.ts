// Owns numbers, sizes and times as people read them, in their language.
import type { Language } from '../words.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEPS = [
  { unit: 'day', ms: DAY_MS },
  { unit: 'hour', ms: HOUR_MS },
  { unit: 'minute', ms: MINUTE_MS },
  { unit: 'second', ms: SECOND_MS },
] as const;

export type Format = ReturnType<typeof makeFormat>;

/** The formats of a language. Times are milliseconds since the epoch, in the time zone of the browser. */
export function makeFormat(language: Language, timeZone?: string) {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const zone = timeZone === undefined ? {} : { timeZone };
  const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23', ...zone });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', ...zone });
  const moment = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    ...zone,
  });
  const units = STEPS.map(({ unit, ms }) => ({
    ms,
    write: new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow' }),
  }));

  const long = STEPS.map(({ unit, ms }) => ({
    ms,
    write: new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }),
  }));

  const number = (value: number): string => plain.format(value);
  const bytes = (value: number): string => {
    const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), UNITS.length - 1);
    return `${plain.format(value / 1024 ** power)} ${UNITS[power]}`;
  };
  /** The two largest units: `2h 5m`. */
  const duration = (ms: number): string => {
    const seconds = Math.max(0, Math.round(ms / SECOND_MS)) * SECOND_MS;
    const first = units.findIndex((step) => seconds >= step.ms);
    if (first < 0) return units.at(-1)?.write.format(0) ?? '';
    const parts = units.slice(first, first + 2).flatMap((step, index) => {
      const rest = index === 0 ? seconds : seconds % (units[first]?.ms ?? 1);
      const amount = Math.floor(rest / step.ms);
      return amount === 0 ? [] : [step.write.format(amount)];
    });
    return parts.join(language === 'zh' ? '' : ' ');
  };
  const ago = (atMs: number, nowMs: number): string => {
    const past = nowMs - atMs;
    const step = STEPS.find(({ ms }) => Math.abs(past) >= ms);
    if (step === undefined || Math.abs(past) < 5 * SECOND_MS) return relative.format(0, 'second');
    return relative.format(-Math.trunc(past / step.ms), step.unit);
  };
  return {
    number,
    bytes,
    rate: (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`,
    percent: (share: number): string => `${Math.floor(share * 100)}%`,
    duration,
    /** In full: `2 hours`. */
    longDuration: (ms: number): string => {
      const step = long.find((one) => ms >= one.ms && ms % one.ms === 0);
      return step === undefined ? duration(ms) : step.write.format(ms / step.ms);
    },
    ago,
    time: (atMs: number): string => clock.format(atMs),
    day: (atMs: number): string => day.format(atMs),
    moment: (atMs: number): string => moment.format(atMs),
  };
}

/** What is left, as a clock that runs down: `9:59`, `1:59:59`. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / SECOND_MS));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

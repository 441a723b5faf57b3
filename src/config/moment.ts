// Owns moments: a date and a time with its zone, as milliseconds since the epoch.
import { good, type Reading, unfit, wrong } from './reading.ts';

const EXPECTED = 'a date and time with its zone, such as 2026-12-01T00:00:00+08:00';
const MOMENT =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?[ \t]*(Z|z|[+-]\d\d?(?::?\d\d)?)?$/;

/**
 * Milliseconds since the epoch, from RFC 3339 or the timestamp of YAML. Without a zone it would mean another moment on
 * each machine (containers run in UTC, their operators do not), so that is refused.
 */
export function readMoment(value: unknown): Reading<number> {
  if (typeof value === 'number') return wrong('is a number, which says neither unit nor zone', EXPECTED);
  if (typeof value !== 'string') return unfit(value, EXPECTED);
  const parts = MOMENT.exec(value.trim());
  if (!parts) return wrong('is not a date and time', EXPECTED);
  const [, year, month, day, hour, minute, second, fraction, zone] = parts;
  if (hour === undefined) return wrong('has no time of day and no zone, so nobody can tell when it is over', EXPECTED);
  if (zone === undefined)
    return wrong('has no time zone, so it would mean another moment on another machine', EXPECTED);
  const milliseconds = Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  const fields = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
  ] as const;
  const date = new Date(Date.UTC(...fields, milliseconds));
  const same =
    date.getUTCFullYear() === fields[0] &&
    date.getUTCMonth() === fields[1] &&
    date.getUTCDate() === fields[2] &&
    date.getUTCHours() === fields[3] &&
    date.getUTCMinutes() === fields[4] &&
    date.getUTCSeconds() === fields[5];
  if (!same) return wrong('is not in the calendar', EXPECTED);
  const offset = zoneMinutes(zone);
  if (offset === undefined) return wrong('has a zone that does not exist', EXPECTED);
  return good(date.getTime() - offset * 60_000);
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d?):?(\d\d)?$/.exec(zone) ?? [];
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

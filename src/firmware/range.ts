// Owns the answer to a request's conditions and range: whether it gets the object, a part of it, or neither.

export type RangeRequest = { method: 'GET' | 'HEAD'; headers: NodeJS.Dict<string | string[]> };

/** What is served: `etag` with its quotes, null where it is not known (yet); `lastModifiedMs` null where nobody said. */
export type RangeObject = { length: number; etag: string | null; lastModifiedMs: number | null };

export type Selection =
  | { kind: 'whole' }
  /** The bytes from `start` up to `end`, without the one at `end`. */
  | { kind: 'part'; start: number; end: number }
  | { kind: 'unsatisfiable' }
  | { kind: 'not-modified' }
  | { kind: 'precondition-failed' };

// No client needs more: Node's own limit for all headers together is 16 KiB.
const MAX_FIELD_LENGTH = 8192;

/**
 * Decides by RFC 9110, conditions in the order of section 13.2.2, then the range by section 14. A field that is no
 * date, no range or longer than 8 KiB says nothing; several ranges get the whole object, which section 14.2 allows.
 * Never throws, takes linear time.
 * @param nowMs the wall clock, needed for the two-digit years of RFC 850 alone
 */
export function decideRange(request: RangeRequest, object: RangeObject, nowMs: number = Date.now()): Selection {
  const field: Field = (name) => fieldValue(request.headers[name]);
  const lastModifiedMs = wholeSecond(object.lastModifiedMs);
  if (!holds(field, object.etag, lastModifiedMs, nowMs)) return { kind: 'precondition-failed' };
  if (!isNew(field, object.etag, lastModifiedMs, nowMs)) return { kind: 'not-modified' };

  const range = field('range');
  // Section 14.2: GET alone has a defined range handling, a HEAD ignores it.
  if (request.method !== 'GET' || range === null) return { kind: 'whole' };
  const ifRange = field('if-range');
  if (ifRange !== null && !isSame(ifRange, object.etag, lastModifiedMs, nowMs)) return { kind: 'whole' };
  return selectRange(range, object.length);
}

/** The Content-Range of a 206 or a 416 (RFC 9110 section 14.4). `length` is that of the whole object, in bytes. */
export function contentRange(
  selection: Extract<Selection, { kind: 'part' | 'unsatisfiable' }>,
  length: number,
): string {
  return selection.kind === 'part' ? `bytes ${selection.start}-${selection.end - 1}/${length}` : `bytes */${length}`;
}

type Field = (name: string) => string | null;

/** Null where the field is absent. One that came on several lines is one list (RFC 9110 section 5.3). */
function fieldValue(value: string | string[] | undefined): string | null {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return null;
  const text = Array.isArray(value) ? value.join(', ') : value;
  return text.length > MAX_FIELD_LENGTH ? '' : text.trim();
}

/** Steps 1 and 2 of section 13.2.2. */
function holds(field: Field, etag: string | null, lastModifiedMs: number | null, nowMs: number): boolean {
  const ifMatch = field('if-match');
  if (ifMatch !== null) return matchesAny(ifMatch, etag, 'strong');
  const unmodifiedSinceMs = parseHttpDate(field('if-unmodified-since') ?? '', nowMs);
  return unmodifiedSinceMs === null || lastModifiedMs === null || lastModifiedMs <= unmodifiedSinceMs;
}

/** Steps 3 and 4 of section 13.2.2. */
function isNew(field: Field, etag: string | null, lastModifiedMs: number | null, nowMs: number): boolean {
  const ifNoneMatch = field('if-none-match');
  if (ifNoneMatch !== null) return !matchesAny(ifNoneMatch, etag, 'weak');
  const modifiedSinceMs = parseHttpDate(field('if-modified-since') ?? '', nowMs);
  return modifiedSinceMs === null || lastModifiedMs === null || lastModifiedMs > modifiedSinceMs;
}

/** Section 13.1.5: If-Range holds for the very same bytes, so tags compare strongly and dates exactly. */
function isSame(ifRange: string, etag: string | null, lastModifiedMs: number | null, nowMs: number): boolean {
  const tag = readTag(ifRange);
  if (tag !== null) return etag !== null && isSameTag(tag, readTag(etag), 'strong');
  return lastModifiedMs !== null && parseHttpDate(ifRange, nowMs) === lastModifiedMs;
}

type Tag = { weak: boolean; opaque: string };
type Comparison = 'strong' | 'weak';

// RFC 9110 section 8.8.3; Node hands header bytes on as Latin-1.
const TAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;
// Section 5.6.1.2: a recipient reads over empty elements of a list.
const LIST_ELEMENT = /[ \t]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|$)/gy;

/** `*` matches whatever is there. A list that is malformed anywhere matches nothing: nobody knows where its tags end. */
function matchesAny(list: string, etag: string | null, comparison: Comparison): boolean {
  if (list === '*') return true;
  if (etag === null) return false;
  const own = readTag(etag);
  const elements = [...list.matchAll(LIST_ELEMENT)];
  const last = elements.at(-1);
  if (last === undefined || last.index + last[0].length !== list.length) return false;
  return elements.some(([, element]) => element !== undefined && isSameTag(readTag(element), own, comparison));
}

function readTag(text: string): Tag | null {
  const match = TAG.exec(text);
  return match === null ? null : { weak: match[1] !== undefined, opaque: match[2] ?? '' };
}

/** Section 8.8.3.2. */
function isSameTag(a: Tag | null, b: Tag | null, comparison: Comparison): boolean {
  if (a === null || b === null || a.opaque !== b.opaque) return false;
  return comparison === 'weak' || !(a.weak || b.weak);
}

/** Section 14.1.2. Several ranges, another unit and what is no range select the whole. */
function selectRange(range: string, length: number): Selection {
  if (!/^bytes=/i.test(range)) return { kind: 'whole' };
  const elements = range
    .slice('bytes='.length)
    .split(',')
    .filter((element) => /[^ \t]/.test(element));
  const match = elements.length === 1 ? /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(elements[0] ?? '') : null;
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  // Digits beyond what a number holds become Infinity, which is past the end like every other such position.
  if (first === '') return selectSuffix(Number(last), length);
  const start = Number(first);
  const lastByte = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (lastByte < start) return { kind: 'whole' };
  return start < length ? { kind: 'part', start, end: Math.min(lastByte + 1, length) } : { kind: 'unsatisfiable' };
}

function selectSuffix(suffixLength: number, length: number): Selection {
  if (suffixLength === 0) return { kind: 'unsatisfiable' };
  // Satisfiable even where there is nothing, and no Content-Range can say so.
  if (length === 0) return { kind: 'whole' };
  return { kind: 'part', start: Math.max(length - suffixLength, 0), end: length };
}

/** Last-Modified carries whole seconds (RFC 9110 section 5.6.7), and that is all a client can send back. */
function wholeSecond(ms: number | null): number | null {
  return ms === null || !Number.isFinite(ms) ? null : Math.floor(ms / 1000) * 1000;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATE_FORMATS = [
  /^(?<name>[A-Z][a-z]{2}), (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^(?<name>[A-Z][a-z]{5,8}), (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^(?<name>[A-Z][a-z]{2}) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
];

/**
 * An HTTP date in one of the three formats of RFC 9110 section 5.6.7, as milliseconds since the epoch. Null for
 * anything else, a day that is in no calendar, or a day of the week that is not its own.
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  for (const format of DATE_FORMATS) {
    const { name = '', day, month = '', year = '', time = '' } = format.exec(text)?.groups ?? {};
    if (day === undefined) continue;
    const monthIndex = MONTHS.indexOf(month);
    const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
    const fullYear = year.length === 2 ? pivotYear(Number(year), monthIndex, Number(day), nowMs) : Number(year);
    const date = new Date(0);
    date.setUTCFullYear(fullYear, monthIndex, Number(day));
    const weekday = DAYS[date.getUTCDay()] ?? '';
    const isDay = date.getUTCDate() === Number(day) && name === (year.length === 2 ? weekday : weekday.slice(0, 3));
    const isTime = hour < 24 && minute < 60 && (second < 60 || time === '23:59:60');
    return monthIndex >= 0 && isDay && isTime ? date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 : null;
  }
  return null;
}

/** More than 50 years ahead means the past (section 5.6.7). */
function pivotYear(twoDigits: number, monthIndex: number, day: number, nowMs: number): number {
  const limit = new Date(nowMs);
  const year = Math.floor(limit.getUTCFullYear() / 100) * 100 + twoDigits;
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  return Date.UTC(year, monthIndex, day) > limit.getTime() ? year - 100 : year;
}

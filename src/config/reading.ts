// Owns the shape of a reading: a value from the file, or what is wrong with it, what belongs there, and a way to say it.

/** One thing that is wrong with a value. Never holds a secret: the value itself is shown by whoever has its place. */
export type Wrong = {
  /** Continues the key: `has no unit`. */
  problem: string;
  /** What belongs there instead; empty where the problem says it all. */
  expected: string;
  /** What was most likely meant, ready to paste. */
  suggestion?: string;
  /** Whether the value looks like a secret that got into the wrong place: it is not shown then. */
  hidden?: true;
  /** The index in a list, where one member of it is wrong. */
  at?: number;
};

export type Reading<T> = { ok: true; value: T } | { ok: false; wrongs: Wrong[] };

export type Reader<T> = (value: unknown) => Reading<T>;

export function good<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function wrong<T = never>(problem: string, expected: string, suggestion?: string): Reading<T> {
  return { ok: false, wrongs: [{ problem, expected, ...(suggestion === undefined ? {} : { suggestion }) }] };
}

/** The answer to a value of a type that makes no sense here. `undefined` is a key that is not there. */
export function unfit<T = never>(value: unknown, expected: string): Reading<T> {
  if (value === undefined) return wrong('is missing', expected);
  return wrong(value === null ? 'has no value' : 'is not of the right kind', expected);
}

/** One value, or a list of values; every wrong member of a list is told. `max` bounds the list. */
export function oneOrMore<T>(reader: Reader<T>, max: number): Reader<T[]> {
  return (value) => {
    if (!Array.isArray(value)) {
      const one = reader(value);
      return one.ok ? good([one.value]) : one;
    }
    if (value.length > max) return wrong(`has ${value.length} members`, `${max} at most`);
    const values: T[] = [];
    const wrongs: Wrong[] = [];
    for (const [index, member] of value.entries()) {
      const reading = reader(member);
      if (reading.ok) values.push(reading.value);
      else wrongs.push(...reading.wrongs.map((each) => ({ ...each, at: index })));
    }
    return wrongs.length > 0 ? { ok: false, wrongs } : good(values);
  };
}

/** Text on one line, up to `max` characters. */
export function readText(what: string, max = 200): Reader<string> {
  return (value) => {
    if (typeof value === 'number' || typeof value === 'boolean') {
      return wrong('is not text', `${what}, in quotes`, `'${String(value)}'`);
    }
    if (typeof value !== 'string') return unfit(value, what);
    if (value === '') return wrong('is empty', what);
    if (/\p{Cc}/u.test(value)) return wrong('holds a line break or a control character', `${what} on one line`);
    return value.length > max ? wrong(`has ${value.length} characters`, `${max} at most`) : good(value);
  };
}

/** A whole number in bounds. Digits in quotes count, since that is what `${ENV}` leaves. */
export function readInteger(what: string, min: number, max: number): Reader<number> {
  const expected = `${what} from ${min} to ${max}`;
  return (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' && typeof number !== 'string') return unfit(value, expected);
    if (typeof number === 'string' || !Number.isInteger(number)) return wrong('is not a whole number', expected);
    return number < min || number > max ? wrong('is out of range', expected) : good(number);
  };
}

const SWITCHES: Record<string, boolean> = { true: true, false: false };
const SPOKEN: Record<string, string> = {
  yes: 'true',
  on: 'true',
  '1': 'true',
  no: 'false',
  off: 'false',
  '0': 'false',
};

/** true or false. YAML 1.2 knows neither yes nor on. */
export function readSwitch(value: unknown): Reading<boolean> {
  if (typeof value === 'boolean') return good(value);
  if (typeof value !== 'string' && typeof value !== 'number') return unfit(value, 'true or false');
  const word = String(value).toLowerCase();
  const meant = Object.hasOwn(SWITCHES, word) ? SWITCHES[word] : undefined;
  if (meant !== undefined) return good(meant);
  return wrong('is neither true nor false', 'true or false', Object.hasOwn(SPOKEN, word) ? SPOKEN[word] : undefined);
}

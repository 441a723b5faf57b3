// What a request's conditions and its range select, by the tables and examples of RFC 9110.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  contentRange,
  decideRange,
  parseHttpDate,
  type RangeObject,
  type Selection,
} from '../../src/firmware/range.ts';
import { seeded } from '../policy/random.ts';

const NOW = Date.UTC(2026, 11, 1);
const ETAG = '"sha256-0f"';
const WEAK = `W/${ETAG}`;
const MODIFIED = 'Sat, 29 Oct 1994 19:43:31 GMT';
const MODIFIED_MS = Date.UTC(1994, 9, 29, 19, 43, 31);
const EARLIER = 'Sat, 29 Oct 1994 19:43:30 GMT';
const LATER = 'Sat, 29 Oct 1994 19:43:32 GMT';
const OBJECT: RangeObject = { length: 10_000, etag: ETAG, lastModifiedMs: MODIFIED_MS };
const FILLING: RangeObject = { length: 10_000, etag: null, lastModifiedMs: null };

const WHOLE: Selection = { kind: 'whole' };
const UNSATISFIABLE: Selection = { kind: 'unsatisfiable' };
const NOT_MODIFIED: Selection = { kind: 'not-modified' };
const FAILED: Selection = { kind: 'precondition-failed' };
const part = (start: number, end: number): Selection => ({ kind: 'part', start, end });

type Headers = NodeJS.Dict<string | string[]>;
const get = (headers: Headers, object = OBJECT) => decideRange({ method: 'GET', headers }, object, NOW);
const head = (headers: Headers, object = OBJECT) => decideRange({ method: 'HEAD', headers }, object, NOW);

describe('a range', () => {
  const ranges: [range: string, expected: Selection][] = [
    // RFC 9110 section 14.1.2, an object of 10,000 bytes.
    ['bytes=0-499', part(0, 500)],
    ['bytes=500-999', part(500, 1000)],
    ['bytes=-500', part(9500, 10_000)],
    ['bytes=9500-', part(9500, 10_000)],
    ['bytes=0-0', part(0, 1)],
    ['bytes=9999-9999', part(9999, 10_000)],
    ['BYTES=0-1', part(0, 2)],
    ['bytes= 0-1\t', part(0, 2)],
    ['bytes=,0-1 ,', part(0, 2)],
    ['bytes=000-0001', part(0, 2)],
    ['bytes=0-', part(0, 10_000)],
    ['bytes=9000-10000', part(9000, 10_000)],
    ['bytes=0-99999999999999999999999999', part(0, 10_000)],
    [`bytes=1-${'9'.repeat(7000)}`, part(1, 10_000)],
    ['bytes=-10001', part(0, 10_000)],
    [`bytes=-${'9'.repeat(7000)}`, part(0, 10_000)],
    // Past the end, or of nothing.
    ['bytes=10000-', UNSATISFIABLE],
    ['bytes=10000-10001', UNSATISFIABLE],
    [`bytes=${'9'.repeat(7000)}-`, UNSATISFIABLE],
    ['bytes=-0', UNSATISFIABLE],
  ];
  for (const [range, expected] of ranges) {
    it(`${JSON.stringify(range.slice(0, 40))} selects ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(get({ range }), expected);
    });
  }

  it('among several, which section 14.2 allows to ignore, gets the whole object', () => {
    const several = 'bytes=0-0,-1 | bytes= 0-999, 4500-5499, -1000 | bytes=500-600,601-999 | bytes=20000-,30000-';
    for (const range of several.split(' | ')) assert.deepEqual(get({ range }), WHOLE, range);
  });

  it('that is none, or in another unit, gets the whole object', () => {
    const none =
      'bytes | bytes= | bytes=- | bytes=, | bytes=5-4 | bytes=10001-10000 | bytes=5 | bytes=a-b | bytes=0 - 1 | ' +
      'bytes =0-1 | bytes=0-1; | bytes=--1 | bytes=0x0-0x1 | bytes=+0-1 | bytes=0-1e3 | bytes=1.5-2 | bytes=٠-١ | ' +
      'bytes:0-1 | lines=0-1 | xbytes=0-1 | bytes=0-1,x | bytes=0-1-2 | bytes=0-1 2';
    for (const range of [...none.split(' | '), '', `bytes=0-1${' '.repeat(9000)}`])
      assert.deepEqual(get({ range }), WHOLE, range);
  });

  it('is ignored by HEAD (section 14.2)', () => {
    assert.deepEqual(head({ range: 'bytes=0-1' }), WHOLE);
    assert.deepEqual(head({ range: 'bytes=20000-' }), WHOLE);
  });

  it('of an object without bytes is unsatisfiable, but for a suffix, whose Content-Range nobody could write', () => {
    const nothing = { ...OBJECT, length: 0 };
    assert.deepEqual(get({ range: 'bytes=0-' }, nothing), UNSATISFIABLE);
    assert.deepEqual(get({ range: 'bytes=-1' }, nothing), WHOLE);
    assert.deepEqual(get({ range: 'bytes=-0' }, nothing), UNSATISFIABLE);
  });

  it('on several lines is several ranges', () => {
    assert.deepEqual(get({ range: ['bytes=0-1'] }), part(0, 2));
    assert.deepEqual(get({ range: ['bytes=0-1', 'bytes=2-3'] }), WHOLE);
    assert.deepEqual(get({ range: ['bytes=0-1', '2-3'] }), WHOLE);
    assert.deepEqual(get({ range: [], 'if-match': [] }), WHOLE);
  });
});

describe('If-Match and If-None-Match', () => {
  // Section 8.8.3.2, against an object with a strong tag.
  const same = ['*', ETAG, ` ${ETAG} `, `"a", ${ETAG}`, `"a",${ETAG},"c"`, `, ,\t${ETAG} ,,`, ['"a"', ETAG]];
  const sameWeakly = [WEAK, `"a", ${WEAK}, "c"`];
  const malformed = ['sha256-0f', `"x, ${ETAG}`, `${ETAG}, *`, `${ETAG}, a`, `W/ ${ETAG}`, `${ETAG} ${ETAG}`];
  const tooLong = `${ETAG}, ${'"x",'.repeat(3000)}`;
  const other = ['"other"', '"a,b", "c"', '"SHA256-0F"', `w/${ETAG}`, '', ',', ...malformed, tooLong];
  for (const list of [...same, ...sameWeakly, ...other]) {
    const strong = same.includes(list);
    const weak = !other.includes(String(list));
    it(`${JSON.stringify(list).slice(0, 40)}: strongly ${strong}, weakly ${weak}`, () => {
      assert.deepEqual(get({ 'if-match': list }), strong ? WHOLE : FAILED);
      assert.deepEqual(get({ 'if-none-match': list }), weak ? NOT_MODIFIED : WHOLE);
      assert.deepEqual(head({ 'if-none-match': list }), weak ? NOT_MODIFIED : WHOLE);
    });
  }

  it('never match, but for "*", where the tag is not known yet', () => {
    assert.deepEqual(get({ 'if-match': ETAG }, FILLING), FAILED);
    assert.deepEqual(get({ 'if-match': '*' }, FILLING), WHOLE);
    assert.deepEqual(get({ 'if-none-match': ETAG }, FILLING), WHOLE);
    assert.deepEqual(get({ 'if-none-match': '*' }, FILLING), NOT_MODIFIED);
  });

  // RFC 9110 section 8.8.3.2.
  it('compare a weak tag weakly only', () => {
    for (const [own, sent, weak] of [
      ['W/"1"', 'W/"1"', true],
      ['W/"1"', 'W/"2"', false],
      ['W/"1"', '"1"', true],
    ] as const) {
      const object = { ...OBJECT, etag: own };
      assert.deepEqual(get({ 'if-match': sent }, object), FAILED);
      assert.deepEqual(get({ 'if-none-match': sent }, object), weak ? NOT_MODIFIED : WHOLE);
      assert.deepEqual(get({ 'if-range': sent, range: 'bytes=0-1' }, object), WHOLE);
    }
  });
});

describe('If-Modified-Since and If-Unmodified-Since', () => {
  const dates: [date: string, modifiedSince: Selection, unmodifiedSince: Selection][] = [
    [MODIFIED, NOT_MODIFIED, WHOLE],
    [LATER, NOT_MODIFIED, WHOLE],
    [EARLIER, WHOLE, FAILED],
    ['Saturday, 29-Oct-94 19:43:31 GMT', NOT_MODIFIED, WHOLE],
    ['Sat Oct 29 19:43:30 1994', WHOLE, FAILED],
    // No date says nothing (sections 13.1.3 and 13.1.4).
    ['yesterday', WHOLE, WHOLE],
    ['1994-10-29T19:43:31Z', WHOLE, WHOLE],
    [`${MODIFIED}, ${MODIFIED}`, WHOLE, WHOLE],
    ['', WHOLE, WHOLE],
  ];
  for (const [date, modifiedSince, unmodifiedSince] of dates) {
    it(`${JSON.stringify(date)}: ${modifiedSince.kind}, ${unmodifiedSince.kind}`, () => {
      assert.deepEqual(get({ 'if-modified-since': date }), modifiedSince);
      assert.deepEqual(get({ 'if-unmodified-since': date }), unmodifiedSince);
      assert.deepEqual(head({ 'if-modified-since': date }), modifiedSince);
    });
  }

  it('compare whole seconds, as Last-Modified carries them', () => {
    const object = { ...OBJECT, lastModifiedMs: MODIFIED_MS + 999 };
    assert.deepEqual(get({ 'if-modified-since': MODIFIED }, object), NOT_MODIFIED);
    assert.deepEqual(get({ 'if-unmodified-since': MODIFIED }, object), WHOLE);
    assert.deepEqual(get({ 'if-range': MODIFIED, range: 'bytes=0-1' }, object), part(0, 2));
  });

  it('say nothing of an object whose date nobody knows', () => {
    for (const lastModifiedMs of [null, Number.NaN]) {
      const object = { ...OBJECT, lastModifiedMs };
      assert.deepEqual(get({ 'if-modified-since': LATER }, object), WHOLE);
      assert.deepEqual(get({ 'if-unmodified-since': EARLIER }, object), WHOLE);
      assert.deepEqual(get({ 'if-range': MODIFIED, range: 'bytes=0-1' }, object), WHOLE);
    }
  });
});

describe('the order of section 13.2.2', () => {
  const cases: [what: string, headers: Headers, expected: Selection][] = [
    ['If-Match counts instead of If-Unmodified-Since', { 'if-match': ETAG, 'if-unmodified-since': EARLIER }, WHOLE],
    ['If-Match that fails is the end', { 'if-match': '"x"', 'if-none-match': ETAG }, FAILED],
    ['If-Unmodified-Since that fails is the end', { 'if-unmodified-since': EARLIER, 'if-none-match': ETAG }, FAILED],
    ['after If-Match comes If-None-Match', { 'if-match': ETAG, 'if-none-match': ETAG }, NOT_MODIFIED],
    ['If-None-Match counts, not If-Modified-Since', { 'if-none-match': '"x"', 'if-modified-since': LATER }, WHOLE],
    ['304 comes before the range', { 'if-none-match': ETAG, range: 'bytes=0-1' }, NOT_MODIFIED],
    ['304 comes before 416', { 'if-modified-since': LATER, range: 'bytes=20000-' }, NOT_MODIFIED],
    ['412 comes before the range', { 'if-match': '"x"', range: 'bytes=0-1' }, FAILED],
    ['what holds leaves the range', { 'if-match': ETAG, 'if-none-match': '"x"', range: 'bytes=0-1' }, part(0, 2)],
  ];
  for (const [what, headers, expected] of cases) it(what, () => assert.deepEqual(get(headers), expected));
});

describe('If-Range', () => {
  const same = [ETAG, MODIFIED, 'Saturday, 29-Oct-94 19:43:31 GMT', [ETAG]];
  const other = [WEAK, '"other"', '*', `${ETAG}, ${ETAG}`, [ETAG, ETAG], EARLIER, LATER, 'sha256-0f', ''];
  for (const validator of [...same, ...other]) {
    const holds = same.includes(validator);
    it(`${JSON.stringify(validator)} ${holds ? 'lets the range through' : 'gets the whole object'}`, () => {
      assert.deepEqual(get({ 'if-range': validator, range: 'bytes=1-2' }), holds ? part(1, 3) : WHOLE);
      assert.deepEqual(get({ 'if-range': validator, range: 'bytes=20000-' }), holds ? UNSATISFIABLE : WHOLE);
    });
  }

  it('says nothing without a range', () => assert.deepEqual(get({ 'if-range': '"other"' }), WHOLE));

  it('by tag never holds where the tag is not known yet, by date it does', () => {
    assert.deepEqual(get({ 'if-range': ETAG, range: 'bytes=0-1' }, FILLING), WHOLE);
    const dated = { ...FILLING, lastModifiedMs: MODIFIED_MS };
    assert.deepEqual(get({ 'if-range': MODIFIED, range: 'bytes=0-1' }, dated), part(0, 2));
  });
});

it('writes Content-Range for a 206 and a 416 (section 14.4)', () => {
  assert.equal(contentRange({ kind: 'part', start: 42, end: 1234 }, 1234), 'bytes 42-1233/1234');
  assert.equal(contentRange({ kind: 'part', start: 0, end: 1 }, 1), 'bytes 0-0/1');
  assert.equal(contentRange({ kind: 'unsatisfiable' }, 1234), 'bytes */1234');
});

describe('an HTTP date', () => {
  const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);
  const dates: [text: string, expected: number][] = [
    // RFC 9110 section 5.6.7.
    ['Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
    ['Sun Nov  6 08:49:37 1994', EXAMPLE],
    ['Sat Oct 29 19:43:31 1994', MODIFIED_MS],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Sat, 01 Jan 0050 00:00:00 GMT', new Date('0050-01-01').getTime()],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
    // Two digits: 50 years ahead at most, seen from 1 December 2026.
    ['Tuesday, 01-Dec-76 00:00:00 GMT', Date.UTC(2076, 11, 1)],
    ['Thursday, 02-Dec-76 00:00:00 GMT', Date.UTC(1976, 11, 2)],
    ['Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2000, 1, 29)],
    ['Friday, 31-Dec-99 23:59:59 GMT', Date.UTC(1999, 11, 31, 23, 59, 59)],
    ['Sun Nov 06 08:49:37 1994', EXAMPLE],
  ];
  for (const [text, expected] of dates) {
    it(JSON.stringify(text), () => assert.equal(parseHttpDate(text, NOW), expected));
  }

  it('of another form, or of no calendar, is none', () => {
    const none =
      'sun, 06 Nov 1994 08:49:37 GMT | Sun, 06 nov 1994 08:49:37 GMT | Sun, 06 Nov 1994 08:49:37 gmt | ' +
      'Sun, 06 Nov 1994 08:49:37 UTC | Sun, 06 Nov 1994 08:49:37 +0000 | Sun, 06 Nov 1994 08:49:37 | ' +
      'Sun, 6 Nov 1994 08:49:37 GMT | Sun, 06 Nov 94 08:49:37 GMT | Sun,  06 Nov 1994 08:49:37 GMT | ' +
      'Mon, 06 Nov 1994 08:49:37 GMT | Foo, 06 Nov 1994 08:49:37 GMT | Mon, 06 Foo 1994 08:49:37 GMT | ' +
      'Mon, 00 Nov 1994 08:49:37 GMT | Thu, 31 Nov 1994 08:49:37 GMT | Wed, 29 Feb 2023 08:49:37 GMT | ' +
      'Sun, 06 Nov 1994 24:00:00 GMT | Sun, 06 Nov 1994 08:60:00 GMT | Sun, 06 Nov 1994 08:49:60 GMT | ' +
      'Sun, 06-Nov-94 08:49:37 GMT | Sunday, 06-Nov-1994 08:49:37 GMT | Sun Nov 6 08:49:37 1994 | ' +
      'Mon Nov  0 08:49:37 1994 | Sun Nov  6 08:49:37 1994 GMT | 784111777';
    const untrimmed = [' Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT\n', ''];
    for (const text of [...none.split(' | '), ...untrimmed]) assert.equal(parseHttpDate(text, NOW), null, text);
  });

  it('is read back as toUTCString writes it', () => {
    const random = seeded(5);
    for (let round = 0; round < 2000; round += 1) {
      const ms = random.below(4_000_000_000) * 1000;
      assert.equal(parseHttpDate(new Date(ms).toUTCString(), NOW), ms);
    }
  });
});

describe('hostile fields', () => {
  const FIELDS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
  const PIECES = [...'09-," \t*=\0\xff固\ud800', 'W/', 'bytes=', '5-9', 'GMT', ETAG, MODIFIED];

  it('never throw, and what they select lies within the object', () => {
    const random = seeded(9110);
    const value = (): string => Array.from({ length: random.below(12) }, () => random.pick(PIECES)).join('');
    for (let round = 0; round < 20_000; round += 1) {
      const headers: Headers = {};
      for (const name of FIELDS)
        if (random.below(3) === 0) headers[name] = random.below(5) === 0 ? [value(), value()] : value();
      const object = { ...random.pick([OBJECT, FILLING]), length: random.below(12) };
      const selection = get(headers, object);
      if (selection.kind !== 'part') continue;
      const { start, end } = selection;
      assert.ok(
        Number.isInteger(start) && start >= 0 && start < end && end <= object.length,
        JSON.stringify({ headers, selection }),
      );
    }
  });

  it('take no longer than their length allows', () => {
    const startedMs = performance.now();
    for (const piece of ['1', ',', ' ', '"', '"",', ' ,', '\t', 'W/', '-', 'A']) {
      for (const size of [8000, 2_000_000]) {
        const long = piece.repeat(size / piece.length);
        for (const name of FIELDS)
          for (const start of ['', 'bytes=', 'bytes=0-', '"']) get({ range: 'bytes=0-1', [name]: `${start}${long}x` });
      }
    }
    // Quadratic time would take minutes.
    assert.ok(performance.now() - startedMs < 5000);
  });
});

// Which firmware links are one thing to the cache, and when a download is what was promised.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  confirmsPromise,
  identify,
  isOneTimeLink,
  type LinkIdentity,
  type PromiseHint,
} from '../../src/firmware/link-identity.ts';
import { seeded } from '../policy/random.ts';

const ORIGIN = 'http://192.168.1.5:8002';
const FOLDER = '/xiaozhi/otaMag/download/';
const UUID = '3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10';
const OTHER_UUID = '00000000-0000-4000-a000-00000000000f';
const HINT = { board: 'bread-compact-wifi', version: '2.0.0' };

const own = (path: string, hint: PromiseHint | null = HINT, upstream = 'console', origin = ORIGIN): LinkIdentity =>
  identify(new URL(path, origin), upstream, hint, true);
const foreign = (href: string): LinkIdentity => identify(new URL(href), 'console', HINT, false);
const nameOf = (identity: LinkIdentity): string => (identity.kind === 'one-time-alone' ? identity.link : identity.name);

describe('a one-time link', () => {
  const paths: [path: string, oneTime: boolean][] = [
    [`${FOLDER}${UUID}`, true],
    [`${FOLDER}${UUID.toUpperCase()}`, true],
    [`${FOLDER}${UUID}?x=1`, true],
    [`/${UUID}`, true],
    [`${FOLDER}3f2b8c1e-9a47-1d55-8b1e-0c7d2f6a9e10`, false],
    [`${FOLDER}3f2b8c1e-9a47-4d55-cb1e-0c7d2f6a9e10`, false],
    [`${FOLDER}${UUID}.bin`, false],
    [`${FOLDER}x${UUID}`, false],
    [`${FOLDER}${UUID}/`, false],
    [`${FOLDER}${UUID}/a.bin`, false],
    [`${FOLDER}a.bin?${UUID}`, false],
    [`${FOLDER}NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL`, false],
    ['/xiaozhi/ota/download/lichuang-dev_2.0.0.bin', false],
  ];
  for (const [path, oneTime] of paths) {
    it(`${path}: ${oneTime}`, () => {
      assert.equal(isOneTimeLink(new URL(path, ORIGIN)), oneTime);
      assert.equal(own(path).kind, oneTime ? 'one-time' : 'stable');
      assert.equal(own(path, null).kind, oneTime ? 'one-time-alone' : 'stable');
    });
  }

  it('shares its name with all links of the same promise, and its own is its own', () => {
    const one = own(FOLDER + UUID);
    const other = own(FOLDER + OTHER_UUID, HINT, 'console', 'http://192.168.1.6:8002');
    assert.ok(one.kind === 'one-time' && other.kind === 'one-time');
    assert.equal(one.name, other.name);
    assert.notEqual(one.link, other.link);
  });

  it('has another name for another upstream, folder, query, board or version', () => {
    const names = [
      own(FOLDER + UUID),
      own(FOLDER + UUID, HINT, 'backup'),
      own(`/other/${UUID}`),
      own(`${FOLDER}${UUID}?subtype=2`),
      own(FOLDER + UUID, { ...HINT, board: 'Bread-compact-wifi' }),
      own(FOLDER + UUID, { ...HINT, version: '2.0.1' }),
    ].map(nameOf);
    assert.equal(new Set(names).size, names.length);
  });

  const LONG = 'b'.repeat(200);
  const hints: [what: string, hint: PromiseHint | null, kind: LinkIdentity['kind']][] = [
    ['no hint', null, 'one-time-alone'],
    ['no board', { ...HINT, board: null }, 'one-time-alone'],
    ['no version', { ...HINT, version: null }, 'one-time-alone'],
    ['an empty board', { ...HINT, board: '' }, 'one-time-alone'],
    ['an empty version', { ...HINT, version: '' }, 'one-time-alone'],
    ['200 characters', { board: LONG, version: LONG }, 'one-time'],
    ['a board of 201 characters', { ...HINT, board: `${LONG}b` }, 'one-time-alone'],
    ['a version of 201 characters', { ...HINT, version: `${LONG}b` }, 'one-time-alone'],
  ];
  for (const [what, hint, kind] of hints) {
    it(`with ${what} is ${kind}`, () => {
      const identity = own(FOLDER + UUID, hint);
      assert.equal(identity.kind, kind);
      assert.ok('link' in identity);
      const same = own(FOLDER + UUID);
      assert.equal(identity.link, 'link' in same ? same.link : null);
    });
  }

  it('is stable on a stranger, who promises nothing', () => {
    assert.equal(foreign(`https://files.example.net${FOLDER}${UUID}`).kind, 'stable');
  });

  it('cannot be given the name of another promise, whatever a device claims', () => {
    const random = seeded(11);
    const pieces = ['a', '"', ',', '\\', '[', ']', '_', '","', '\\"', '\0', '\ud800', '\\ud800', '固', ' ', '/'];
    const text = (): string => Array.from({ length: random.below(4) + 1 }, () => random.pick(pieces)).join('');
    const seen = new Map<string, string>();
    for (let round = 0; round < 20_000; round += 1) {
      const hint = { board: text(), version: text() };
      const parts = `${hint.board.length}:${hint.board}|${hint.version}`;
      const name = nameOf(own(FOLDER + UUID, hint));
      assert.equal(seen.get(name) ?? parts, parts, name);
      seen.set(name, parts);
    }
  });
});

describe('a stable link', () => {
  it('is one thing on all origins of its upstream', () => {
    const path = '/xiaozhi/ota/download/a_2.0.0.bin?v=1';
    assert.deepEqual(own(path), own(path, null, 'console', 'http://192.168.1.6:8002'));
    assert.deepEqual(own(path), own(`${path}#part`));
  });

  it('has another name for another upstream, path, query or stranger', () => {
    const path = '/xiaozhi/ota/download/a.bin';
    const names = [
      own(path),
      own(path, HINT, 'backup'),
      own(`${path}?`),
      own(`${path}?v=1`),
      own(`${path}2`),
      foreign(`${ORIGIN}${path}`),
      foreign(`http://192.168.1.6:8002${path}`),
      foreign(`https://192.168.1.6:8002${path}`),
      foreign(`https://192.168.1.6:8002${path}?v=1`),
      own(FOLDER + UUID),
      own(FOLDER + UUID, null),
      own(`${FOLDER}${UUID}.bin`),
    ].map(nameOf);
    assert.equal(names[0], names[2], 'a "?" before nothing is not sent');
    assert.equal(new Set(names).size, names.length - 1);
  });

  it('of a stranger has no fragment, not even an empty one', () => {
    const plain = foreign('https://files.example.net/fw/a.bin?x=%23');
    assert.deepEqual(foreign('https://files.example.net/fw/a.bin?x=%23#'), plain);
    assert.deepEqual(foreign('https://files.example.net/fw/a.bin?x=%23#part#2'), plain);
  });
});

describe('a download confirms what was promised', () => {
  const names: [fileName: string | null, board: string | null, version: string | null, confirms: boolean][] = [
    ['bread-compact-wifi_2.0.0.bin', 'bread-compact-wifi', '2.0.0', true],
    ['bread-compact-wifi_2.0.0', 'bread-compact-wifi', '2.0.0', true],
    ['bread-compact-wifi_2.0.0.apk', 'bread-compact-wifi', '2.0.0', true],
    ['my_board_1.0.bin', 'my_board', '1.0', true],
    // A device that lies about its board is offered its own board's image all the same.
    ['bread-compact-wifi_2.0.0.bin', 'lichuang-dev', '2.0.0', false],
    ['bread-compact-wifi_2.0.0.bin', 'bread-compact', '2.0.0', false],
    ['bread-compact-wifi_2.0.0.bin', 'compact-wifi', '2.0.0', false],
    ['Bread-compact-wifi_2.0.0.bin', 'bread-compact-wifi', '2.0.0', false],
    // Another version than the reply promised.
    ['b_2.0.1.bin', 'b', '2.0.0', false],
    ['b_2.0.1.bin', 'b', '2.0', false],
    ['b_2.0.1', 'b', '2.0', false],
    ['b_2.0.1', 'b', '2', false],
    ['b_2.01.bin', 'b', '2.0', false],
    ['b_2.0.rc1', 'b', '2.0', false],
    ['b_2.0.bin.bin', 'b', '2.0', false],
    ['b_2.0.', 'b', '2.0', false],
    ['b_2.0.bin\n', 'b', '2.0', false],
    ['b_2.0 (1).bin', 'b', '2.0', false],
    // Which of two boards a name means is not always to be seen.
    ['a_b_1.bin', 'a_b', '1', true],
    ['a_b_1.bin', 'a', 'b_1', false],
    ['path/b_2.0.bin', 'b', '2.0', false],
    ['assets_1.0.0.bin', 'assets', '1.0.0', false],
    ['_1.0.bin', '', '1.0', false],
    ['b_.bin', 'b', '', false],
    ['null_1.0.bin', null, '1.0', false],
    ['b_null.bin', 'b', null, false],
    [`${'b'.repeat(201)}_1.0.bin`, 'b'.repeat(201), '1.0', false],
    ['', 'b', '1.0', false],
    [null, 'b', '1.0', false],
    [`${UUID}`, 'b', '1.0', false],
  ];
  for (const [fileName, board, version, confirms] of names) {
    it(`${JSON.stringify(fileName)} for ${board} ${version}: ${confirms}`, () => {
      assert.equal(confirmsPromise(fileName, { board, version }), confirms);
    });
  }
});

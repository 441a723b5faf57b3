// A sealed link says again what it was made with, to whoever has the key, until it expires; anything else is damaged.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LinkClaims, openSeal, SEAL_MARK, type SealKey, sealLink } from '../../src/ota/seal.ts';

const NOW = Date.UTC(2026, 11, 1);
const key = (id: number, fill: number): SealKey => ({ id, key: new Uint8Array(32).fill(fill) });
const KEYS = [key(1, 7)];
const FIRST_END = NOW + 86_400_000;

function claims(changes: Partial<LinkClaims> = {}): LinkClaims {
  return {
    route: 'firmware',
    source: '/xiaozhi/otaMag/download/3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10',
    device: '24:0a:c4:00:00:01',
    board: 'bread-compact-wifi',
    version: '2.0.0',
    hardware: 's3,rk,2',
    expiresMs: FIRST_END,
    opening: null,
    ...changes,
  };
}

describe('what goes in comes out', () => {
  const shapes: [what: string, claims: LinkClaims][] = [
    ['a MAC', claims()],
    ['a MAC of zeroes', claims({ device: '00:00:00:00:00:00' })],
    ['a MAC in upper case, which is no identity of ours', claims({ device: '24:0A:C4:00:00:01' })],
    ['another identity', claims({ device: 'test-device' })],
    ['an identity of seven characters', claims({ device: '0abcdef' })],
    ['no device, board and version', claims({ device: null, board: null, version: null, hardware: null })],
    ['an absolute URL', claims({ source: 'https://files.example.net:8443/fw/a.bin?x=%20&y' })],
    ['UTF-8', claims({ route: '固件', source: '/固件/😀', board: 'é', version: '版本', device: '设备' })],
    ['an opening', claims({ opening: { id: 'c1f00d', endsMs: NOW + 60_000 } })],
    ['a long source', claims({ source: `/${'x'.repeat(60_000)}` })],
    ['nothing but a source', claims({ route: '', source: '' })],
  ];
  for (const [what, shape] of shapes) {
    it(what, () => assert.deepEqual(openSeal(sealLink(shape, KEYS), KEYS, NOW), { kind: 'sealed', claims: shape }));
  }

  it('times to the second, downwards: no permission grows by being sealed', () => {
    const opened = openSeal(sealLink(claims({ opening: { id: 'o', endsMs: NOW + 1999 } }), KEYS), KEYS, NOW);
    assert.ok(opened.kind === 'sealed');
    assert.equal(opened.claims.opening?.endsMs, NOW + 1000);
  });

  it('an end in the year 9999 as far as the field goes', () => {
    const endless = claims({ expiresMs: Date.UTC(9999, 11, 31), opening: { id: 'o', endsMs: Date.UTC(9999, 11, 31) } });
    const opened = openSeal(sealLink(endless, KEYS), KEYS, NOW);
    assert.ok(opened.kind === 'sealed');
    assert.equal(new Date(opened.claims.opening?.endsMs ?? 0).getUTCFullYear(), 2106);
  });
});

it('expires to the millisecond', () => {
  const token = sealLink(claims(), KEYS);
  assert.equal(openSeal(token, KEYS, FIRST_END - 1).kind, 'sealed');
  assert.deepEqual(openSeal(token, KEYS, FIRST_END), { kind: 'expired' });
});

describe('damaged', () => {
  const token = sealLink(claims(), KEYS);
  const opened = (changed: string, keys = KEYS) => openSeal(changed, keys, NOW).kind;

  it('with any single bit turned', () => {
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(opened(changed.toString('base64url')), 'damaged', `bit ${bit}`);
    }
  });

  it('with any single character changed', () => {
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A';
      assert.equal(opened(token.slice(0, index) + other + token.slice(index + 1)), 'damaged', `character ${index}`);
    }
  });

  it('cut to any length', () => {
    for (let length = 0; length < token.length; length += 1) assert.equal(opened(token.slice(0, length)), 'damaged');
  });

  it('with anything added', () => {
    for (const more of ['A', 'AA', 'AAAA', '=', '==', '.', '\n', ' ', '/', '%', token]) {
      assert.equal(opened(token + more), 'damaged', JSON.stringify(more));
      assert.equal(opened(more + token), 'damaged', JSON.stringify(more));
    }
  });

  it('in another spelling of the same bytes', () => {
    const odd = [0, 1, 2]
      .map((extra) => sealLink(claims({ board: 'x'.repeat(extra) }), KEYS))
      .filter(({ length }) => length % 4 !== 0);
    assert.ok(odd.length > 0);
    for (const one of odd) {
      const bytes = Buffer.from(one, 'base64url');
      const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        .split('')
        .map((character) => one.slice(0, -1) + character)
        .filter((candidate) => Buffer.from(candidate, 'base64url').equals(bytes) && candidate !== one);
      assert.ok(last.length > 0);
      for (const candidate of [...last, bytes.toString('base64')]) assert.equal(opened(candidate), 'damaged');
    }
  });

  it('under another key, an unknown key, a key of the wrong length, or none', () => {
    for (const keys of [[key(1, 8)], [key(2, 7)], [{ id: 1, key: new Uint8Array(16) }], []]) {
      assert.equal(opened(token, keys), 'damaged');
    }
  });

  it('where it is no token at all', () => {
    for (const text of ['', '~', 'x.bin', '固件', '\0'.repeat(100), 'A'.repeat(5000)])
      assert.equal(opened(text), 'damaged');
  });
});

describe('keys', () => {
  it('the first one seals, older ones still open', () => {
    const rotated = [key(2, 9), ...KEYS];
    assert.equal(openSeal(sealLink(claims(), KEYS), rotated, NOW).kind, 'sealed');
    const fresh = sealLink(claims(), rotated);
    assert.equal(openSeal(fresh, rotated, NOW).kind, 'sealed');
    assert.equal(openSeal(fresh, KEYS, NOW).kind, 'damaged');
  });

  it('without one nothing is sealed', () => assert.throws(() => sealLink(claims(), []), TypeError));

  it('seal the same claims differently each time', () => {
    assert.equal(new Set(Array.from({ length: 100 }, () => sealLink(claims(), KEYS))).size, 100);
  });
});

it('keeps a typical link under 250 characters: with hints, or, where an opening is named, without them', () => {
  const prefix = 'https://ota.example.com/xiaozhi/otaMag/download/';
  const bare = { board: null, version: null, hardware: null };
  const opening = { id: 'yaml-1a2b3c4d', endsMs: NOW };
  for (const changes of [{}, { ...bare, opening }, { ...bare, device: 'x'.repeat(20) }]) {
    const link = prefix + SEAL_MARK + sealLink(claims(changes), KEYS);
    assert.ok(link.length < 250, `${link.length}`);
    assert.match(link.slice(prefix.length), /^~[A-Za-z0-9_-]+$/);
  }
});

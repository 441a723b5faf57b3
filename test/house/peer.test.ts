// Peers: what a test hears of one that is missing, here and under CI; and the list itself.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { isThere, peers } from '../../scripts/peers.mjs';
import { peer } from '../peer.ts';

const { CI, OTAGATE_MISSING_PEERS } = process.env;

function say(ci: string | undefined, missing: string | undefined): void {
  for (const [name, value] of [
    ['CI', ci],
    ['OTAGATE_MISSING_PEERS', missing],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

afterEach(() => say(CI, OTAGATE_MISSING_PEERS));

test('a peer that is here is no reason to skip', () => {
  say(undefined, '');
  assert.deepEqual(peer('gcc', 'mbedtls'), { available: true, skip: false });
});

test('a peer that npm test found missing is a reason to skip, with the line that brings it', () => {
  say(undefined, 'libc,mbedtls');
  assert.deepEqual(peer('gcc'), { available: true, skip: false });
  assert.deepEqual(peer('gcc', 'mbedtls'), {
    available: false,
    skip: 'missing peer: mbedtls (apt-get install -y --no-install-recommends libmbedtls-dev)',
  });
});

test('under CI a missing peer is a failure', () => {
  say('true', 'mbedtls');
  assert.throws(() => peer('mbedtls'), /^Error: missing peer: mbedtls/);
  assert.equal(peer('gcc').available, true);
  say('false', 'mbedtls');
  assert.equal(peer('mbedtls').available, false);
});

test('without npm test the helper looks for itself', () => {
  say(undefined, undefined);
  const gcc = peers.find(({ name }) => name === 'gcc');
  assert.ok(gcc);
  assert.equal(peer('gcc').available, isThere(gcc));
});

test('a name that is not on the list is a mistake of the test', () => {
  assert.throws(() => peer('mbedtsl'), /no peer is called mbedtsl/);
});

test('a proof is a program that can be run, or a file', () => {
  const proven = (proof: { binary: string } | { file: string }) => isThere({ name: '', package: '', use: '', proof });
  assert.equal(proven({ binary: 'sh' }), true);
  assert.equal(proven({ binary: 'no-such-program' }), false);
  assert.equal(proven({ file: process.execPath }), true);
  assert.equal(proven({ file: '/no/such/header.h' }), false);
});

test('the list names each peer once, with a package, a proof and a use', () => {
  assert.equal(new Set(peers.map(({ name }) => name)).size, peers.length);
  for (const { name, package: debian, proof, use } of peers) {
    assert.match(debian, /^[a-z0-9][a-z0-9.+-]+$/, name);
    assert.ok(use !== '' && (proof.file ?? proof.binary) !== '', name);
  }
});

// What a CA's refusals and silences become: Retry-After, problem documents, and errors that name the next step.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GateError } from '../../../src/base/errors.ts';
import type { AcmeConfig } from '../../../src/config/acme-config.ts';
import { openAccount } from '../../../src/tls/acme/account.ts';
import { parseRetryAfter, readProblem } from '../../../src/tls/acme/transport.ts';
import { freePorts } from '../../rig/pebble.ts';
import { type SmallAcme, smallAcmeFor } from '../../rig/small-acme.ts';
import { Problem } from '../../rig/small-acme-jws.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');

const WAITS: [value: string, ms: number | null][] = [
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Sun, 22 Nov 2026 10:01:00 GMT', 60_000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['', null],
  ['soon', null],
  ['-5', null],
  ['1.5', null],
  ['12345678901234567890', null],
];

for (const [value, ms] of WAITS) {
  test(`Retry-After "${value}"`, () => assert.equal(parseRetryAfter(value, NOW), ms));
}

const PROBLEMS: [data: unknown, type: string, detail: string][] = [
  [{ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many' }, 'rateLimited', 'too many'],
  [{ type: 'about:blank' }, 'about:blank', 'no detail'],
  [{ type: 7, detail: ['x'] }, 'unknown', 'no detail'],
  ['<html>', 'unknown', 'no problem document'],
  [null, 'unknown', 'no problem document'],
];

for (const [data, type, detail] of PROBLEMS) {
  test(`a problem document ${JSON.stringify(data)}`, () => assert.deepEqual(readProblem(data), { type, detail }));
}

test('what a CA says cannot write into the terminal, nor fill it', () => {
  const { type, detail } = readProblem({ type: 't'.repeat(1_000), detail: `\x1b[31mred\nline ${'x'.repeat(10_000)}` });
  assert.ok(type.length <= 70 && detail.length <= 420, `${type.length}, ${detail.length}`);
  assert.ok(![...detail].some((character) => character < ' '), detail);
});

function configOf(acme: Pick<SmallAcme, 'directory'> & { caFile: string | null }): AcmeConfig {
  const { directory, caFile } = acme;
  const none = { profile: null, preferredChain: null, eab: null, dns: null };
  return {
    email: null,
    directory,
    caFile,
    challenge: 'http-01',
    keyType: 'ecdsa',
    ...none,
    propagation: { timeoutMs: 1_000, resolvers: [] },
  };
}

/** The error of opening an account. */
async function failure(t: TestContext, config: AcmeConfig, signal = AbortSignal.timeout(20_000)): Promise<GateError> {
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-transport-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const error: unknown = await openAccount(config, stateDir, signal).then(
    () => assert.fail('an account was opened'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof GateError, String(error));
  return error;
}

test('a CA that refuses, with its words and its patience', async (t) => {
  const acme = await smallAcmeFor(t, 0);
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  for (const [retryAfter, least, most] of [
    ['30', 30_000, 30_000],
    [inAnHour, 3_590_000, 3_600_000],
  ] as const) {
    acme.wishes.instead = ({ path }) => {
      if (path !== '/new-account') return undefined;
      throw new Problem(429, 'rateLimited', 'slow down', { 'Retry-After': retryAfter });
    };
    const { code, message, retry, facts } = await failure(t, configOf(acme));
    assert.deepEqual([code, retry, facts.acmeType, facts.httpStatus], ['ACME_REFUSED', true, 'rateLimited', 429]);
    assert.equal(message, 'the CA refuses (429 rateLimited): slow down');
    assert.ok(Number(facts.retryAfterMs) >= least && Number(facts.retryAfterMs) <= most, `${facts.retryAfterMs}`);
  }
  acme.wishes.instead = () => ({ status: 403, body: 'no' });
  const refused = await failure(t, configOf({ ...acme, directory: acme.directory }));
  assert.equal(refused.code, 'ACME_DIRECTORY');
  assert.equal(acme.accounts(), 0);
});

test('nonces that are refused again and again cost time alone', async (t) => {
  const acme = await smallAcmeFor(t, 0);
  let left = 12;
  acme.wishes.instead = ({ method }) => {
    if (method === 'POST' && left-- > 0) throw new Problem(400, 'badNonce', 'too old');
    return undefined;
  };
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-transport-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  await openAccount(configOf(acme), stateDir, AbortSignal.timeout(20_000));
  assert.equal(acme.accounts(), 1);
});

test('a CA that cannot be reached, with the reason of the system', async (t) => {
  const [closed = 0] = await freePorts(1);
  const gone = await failure(t, configOf({ directory: `https://127.0.0.1:${closed}/dir`, caFile: null }));
  assert.deepEqual([gone.code, gone.retry, gone.facts.reason], ['ACME_UNREACHABLE', true, 'ECONNREFUSED']);
  assert.match(
    gone.message,
    new RegExp(`^the CA at https://127\\.0\\.0\\.1:${closed}/dir cannot be reached \\(ECONNREFUSED: `),
  );

  const acme = await smallAcmeFor(t, 0);
  const untrusted = await failure(t, configOf({ ...acme, caFile: null }));
  assert.equal(untrusted.code, 'ACME_UNREACHABLE');
  assert.match(untrusted.message, /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);

  acme.wishes.instead = () => new Promise(() => {});
  const started = performance.now();
  await failure(t, configOf(acme), AbortSignal.timeout(300));
  assert.ok(performance.now() - started < 3_000, 'the signal ends what is under way');
});

test('a caFile that cannot be used', async (t) => {
  const missing = await failure(t, configOf({ directory: 'https://127.0.0.1:9/dir', caFile: '/nowhere/ca.pem' }));
  assert.equal(missing.code, 'TLS_MATERIAL');
  assert.match(missing.message, /^tls\.acme\.caFile \/nowhere\/ca\.pem cannot be read \(ENOENT/);
  const folder = mkdtempSync(join(tmpdir(), 'otagate-transport-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'ca.pem'), 'this is no certificate');
  const acme = await smallAcmeFor(t, 0);
  const wrong = await failure(t, configOf({ ...acme, caFile: join(folder, 'ca.pem') }));
  assert.equal(wrong.code, 'TLS_MATERIAL');
  assert.match(wrong.message, /^tls\.acme\.caFile .*ca\.pem holds no certificate/);
});

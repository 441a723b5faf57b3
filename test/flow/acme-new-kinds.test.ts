// What newer CAs do: profiles, certificates for 160 hours, renewal information, and every way to say "not now".
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acmeGateFor, NAME, obtained } from '../rig/acme-gate.ts';
import { until, within } from '../rig/bounded.ts';
import { freePorts } from '../rig/pebble.ts';
import { type SmallAcme, smallAcmeFor } from '../rig/small-acme.ts';
import { Problem } from '../rig/small-acme-jws.ts';
import { lookAt } from '../rig/tls-client.ts';

const HOUR_MS = 3_600_000;
const HTML = { headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><title>Welcome</title>' };

/** Bodies of the orders since the last time. */
function newOrders(acme: SmallAcme): unknown[] {
  const bodies = acme.askedOf('/new-order').map(({ payload }) => payload);
  acme.asked.length = 0;
  return bodies;
}

test('a CA of the newer kind', async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const acme = await smallAcmeFor(t, http);
  const { wishes } = acme;
  const { validate } = wishes;
  wishes.hours = { '': 90 * 24, shortlived: 160 };
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const options = {
    http,
    https,
    ...acme,
    acme: 'profile: shortlived',
    more: `stateDir: ${stateDir}\nupstream: { preset: xiaozhi-server, host: 127.0.0.1 }`,
  };
  const identifiers = [{ type: 'dns', value: NAME }];
  const profile = 'shortlived';
  const gate = await acmeGateFor(t, options);
  const renew = () => gate.command('certs', 'renew', NAME);
  const kept = async () => (await gate.status()).acme[0];
  const servedTime = () => lookAt(https, { ca: acme.root }).then(({ trust }) => trust === 'trusted');

  await t.test('the profile goes into the order; 160 hours are renewed when a third is left', async () => {
    await obtained(gate);
    await until('the certificate is served', servedTime);
    assert.deepEqual(newOrders(acme), [{ identifiers, profile }]);
    const { renewalDue, notAfter } = (await kept()) ?? {};
    const leftHours = (Date.parse(notAfter ?? '') - Date.parse(renewalDue ?? '')) / HOUR_MS;
    assert.ok(leftHours >= 160 / 3 && leftHours <= (160 / 3) * 1.1, `renewed with ${leftHours} hours left`);
  });

  await t.test('the next order says which certificate it replaces', async () => {
    const replaces = acme.signed.at(-1)?.id;
    assert.equal((await renew()).code, 0);
    assert.deepEqual(newOrders(acme), [{ identifiers, profile, replaces }]);
  });

  await t.test('replaced already: ordered again without the hint', async () => {
    const last = acme.signed.at(-1);
    assert.ok(last);
    acme.signed.push({ id: 'by another machine', names: [], replaces: last.id, profile: null });
    assert.deepEqual([(await renew()).code, (await kept())?.failures], [0, 0]);
    assert.deepEqual(newOrders(acme), [
      { identifiers, profile, replaces: last.id },
      { identifiers, profile },
    ]);
  });

  await t.test('a CA without renewal information gets no hint (RFC 9773 section 5)', async () => {
    // The client keeps a directory for a day; after a failure it is read again.
    wishes.instead = ({ path }) => {
      if (path === '/new-order') throw new Problem(500, 'serverInternal', 'once');
      return undefined;
    };
    assert.equal((await renew()).code, 1);
    wishes.instead = ({ path }) => (path === '/directory' ? { body: directoryOf(acme, 'newOrder') } : undefined);
    acme.asked.length = 0;
    assert.equal((await renew()).code, 0);
    assert.deepEqual(newOrders(acme), [{ identifiers, profile }]);
  });

  await t.test('Retry-After while an order is looked at', async () => {
    Object.assign(wishes, { looks: 2, retryAfterSeconds: 1, instead: () => undefined });
    assert.equal((await renew()).code, 0);
    for (const path of ['/authorization/', '/order/']) {
      const times = acme.asked.filter((one) => one.path.startsWith(path)).map(({ atMs }) => atMs);
      const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
      assert.ok(
        gaps.filter((gap) => gap >= 990).length >= 2,
        `${path} was asked in gaps of ${gaps.map(Math.round)} ms`,
      );
    }
    Object.assign(wishes, { looks: 0, retryAfterSeconds: null });
  });

  await t.test('a rate limit: the next try comes no sooner than Retry-After', async () => {
    wishes.instead = ({ path }) => {
      if (path !== '/new-order') return undefined;
      throw new Problem(429, 'rateLimited', 'too many certificates for this name', { 'Retry-After': '7200' });
    };
    const { code, stderr } = await renew();
    assert.equal(code, 1);
    assert.match(stderr, /the CA refuses \(429 rateLimited\): too many certificates for this name/);
    const { failures, nextTryInSeconds = 0 } = (await kept()) ?? {};
    assert.equal(failures, 1);
    assert.ok(
      nextTryInSeconds !== null && nextTryInSeconds > 7_190 && nextTryInSeconds <= 7_200,
      `${nextTryInSeconds} s`,
    );
    assert.equal(await servedTime(), true, 'the old one serves');
  });

  await t.test('what is no directory is called so', async () => {
    for (const reply of [HTML, { body: directoryOf(acme, 'renewalInfo') }, { status: 404, ...HTML }]) {
      wishes.instead = ({ path }) => (path === '/directory' ? reply : undefined);
      const { code, stderr } = await renew();
      assert.equal(code, 1);
      assert.match(stderr, /\/directory answers( 404)?, but not with an ACME directory: tls\.acme\.directory wants/);
    }
  });

  await t.test('a name that is not ours, in the words of the CA', async () => {
    Object.assign(wishes, { instead: () => undefined, validate: async () => false });
    assert.match(
      (await renew()).stderr,
      /does not believe that ota\.example\.com is ours \(unauthorized\): not what was/,
    );
  });

  await gate.stop();
  await t.test('a window that is past: renewed at the start, without waiting for a third', async (t) => {
    const old = acme.signed.at(-1)?.id;
    wishes.validate = validate;
    wishes.window = (id) =>
      id === old ? { start: new Date(Date.now() - HOUR_MS), end: new Date(Date.now() - 1_000) } : null;
    acme.asked.length = 0;
    const again = await acmeGateFor(t, options);
    await obtained(again);
    await again.stop();
    assert.equal(acme.askedOf(`/renewal-info/${old}`, 'GET').length, 1);
    assert.deepEqual(newOrders(acme), [{ identifiers, profile, replaces: old }]);
    assert.equal(acme.accounts(), 1);
  });

  await t.test('an answer that never comes does not hold up the end', async (t) => {
    const last = await acmeGateFor(t, options);
    wishes.instead = ({ path }) => (path === '/new-order' ? new Promise(() => {}) : undefined);
    const renewing = last.command('certs', 'renew');
    await until('the order is on its way', () => acme.askedOf('/new-order').length > 0);
    const started = performance.now();
    last.kill('SIGTERM');
    assert.equal((await within('the end', last.exited)).code, 0);
    assert.ok(performance.now() - started < 5_000, `${performance.now() - started} ms`);
    assert.equal((await renewing).code, 1);
  });
});

/** A directory with one of the two entries that a test takes away. */
function directoryOf({ directory }: SmallAcme, keep: 'newOrder' | 'renewalInfo'): Record<string, unknown> {
  const at = (place: string): string => new URL(place, directory).href;
  const shared = { newNonce: at('/new-nonce'), newAccount: at('/new-account'), meta: {} };
  return { ...shared, [keep]: at(keep === 'newOrder' ? '/new-order' : '/renewal-info') };
}

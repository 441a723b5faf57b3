// Renewal under way: conversations go on, new connections get the new certificate, and a CA that is away or in a bad mood
// costs nothing but time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { acmeGateFor, NAME, obtained } from '../rig/acme-gate.ts';
import { until } from '../rig/bounded.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { lookAt } from '../rig/tls-client.ts';
import { openVoices } from '../rig/voices.ts';

const VOICES = 100;
// Renewed when a third is left.
const LIFE_SECONDS = 20;

test('certificates come and go under open conversations', { skip: peer('pebble').skip }, async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const pebble = await pebbleFor(t, {
    httpPort: http,
    tlsPort: https,
    validity: LIFE_SECONDS,
    nonceReject: 50,
    sleepTime: 2,
  });
  const python = await pythonServer(t);
  const gate = await acmeGateFor(t, { http, https, ...pebble, more: serverPreset(python.origin, python.voiceOrigin) });
  await obtained(gate);
  const ca = await pebble.root();
  const leafNow = async (root = ca): Promise<string> => {
    const { leaf, trust } = await lookAt(https, { ca: root });
    assert.equal(trust, 'trusted');
    return leaf.fingerprint256;
  };
  const first = await until('the first certificate is served', () => leafNow().catch(() => false as const));

  const voices = await openVoices({ https, root: ca }, VOICES, NAME);
  let talking = true;
  let rounds = 0;
  const talk = (async () => {
    for (; talking; rounds += 1) {
      await Promise.all(voices.map((voice, index) => voice.echo(`${rounds} ${index}`)));
      await pause(250);
    }
  })();
  talk.catch(() => {}); // told at its end
  t.after(() => {
    talking = false;
    for (const voice of voices) voice.close();
  });

  await t.test('renewed before its end, and served to whoever comes', async () => {
    const second = await until(
      'another certificate',
      async () => {
        const now = await leafNow();
        return now !== first && now;
      },
      LIFE_SECONDS * 1_000,
    );
    assert.notEqual(second, first);
    assert.ok(pebble.made('account') === 1 && pebble.made('order') === 2, pebble.lines.join('\n'));
    assert.equal((await gate.status()).acme[0]?.failures, 0);
  });

  await t.test('the CA goes away: the old certificate serves on, and that is told', async () => {
    const old = await leafNow();
    await pebble.halt();
    const failed = await gate.line(({ event }) => event === 'certificate-failed', LIFE_SECONDS * 1_000);
    assert.match(failed.msg, /cannot be reached \(ECONNREFUSED.*next try in 1 min, the old one serves/);
    assert.equal(await leafNow(), old, 'still within its life');
    const [kept] = (await gate.status()).acme;
    assert.deepEqual([kept?.failures, kept?.lastError?.includes('cannot be reached')], [1, true]);
    assert.ok((kept?.nextTryInSeconds ?? 0) > 40 && (kept?.nextTryInSeconds ?? 0) <= 72, `${kept?.nextTryInSeconds}`);
    const text = await gate.command('status');
    assert.match(text.stdout, /^acme +ota\.example\.com \(ecdsa\): 1 failure, next try in \d+ s: the CA at https:/m);
    const renew = await gate.command('certs', 'renew');
    assert.deepEqual([renew.code, renew.stdout], [1, '']);
    assert.match(renew.stderr, /^failed: ota\.example\.com \(ecdsa\): the CA at https:.*cannot be reached/);
    assert.equal((await gate.status()).acme[0]?.failures, 2);
  });

  await t.test('the CA is back, with no memory of us: renewed by command', async () => {
    await pebble.resume();
    const renew = await gate.command('certs', 'renew');
    assert.deepEqual([renew.code, renew.stdout, renew.stderr], [0, 'renewed: ota.example.com (ecdsa)\n', '']);
    await leafNow(await pebble.root());
    const [kept] = (await gate.status()).acme;
    assert.deepEqual([kept?.failures, kept?.lastError, kept?.nextTryInSeconds], [0, null, null]);
  });

  talking = false;
  await talk;
  assert.equal(voices.filter((voice) => voice.isOpen()).length, VOICES, 'none was closed');
  assert.ok(rounds > 20, `${rounds} rounds of echoes`);
});

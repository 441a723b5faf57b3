// From an empty state to a trusted answer over https: each kind of proof, both kinds of key, and a start without a CA.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { peer } from '../peer.ts';
import { acmeGateFor, acmeYaml, NAME, obtained } from '../rig/acme-gate.ts';
import { until } from '../rig/bounded.ts';
import type { GateRig } from '../rig/gate.ts';
import { lineTo } from '../rig/line.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { type Look, lookAt } from '../rig/tls-client.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('pebble');

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const ACME = { ALPNProtocols: ['acme-tls/1'] };
// The extension that holds the key authorization (RFC 8737 section 3), in DER.
const ACME_IDENTIFIER = Buffer.from('06082b0601050507011f', 'hex');

/** A certificate of Pebble's, as a client that trusts its root sees it. */
async function trustedLook(gate: GateRig, root: string): Promise<Look> {
  return until('a trusted handshake', async () => {
    const look = await lookAt(gate.https, { ca: root });
    return look.trust === 'trusted' && look;
  });
}

test('http-01: the local CA serves at once, and is replaced when the CA has signed', { skip }, async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const door = await lineTo(t, http, { held: true });
  const pebble = await pebbleFor(t, { httpPort: door.port, tlsPort: https });
  const python = await pythonServer(t);
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const options = { http, https, ...pebble, more: `stateDir: ${stateDir}\n${serverPreset(python.origin)}` };
  const gate = await acmeGateFor(t, options);
  await until('Pebble is at the door', () => door.count() > 0);
  const local = readFileSync(join(stateDir, 'local-ca/root.pem'), 'utf8');
  const get = (ca: string) =>
    ask({ port: https, tls: { ca, servername: NAME } }, { path: '/xiaozhi/ota/', host: NAME });
  assert.equal((await get(local)).status, 200, 'https while the CA still looks');
  door.release();
  await obtained(gate);
  const root = await pebble.root();
  const first = await trustedLook(gate, root);
  assert.equal((await lookAt(https)).chainLength, 2, 'the intermediate is sent along');
  assert.equal((await get(root)).status, 200);
  await gate.stop();

  const again = await acmeGateFor(t, options);
  assert.equal((await trustedLook(again, root)).leaf.fingerprint256, first.leaf.fingerprint256);
  const [kept] = (await again.status()).acme;
  assert.deepEqual([kept?.name, kept?.failures, kept?.lastError], [NAME, 0, null]);
  assert.equal(pebble.made('order'), 1, 'what is on disk is enough after a restart');
  assert.equal(pebble.made('account'), 1);
});

test('tls-alpn-01: all others get the normal certificate meanwhile', { skip }, async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const door = await lineTo(t, https, { held: true });
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: door.port });
  const gate = await acmeGateFor(t, { http, https, ...pebble, acme: 'challenge: tls-alpn-01' });
  await until('Pebble is at the door', () => door.count() > 0);
  for (const version of VERSIONS) {
    const only = { minVersion: version, maxVersion: version };
    for (const ALPNProtocols of [[], ['http/1.1'], ['h2', 'http/1.1']]) {
      const normal = await lookAt(https, { ...only, ca: gate.root, ALPNProtocols });
      assert.equal(normal.trust, 'trusted', `${version} ${ALPNProtocols}: the local CA's`);
    }
    const proof = await lookAt(https, { ...only, ...ACME });
    assert.equal(proof.alpn, 'acme-tls/1');
    assert.ok(proof.leaf.raw.includes(ACME_IDENTIFIER), `the proof in ${version}`);
    assert.equal(proof.leaf.subjectAltName, `DNS:${NAME}`);
    await assert.rejects(
      lookAt(https, { ...only, ...ACME, servername: 'other.example.com' }),
      /no application protocol/i,
    );
  }
  door.release();
  await obtained(gate);
  assert.match((await trustedLook(gate, await pebble.root())).leaf.issuer, /Pebble/);
  await assert.rejects(lookAt(https, ACME), /no application protocol/i, 'no proof stands any longer');
});

test('keyType both, with an account of its own kind (EAB)', { skip }, async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const eab = { kid: 'kid-1', hmacKey: Buffer.alloc(48, 7).toString('base64url') };
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https, eab });
  const keys = `keyType: both, eab: { kid: kid-1, hmacKey: ${eab.hmacKey} }`;
  const gate = await acmeGateFor(t, { http, https, ...pebble, acme: keys });
  await obtained(gate, 'ecdsa');
  await obtained(gate, 'rsa');
  const ca = await pebble.root();
  await trustedLook(gate, ca);
  const kinds: [name: string, options: Parameters<typeof lookAt>[1], key: string][] = [
    ['RSA suites alone', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, 'rsa'],
    ['ECDSA suites alone', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }, 'ec'],
    ['RSA signatures alone', { minVersion: 'TLSv1.3', sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' }, 'rsa'],
    ['ECDSA signatures alone', { minVersion: 'TLSv1.3', sigalgs: 'ecdsa_secp256r1_sha256' }, 'ec'],
  ];
  for (const [name, options, key] of kinds) {
    for (const servername of [NAME, '']) {
      const { leaf } = await lookAt(https, { ...options, servername });
      assert.match(leaf.issuer, /Pebble/, `${name}, SNI "${servername}"`);
      assert.equal(leaf.publicKey.asymmetricKeyType, key, `${name}, SNI "${servername}"`);
    }
  }
  assert.equal((await lookAt(https, { ca })).trust, 'trusted');
});

test('a CA that refuses or cannot be reached is a warning, and a new configuration is tried at once', {
  skip,
}, async (t) => {
  const [http = 0, https = 0, closed = 0] = await freePorts(3);
  const eab = { kid: 'kid-1', hmacKey: Buffer.alloc(48, 7).toString('base64url') };
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https, eab });
  const to = { http, https, ...pebble };
  const gate = await acmeGateFor(t, { ...to, directory: `https://127.0.0.1:${closed}/dir` });
  const failed = await gate.line(({ event }) => event === 'certificate-failed');
  assert.equal(failed.level, 'warn');
  assert.match(failed.msg, /cannot be reached \(ECONNREFUSED.*the local CA serves meanwhile/);
  assert.equal((await lookAt(https, { ca: gate.root })).trust, 'trusted');
  const [kept] = (await gate.status()).acme;
  assert.equal(kept?.failures, 1);
  assert.ok((kept?.nextTryInSeconds ?? 0) > 50 && (kept?.nextTryInSeconds ?? 0) <= 72, `${kept?.nextTryInSeconds} s`);

  assert.equal((await gate.reload(acmeYaml(to))).code, 0);
  const refused = await gate.line((line) => line.event === 'certificate-failed' && line.code === 'ACME_REFUSED');
  assert.match(refused.msg, /the CA refuses \(403 externalAccountRequired\)/);
  const right = `eab: { kid: kid-1, hmacKey: ${eab.hmacKey} }`;
  assert.equal((await gate.reload(acmeYaml({ ...to, acme: right }))).code, 0);
  await obtained(gate);
  await trustedLook(gate, await pebble.root());
});

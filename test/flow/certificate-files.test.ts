// Certificates that an operator brings along: PEM and PKCS#12, replaced under way, and refused with a reason.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { chainFor, OPERATOR_ROOT, spoiltFor } from '../rig/brought.ts';
import { gateFor, startGate } from '../rig/gate.ts';
import { encryptedKey, leafFor, type Pem, pkcs12 } from '../rig/openssl.ts';
import { pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { lookAt } from '../rig/tls-client.ts';
import { openVoices } from '../rig/voices.ts';

const { skip } = peer('openssl');
const WITHIN_MS = 10_000;
const UPSTREAM = 'upstream: { preset: xiaozhi-server, host: 127.0.0.1 }';
const SPOILT = Object.keys(spoiltFor('x.test'));

/** Files of a pair, by name. */
function pair(name: string, { cert, key }: Pem): Record<string, string> {
  return { [`${name}.pem`]: cert, [`${name}.key`]: key };
}

function entries(...names: string[]): string[] {
  return names.map((name) => `{ cert: ${name}.pem, key: ${name}.key }`);
}

function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber;
}

test('certificates of every kind, replaced while the gate serves', { skip }, async (t) => {
  const python = await pythonServer(t);
  const plain = { 'main.test': chainFor('main.test'), 'wild.test': chainFor('*.wild.test') };
  const [locked, ec, rsa, open] = ['locked.test', 'ec.test', 'rsa.test', 'open.test'].map((name) =>
    chainFor(name, name === 'rsa.test' ? 'rsa2048' : 'p256'),
  ) as [Pem, Pem, Pem, Pem];
  const bad = SPOILT.map((kind) => ({ kind, name: `${kind}.test`, good: chainFor(`${kind}.test`) }));
  const names = [
    'main.test',
    ...bad.map(({ name }) => name),

    'locked.test',
    'ec.test',
    'rsa.test',
    'open.test',
  ];
  const certificates = [
    ...entries('main.test', 'wild.test', ...bad.map(({ name }) => name)),
    '{ cert: locked.pem, key: locked.key, passphraseFile: locked.pass }',
    '{ pkcs12: ec.p12, passphrase: "schlüssel" }',
    '{ pkcs12: rsa.pfx, passphraseFile: locked.pass }',
    '{ pkcs12: open.p12 }',
  ];
  const gate = await gateFor(
    t,
    `domains: [${names.join(', ')}]\ntls: { certificates: [${certificates.join(', ')}], localCa: false }\n${serverPreset(python.origin, python.voiceOrigin)}`,
    {
      files: {
        ...pair('main.test', plain['main.test']),
        ...pair('wild.test', plain['wild.test']),
        ...Object.assign({}, ...bad.map(({ name, good }) => pair(name, good))),
        'locked.pem': locked.cert,
        'locked.key': encryptedKey(locked.key, 'open sesame'),
        'locked.pass': 'open sesame\n',
        'ec.p12': pkcs12(ec, 'schlüssel'),
        'rsa.pfx': pkcs12(rsa, 'open sesame', [
          '-keypbe',
          'PBE-SHA1-3DES',
          '-certpbe',
          'PBE-SHA1-3DES',
          '-macalg',
          'sha1',
        ]),
        'open.p12': pkcs12(open, ''),
      },
    },
  );
  const serves = async (servername: string, { cert }: Pem): Promise<void> => {
    const look = await lookAt(gate.https, { ca: OPERATOR_ROOT, servername });
    assert.deepEqual([look.trust, look.leaf.serialNumber], ['trusted', serialOf(cert)], servername);
  };

  await t.test('each name gets its own, with the intermediate', async () => {
    await serves('main.test', plain['main.test']);
    await serves('MAIN.test', plain['main.test']);
    await serves('a.wild.test', plain['wild.test']);
    await serves('locked.test', locked);
    await serves('ec.test', ec);
    await serves('rsa.test', rsa);
    await serves('open.test', open);
    for (const { name, good } of bad) await serves(name, good);
  });

  await t.test('no name, an address, a name too deep: the first of all', async () => {
    for (const servername of ['', 'wild.test', 'b.a.wild.test', 'unknown.test']) {
      const { leaf } = await lookAt(gate.https, { servername });
      assert.equal(leaf.serialNumber, serialOf(plain['main.test'].cert), `"${servername}"`);
    }
    assert.equal(serialOf(leafFor(gate.https, '127.0.0.1')), serialOf(plain['main.test'].cert));
  });

  await t.test('replaced on disk: the good ones are served, the bad ones told, and nobody is cut off', async () => {
    const [voice] = await openVoices({ https: gate.https, root: OPERATOR_ROOT }, 1, 'main.test');
    assert.ok(voice);
    t.after(() => voice.close());
    const put = (name: string, content: string | Buffer): void => {
      writeFileSync(join(gate.folder, `${name}.new`), content);
      renameSync(join(gate.folder, `${name}.new`), join(gate.folder, name));
    };
    const [main, nextLocked, nextEc] = [chainFor('main.test', 'rsa2048'), chainFor('locked.test'), chainFor('ec.test')];
    const spoilt = bad.map((one) => ({ ...one, ...spoiltFor(one.name)[one.kind] }));
    const files: Record<string, string | Buffer> = {
      ...pair('main.test', main),
      'locked.pem': nextLocked.cert,
      'locked.key': encryptedKey(nextLocked.key, 'open sesame'),
      'ec.p12': pkcs12(nextEc, 'schlüssel'),
      'rsa.pfx': pkcs12(rsa, 'another passphrase'),
      ...Object.assign({}, ...spoilt.map(({ name, cert = '', key = '' }) => pair(name, { cert, key }))),
    };
    // All at once: a look between the two files of a pair would refuse what is right a moment later.
    for (const [name, content] of Object.entries(files)) put(name, content);
    const started = performance.now();
    for (const [name, pem] of Object.entries({ 'main.test': main, 'locked.test': nextLocked, 'ec.test': nextEc })) {
      await until(
        `the new certificate of ${name}`,
        () =>
          serves(name, pem).then(
            () => true,
            () => false,
          ),
        WITHIN_MS,
      );
    }
    for (const { kind, name, good, because } of spoilt) {
      const line = await gate.line(
        ({ event, detail }) => event === 'certificate-refused' && String(detail).includes(`/${name}.`),
        WITHIN_MS,
      );
      assert.match(line.msg, because ?? /^$/, kind);
      assert.match(line.msg, /the old certificate is kept$/);
      await serves(name, good);
    }
    await gate.line(({ msg }) => /rsa\.pfx cannot be opened: the passphrase is wrong/.test(msg));
    await serves('rsa.test', rsa);
    assert.ok(performance.now() - started < WITHIN_MS);
    await voice.echo('still here');
    assert.ok(voice.isOpen());
    assert.equal(
      gate.lines.filter(({ event }) => event === 'certificate-refused').length,
      spoilt.length + 1,
      'each is told once',
    );
  });
});

test('at its start, the gate refuses what it could not serve', { skip }, async (t) => {
  const good = chainFor('ota.test');
  const locked = { 'x.pem': good.cert, 'x.key': encryptedKey(good.key, 'right') };
  const container = { 'x.p12': pkcs12(good, 'right') };
  const spoilt = Object.entries(spoiltFor('ota.test')).map(
    ([kind, { because, ...pem }]) => [kind, '{ cert: x.pem, key: x.key }', pair('x', pem), because] as const,
  );
  const cases: (readonly [name: string, entry: string, files: Record<string, string | Buffer>, because: RegExp])[] = [
    ...spoilt,
    ['an encrypted key', '{ cert: x.pem, key: x.key }', locked, /x\.key is encrypted: give its passphrase/],
    [
      'a wrong passphrase',
      '{ cert: x.pem, key: x.key, passphrase: wrong }',
      locked,
      /x\.key cannot be decrypted: the passphrase is wrong/,
    ],
    ['PKCS#12, none', '{ pkcs12: x.p12 }', container, /x\.p12 cannot be opened: no passphrase was given/],
    [
      'PKCS#12, a wrong one',
      '{ pkcs12: x.p12, passphrase: wrong }',
      container,
      /x\.p12 cannot be opened: the passphrase is wrong/,
    ],
    ['PKCS#12 that is PEM', '{ pkcs12: x.p12 }', { 'x.p12': good.cert }, /x\.p12 cannot be read as PKCS#12/],
  ];
  for (const [name, entry, files, because] of cases) {
    await t.test(name, async () => {
      await assert.rejects(
        startGate(`domain: ota.test\ntls: { certificates: [${entry}] }\n${UPSTREAM}`, { files }),
        (error) => {
          assert.match(String(error), /ended at its start with 1:\notagate cannot start: /);
          assert.match(String(error), because);
          return true;
        },
      );
    });
  }
});

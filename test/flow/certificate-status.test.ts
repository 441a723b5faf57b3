// What the operator is told of certificates: by `certs` and `status`, for people and for scripts, before a device meets it.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acmeGateFor, NAME, obtained } from '../rig/acme-gate.ts';
import { chainFor } from '../rig/brought.ts';
import { gateFor, runCommand } from '../rig/gate.ts';
import { freePorts } from '../rig/pebble.ts';
import { smallAcmeFor } from '../rig/small-acme.ts';
import { lookAt } from '../rig/tls-client.ts';

const UPSTREAM = 'upstream: { preset: xiaozhi-server, host: 127.0.0.1 }';

test('with the local CA', async (t) => {
  const gate = await gateFor(t, `domain: ota.test\n${UPSTREAM}`);

  await t.test('certs root gives the root that signs', async () => {
    const { code, stdout, stderr } = await gate.command('certs', 'root');
    assert.deepEqual([code, stderr], [0, '']);
    const root = new X509Certificate(stdout);
    const { leaf } = await lookAt(gate.https, { servername: 'ota.test' });
    assert.ok(root.ca && leaf.checkIssued(root) && leaf.verify(root.publicKey));
    assert.equal((await lookAt(gate.https, { servername: 'ota.test', ca: stdout })).trust, 'trusted');
    const json = await gate.command('certs', 'root', '--json');
    assert.deepEqual(JSON.parse(json.stdout), { pem: `${stdout.trim()}\n` });
  });

  await t.test('certs list says what devices find', async () => {
    const { code, stdout } = await gate.command('certs', 'list');
    assert.equal(code, 0);
    assert.match(stdout, /^cert {6}ota\.test, .*localhost, 127\.0\.0\.1, ::1$/m);
    assert.match(stdout, /^ {10}RSA 2048, by CN=otagate local CA .*; 89 days left; chain of 1, \d{3,4} bytes$/m);
    assert.match(stdout, /^ {10}fault: devices carry no root by the name of otagate local CA .* Why: .* Remedy: /m);
    const { certificates, acme, uncovered } = JSON.parse((await gate.command('certs', 'list', '--json')).stdout);
    const { leaf } = await lookAt(gate.https, { servername: 'ota.test' });
    assert.equal(certificates[0].chainBytes, leaf.raw.length);
    assert.deepEqual([acme, uncovered, certificates[0].renewal], [[], [], null]);
    assert.deepEqual(
      certificates[0].devices.map(({ code }: { code: string }) => code),
      ['issuer-unknown'],
    );
  });

  await t.test('nothing to renew', async () => {
    const { code, stdout, stderr } = await gate.command('certs', 'renew');
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(stderr, 'nothing to renew: this gate gets no certificate by itself (set email, or tls.acme)\n');
  });
});

test('a certificate for a wrong name is told before a device meets it', async (t) => {
  const right = chainFor('ota.test', 'rsa2048');
  const gate = await gateFor(
    t,
    `domains: [ota.test, forgotten.test]\ntls: { localCa: false, certificates: [{ cert: x.pem, key: x.key }] }\n${UPSTREAM}`,
    { files: { 'x.pem': right.cert, 'x.key': right.key } },
  );
  const { uncovered, certificates } = await gate.status();
  assert.deepEqual(uncovered, ['forgotten.test']);
  assert.deepEqual([certificates[0]?.names, certificates[0]?.chainLength], [['ota.test'], 2]);
  for (const command of [['status'], ['certs', 'list']]) {
    const { stdout } = await gate.command(...command);
    assert.match(stdout, /^fault {5}no certificate is for forgotten\.test: .*\(-0x2700\)$/m, command.join(' '));
  }
  const root = await gate.command('certs', 'root');
  assert.deepEqual([root.code, root.stdout], [1, '']);
  assert.match(root.stderr, /the local CA signs nothing here: tls\.localCa is off/);
});

test('certificates that the gate gets by itself', async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const acme = await smallAcmeFor(t, http);
  const gate = await acmeGateFor(t, { http, https, ...acme, domains: [NAME, 'second.example.com'] });
  await obtained(gate);
  await obtained(gate, 'ecdsa', 'second.example.com');
  const signed = (name: string): number => acme.signed.filter(({ names }) => names.includes(name)).length;

  const { stdout } = await gate.command('certs', 'list');
  assert.match(
    stdout,
    /^cert {6}ota\.example\.com\n {10}EC prime256v1, by CN=Small Intermediate; 8\d days left; renewed from \d{4}-\S+Z on; chain of 2, \d+ bytes$/m,
  );
  const one = await gate.command('certs', 'renew', 'second.example.com', '--json');
  assert.equal(one.code, 0);
  const kept = [NAME, 'second.example.com'];
  assert.deepEqual(JSON.parse(one.stdout), { kept, renewed: ['second.example.com (ecdsa)'], faults: [] });
  assert.deepEqual([signed(NAME), signed('second.example.com')], [1, 2]);
  assert.equal(
    (await gate.command('certs', 'renew')).stdout,
    'renewed: ota.example.com (ecdsa)\nrenewed: second.example.com (ecdsa)\n',
  );

  const unknown = await gate.command('certs', 'renew', 'third.example.com');
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /^nothing to renew: .* are for ota\.example\.com, second\.example\.com$/m);

  acme.wishes.validate = async () => false;
  const failed = await gate.command('certs', 'renew', NAME, '--json');
  assert.deepEqual([failed.code, failed.stderr], [1, '']);
  const { renewed, faults } = JSON.parse(failed.stdout);
  assert.deepEqual([renewed, faults.length], [[], 1]);
  assert.match(
    (await gate.command('certs', 'list')).stdout,
    /^acme {6}ota\.example\.com \(ecdsa\): 1 failure, next try in \d+ s: the CA does not believe/m,
  );
});

test('no gate is running: 3; a wrong word: 2', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-none-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'otagate.yaml');
  writeFileSync(file, `domain: ota.test\nstateDir: ./state\n${UPSTREAM}\n`);
  for (const words of [['list'], ['list', '--json'], ['renew'], ['root']]) {
    const { code, stdout, stderr } = await runCommand(['certs', ...words, '-c', file]);
    assert.deepEqual([code, stdout], [3, ''], words.join(' '));
    assert.match(stderr, /^no gate is running for .*otagate serve -c /);
  }
  for (const words of [['frobnicate'], ['list', '--colour']]) {
    assert.equal((await runCommand(['certs', ...words, '-c', file])).code, 2, words.join(' '));
  }
});

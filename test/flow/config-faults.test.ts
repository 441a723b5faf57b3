// A configuration with seven mistakes: each command names all of them with their places, and nothing of it is served.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gateFor, runCommand } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { LAN } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

// References that lead nowhere stand beside wrong shapes on purpose: neither may hide the other.
const WRONG = `domain: ota.test
stateDir: ./state
listen: { http: "127.0.0.1:99999", https: "127.0.0.1:0" }
networks: { lan: [192.168.1.77/24] }
upstream: { preset: xiaozhi-full, host: 127.0.0.1 }
routes:
  - { name: mcp, path: /mcp_endpoint/, upstream: mpc, role: device }
  - { name: extra, host: www.test, path: /extra/, upstream: console }
openings:
  - { route: voice, until: 2099-01-01T00:00:00Z }
limits: { drian: 5s }
tls: { certificates: [{ cert: missing.pem, key: missing.key }] }
log: { level: loud }
`;

const EXPECTED: [line: number, path: string, says: RegExp][] = [
  [3, 'listen.http', /99999|port/],
  [4, 'networks.lan', /bits set behind its prefix.*did you mean "192\.168\.1\.0\/24"\?/],
  [7, 'routes[0].upstream', /names an upstream that does not exist \(found "mpc"\)/],
  [8, 'routes[1].host', /is not among the domains/],
  [10, 'openings[0].route', /role device.*only these can be opened: ota, firmware/],
  [11, 'limits.drian', /is not a key known here.*did you mean "drain"\?/],
  [13, 'log.level', /is not one of the words known here/],
];

function assertAllTold(lines: string[], file: string): void {
  for (const [line, path, says] of EXPECTED) {
    const told = lines.filter((one) => one.startsWith(`${file}:${line}:`) && one.includes(` ${path}`));
    assert.equal(told.length, 1, `one message for ${path} at line ${line}, of:\n${lines.join('\n')}`);
    assert.match(told[0] ?? '', new RegExp(`^.*:${line}:\\d+: `));
    assert.match(told[0] ?? '', says);
  }
  const certificate = lines.filter((one) => one.startsWith(`${file}:12:`) && /there is no such file/.test(one));
  assert.equal(certificate.length, 2, 'the certificate and its key');
  assert.equal(lines.length, EXPECTED.length + 2, `nothing else:\n${lines.join('\n')}`);
}

test('check and serve name every fault, and end with 1', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'otagate.yaml');
  writeFileSync(file, WRONG);

  const checked = await runCommand(['check', '-c', file]);
  assert.equal(checked.code, 1);
  assert.equal(checked.stdout, '');
  assertAllTold(checked.stderr.trim().split('\n'), file);

  const served = await runCommand(['serve', '-c', file]);
  assert.equal(served.code, 1);
  assert.equal(served.stderr, checked.stderr);

  const asJson = await runCommand(['check', '--json', '-c', file]);
  assert.equal(asJson.code, 1);
  assert.equal(asJson.stderr, '');
  assert.equal((JSON.parse(asJson.stdout) as { faults: unknown[] }).faults.length, EXPECTED.length + 2);
});

test('reload keeps it out, and the old one serves on', async (t) => {
  const java = await javaServer(t);
  const good = `domain: ota.test\n${fullPreset(java)}`;
  const gate = await gateFor(t, good);
  const page = async (): Promise<number> => (await ask({ port: gate.http, from: LAN }, { path: '/' })).status;
  const before = (await gate.status()).snapshot;

  const refused = await gate.reload(`${WRONG}workers: 1`);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /kept out, the old one stays/);
  assertAllTold(refused.stderr.trim().split('\n').slice(1), gate.configFile);
  const line = await gate.line(({ event }) => event === 'reload-refused');
  assertAllTold(line.faults as string[], gate.configFile);
  assert.equal(line.level, 'error');
  assert.equal(await page(), 200);
  assert.equal((await gate.status()).snapshot, before);

  const counted = (): number => gate.lines.filter(({ event }) => event === 'reload-refused').length;
  gate.kill('SIGHUP');
  await gate.line(({ event }) => event === 'reload-refused' && counted() === 2);
  assert.equal(await page(), 200);

  assert.equal((await gate.reload(good)).code, 0, 'a good one is taken again');
  assert.equal(await page(), 200);
});

test('a reload that cannot be carried out is kept out as a whole', async (t) => {
  const java = await javaServer(t);
  const good = `domain: ota.test\n${fullPreset(java)}`;
  const gate = await gateFor(t, good);
  const taken = new URL(java.origin).port;
  const cases: [yaml: string, says: RegExp][] = [
    [
      `${good}\nlisten: { http: ["127.0.0.1:0", "127.0.0.1:${taken}"], https: "127.0.0.1:0" }`,
      /another program listens there/,
    ],
    [
      `${good}\ntls: { certificates: [{ cert: otagate.yaml, key: otagate.yaml }] }`,
      /holds no (certificate|private key)/,
    ],
  ];
  for (const [yaml, says] of cases) {
    const { code, stderr } = await gate.reload(`${yaml}\nroutes: [{ name: no, path: /no/, refuse: true }]`);
    assert.match(stderr, says);
    assert.equal(code, 1);
    assert.equal(
      (await ask({ port: gate.http, from: LAN }, { path: '/no/' })).status,
      200,
      'no part of it is in force',
    );
  }

  // The command looks for its gate in the stateDir that the file names, so only the signal gets there.
  writeFileSync(gate.configFile, readFileSync(gate.configFile, 'utf8').replace('./state', './elsewhere'));
  gate.kill('SIGHUP');
  await gate.line(({ faults }) => String(faults).includes('stateDir changes only with a restart'));
});

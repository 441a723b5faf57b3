// The command line as scripts see it: exit codes, what goes to which stream, and one JSON document where asked for.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CommandResult, gateFor, runCommand } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { OUTSIDE } from '../rig/test-device.ts';

const GOOD = `domain: ota.test
stateDir: ./state
listen: { http: "127.0.0.1:0", https: "127.0.0.1:0" }
upstream: { preset: xiaozhi-full, host: 192.168.1.5 }
openings: [{ route: ota, from: [203.0.113.0/24], until: 2099-01-01T00:00:00Z, reason: "a $\${batch}" }]
`;

// Whatever the locale and the terminal of whoever runs the tests: the runner passes colours on where it has them.
process.env.LC_ALL = 'C.UTF-8';
delete process.env.FORCE_COLOR;

function configIn(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'otagate.yaml');
  writeFileSync(file, text);
  return file;
}

/** The one document on stdout, and nothing behind or before it. */
function documentOf({ stdout }: CommandResult): Record<string, unknown> {
  assert.match(stdout, /^[{[].*[}\]]\n$/s);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('help and version', async () => {
  const all = await runCommand(['--help']);
  assert.deepEqual([all.code, all.stderr], [0, '']);
  assert.match(all.stdout, /Exit codes: 0 well; 1 the answer is no; 2 wrong use; 3 no gate is running/);
  const version = await runCommand(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

test('wrong use is 2, and says what was wrong', async (t) => {
  const config = configIn(t, GOOD);
  const cases: [args: string[], says: RegExp][] = [
    [['frobnicate'], /^error: there is no command frobnicate\n`otagate --help` lists the commands\n$/],
    [['stauts'], /no command stauts; did you mean status\?/],
    [['check', '--jsn'], /no option --jsn; did you mean --json\?\n`otagate check --help` says how it is used\n$/],
    [['check', '-c', config, '--explain', 'ota.test/xiaozhi/ota/', '--from', '203.0.113.9'], /wants a URL/],
    [['check', '-c', config, '--explain', 'http://ota.test/'], /wants --from ADDRESS/],
    [['check', '-c', config, '--explain', 'http://ota.test/', '--from', 'nobody'], /wants --from ADDRESS/],
    [[], /^Usage: otagate/],
  ];
  for (const [args, says] of cases) {
    const result = await runCommand(args);
    assert.equal(result.code, 2, args.join(' '));
    assert.equal(result.stdout, '', args.join(' '));
    assert.match(result.stderr, says, args.join(' '));
  }
});

test('a configuration that is missing is 1, for every command', async () => {
  for (const name of ['serve', 'check', 'status', 'reload']) {
    const result = await runCommand([name, '-c', '/nowhere/otagate.yaml']);
    assert.equal(result.code, 1, name);
    assert.equal(result.stdout, '', name);
    assert.match(result.stderr, /^\/nowhere\/otagate\.yaml: /, name);
  }
});

test('no gate is 3, and says how to start one', async (t) => {
  const config = configIn(t, GOOD);
  for (const args of [['status'], ['status', '--json'], ['reload'], ['reload', '--json']]) {
    const result = await runCommand([...args, '-c', config]);
    assert.equal(result.code, 3, args.join(' '));
    assert.equal(result.stdout, '', args.join(' '));
    assert.match(result.stderr, new RegExp(`start one with \`otagate serve -c ${config}\``), args.join(' '));
  }
});

test('check', async (t) => {
  const config = configIn(t, GOOD);
  const warned = configIn(t, GOOD.replace('2099', '2001'));

  await t.test('well: says so, and who is LAN', async () => {
    const plain = await runCommand(['check', '-c', config]);
    assert.equal(plain.code, 0);
    assert.match(plain.stdout, /is well: ota\.test; 11 routes\n/);
    assert.match(plain.stdout, /LAN is private, but not loopback/);
  });

  await t.test('warnings go to stderr, and into the document', async () => {
    const plain = await runCommand(['check', '-c', warned]);
    assert.equal(plain.code, 0);
    assert.match(plain.stderr, /otagate\.yaml:5:\d+: warning: openings\[0\]\.until: is in the past/);
    const asJson = await runCommand(['check', '--json', '-c', warned]);
    assert.equal(asJson.stderr, '');
    const { ok, warnings } = documentOf(asJson);
    assert.equal(ok, true);
    assert.equal((warnings as { line: number }[])[0]?.line, 5);
  });

  await t.test('--print loads again to the same', async () => {
    const printed = await runCommand(['check', '--print', '-c', config]);
    assert.equal(printed.code, 0);
    const again = configIn(t, printed.stdout);
    const printedAgain = await runCommand(['check', '--print', '-c', again]);
    assert.equal(printedAgain.code, 0, printedAgain.stderr);
    assert.equal(printedAgain.stdout, printed.stdout);
    assert.match(printed.stdout, /path: \/xiaozhi\/otaMag\/download\//);
  });

  await t.test('--explain in words', async () => {
    const url = 'http://ota.test/xiaozhi/ota/';
    const { code, stdout } = await runCommand(['check', '-c', config, '--explain', url, '--from', '198.51.100.9']);
    assert.equal(code, 0);
    assert.match(stdout, /^GET http:\/\/ota\.test\/xiaozhi\/ota\/ from 198\.51\.100\.9 \(not LAN\): refused with 426/);
    assert.match(stdout, /\nbecause plain HTTP from outside the LAN.*\(plain-outside\)\n$/);
  });
});

test('status and reload of a running gate', async (t) => {
  const java = await javaServer(t);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const yaml = `domain: ota.test
openings: [{ route: ota, from: [${OUTSIDE}/32], until: ${until}, reason: "a batch" }]
${fullPreset(java)}`;
  const gate = await gateFor(t, yaml);

  const plain = await gate.command('status');
  assert.equal(plain.code, 0);
  assert.equal(plain.stderr, '');
  for (const said of [
    `pid ${gate.pid},`,
    `http on 127.0.0.1:${gate.http}`,
    'days left',
    java.origin,
    'a batch',
    'gate-1: pid',
  ]) {
    assert.ok(plain.stdout.includes(said), `${said} in ${plain.stdout}`);
  }
  const asJson = await gate.command('status', '--json');
  assert.equal(asJson.stderr, '');
  const status = documentOf(asJson);
  assert.equal(status.pid, gate.pid);
  assert.deepEqual(status.domains, ['ota.test']);
  const [opening] = status.openings as { route: string; from: string[]; until: string; secondsLeft: number }[];
  assert.equal(opening?.until, until);
  assert.ok(opening && opening.secondsLeft > 3_500 && opening.secondsLeft <= 3_600);

  const wellReloaded = await gate.command('reload', '--json');
  assert.deepEqual(documentOf(wellReloaded), { ok: true, changed: [], warnings: [] });
  gate.write(`${yaml}\ndomian: ota.test`);
  const badReload = await gate.command('reload', '--json');
  assert.equal(badReload.code, 1);
  assert.equal(documentOf(badReload).ok, false);
  gate.write(`${yaml}\nroutes: [`);
  const broken = await gate.command('reload');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /otagate\.yaml:\d+:\d+: /, 'a file that is no YAML is named as such');

  gate.write(yaml);
  const second = await runCommand(['serve', '-c', gate.configFile]);
  assert.equal(second.code, 1, 'one gate for one stateDir');
  assert.match(second.stderr, /another otagate serves from this stateDir already/);
  assert.equal((await gate.command('status')).code, 0, 'the first one is not disturbed');
});

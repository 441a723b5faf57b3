// Owns secrets: each can stand in a file of its own, and none is ever shown.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load.ts';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, brief, check, configOf, faultsOf, NOW } from './checked.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-secrets-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const dns = (rest: string): string => `${BASE}tls: { acme: { challenge: dns-01, dns: { ${rest} } } }\n`;
const PEM = file('a.pem', 'x');

/** Each secret of the file: what stands around it, and where it arrives. */
const SECRETS: [key: string, around: (pair: string) => string, read: (config: Config) => unknown][] = [
  ['secret', (pair) => dns(`provider: rfc2136, server: a, keyName: k, ${pair}`), ({ tls }) => tls.acme?.dns],
  ['apiToken', (pair) => dns(`provider: cloudflare, ${pair}`), ({ tls }) => tls.acme?.dns],
  ['accessKeySecret', (pair) => dns(`provider: alidns, accessKeyId: a, ${pair}`), ({ tls }) => tls.acme?.dns],
  ['secretKey', (pair) => dns(`provider: dnspod, secretId: a, ${pair}`), ({ tls }) => tls.acme?.dns],
  ['hmacKey', (pair) => `${BASE}tls: { acme: { eab: { kid: a, ${pair} } } }\n`, ({ tls }) => tls.acme?.eab],
  [
    'passphrase',
    (pair) => `${BASE}tls: { certificates: [{ cert: ${PEM}, key: ${PEM} }, { pkcs12: ${PEM}, ${pair} }] }\n`,
    ({ tls }) => tls.certificates[1],
  ],
  [
    'signingKey',
    (pair) => `${BASE}alerts: { webhooks: [{ webhook: "https://a.example/", ${pair} }] }\n`,
    ({ alerts }) => alerts.webhooks[0],
  ],
];

for (const [key, around, read] of SECRETS) {
  const value = 'aHVudGVyMg';
  const secretIn = (config: Config): unknown => Object.entries(read(config) ?? {}).find(([name]) => name === key)?.[1];

  test(`${key} from its file arrives trimmed, and the long form has the path alone`, () => {
    const path = file('secret', ` ${value}\r\n`);
    const config = configOf(around(`${key}File: ${path}`));
    assert.equal(secretIn(config), value);
    const printed = printLongForm(config);
    assert.ok(!printed.includes(value), printed);
    assert.ok(printed.includes(`${key}File: ${path}`));
    assert.deepEqual(configOf(printed), config);
  });

  test(`${key} from the environment keeps its name in the long form`, () => {
    const config = configOf(around(`${key}: "$\{TOKEN}"`), { TOKEN: value });
    assert.equal(secretIn(config), value);
    const printed = printLongForm(config);
    assert.ok(!printed.includes(value), printed);
    assert.match(printed, new RegExp(`^ *${key}: \\$\\{TOKEN\\}$`, 'm'));
    assert.deepEqual(configOf(printed, { TOKEN: value }), config);
  });

  test(`${key} in the file itself is printed, with a warning to keep it`, () => {
    const config = configOf(around(`${key}: ${value}`));
    assert.equal(secretIn(config), value);
    const printed = printLongForm(config);
    assert.match(printed, /^# Holds a secret: show it to nobody\.\n/);
    assert.deepEqual(configOf(printed), config);
  });

  test(`${key} given twice is told`, () => {
    const faults = faultsOf(around(`${key}: ${value}, ${key}File: ${PEM}`));
    assert.deepEqual(
      faults.map(({ path, problem }) => [path.endsWith(`${key}File`), problem]),
      [[true, `is there beside ${key}`]],
    );
  });

  test(`${key} that is wrong is not shown`, () => {
    for (const [written, env] of [
      ['[hunter2]', ''],
      ['"hun\\tter2"', ''],
      ['1234567', ''],
      [`"hunter2$\{NONE}"`, ''],
      [`"hunter2$\{"`, ''],
      ['*hunter2', ''],
      [`"$\{TOKEN}"`, 'hunter2\nhunter2'],
      [`hunter2, ${key}: hunter2`, ''],
    ] as const) {
      const faults = faultsOf(around(`${key}: ${written}`), { TOKEN: env });
      assert.ok(faults.length > 0, written);
      for (const fault of faults) assert.doesNotMatch(formatFinding(fault), /hunter2|hun.*ter2|1234567/, written);
    }
  });
}

const token = (path: string): string => dns(`provider: cloudflare, apiTokenFile: ${path}`);

test('a file that cannot be used is told at its key', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const table: [path: string, text: RegExp][] = [
    [join(folder, 'none'), /there is no such file \(found ".*none"\), expected a file that holds the secret alone/],
    [join(PEM, 'below'), /there is no such file/],
    [folder, /is a folder/],
    [join(folder, 'pipe'), /is not a regular file/],
    [file('empty', ''), /is an empty file/],
    [file('blank', ' \n\n'), /is an empty file/],
    [file('large', 'x'.repeat(64 * 1024 + 1)), /has 65537 bytes .*64 KiB/],
    [file('latin', Buffer.from([0xe4, 0xf6])), /is not UTF-8/],
    [file('ini', 'user = a\ntoken = hunter2\n'), /^(?!.*hunter2).*more than one line/],
    ['~/token', /only a shell understands/],
  ];
  for (const [path, text] of table) {
    const faults = faultsOf(token(path));
    assert.deepEqual(
      faults.map((fault) => fault.path),
      ['tls.acme.dns.apiTokenFile'],
      path,
    );
    assert.match(formatFinding(faults[0] ?? assert.fail()), text);
  }
});

test('the bound of a secret file is 64 KiB, the space around the secret included', () => {
  const config = configOf(token(file('most', `t0ken${'\n'.repeat(64 * 1024 - 5)}`)));
  assert.deepEqual(config.tls.acme?.dns, { provider: 'cloudflare', apiToken: 't0ken' });
});

test('what a file holds is checked as what stands in the configuration is', () => {
  const yaml = dns(
    `provider: rfc2136, server: a, keyName: k, secretFile: ${file('tsig', 'key "k" { secret "hunter2"; };')}`,
  );
  const [fault, ...more] = faultsOf(yaml);
  assert.equal(more.length, 0);
  assert.match(formatFinding(fault ?? assert.fail()), /^(?!.*hunter2).*secretFile: is not Base64.*tsig-keygen/);
});

test('a relative path starts at the folder of the configuration', () => {
  file('token', 't0ken\n');
  const path = file('otagate.yaml', token('token'));
  const loaded = loadConfig(path, {}, NOW);
  if (!loaded.ok) return assert.fail(loaded.faults.map(formatFinding).join('\n'));
  assert.deepEqual(loaded.config.tls.acme?.dns, { provider: 'cloudflare', apiToken: 't0ken' });
  assert.deepEqual(loaded.config.secretSources, { 'tls.acme.dns.apiToken': { file: join(folder, 'token') } });
});

test('the record of where secrets came from holds none', () => {
  const yaml = `${BASE}tls:
  certificates:
    - { cert: ${PEM}, key: ${PEM}, passphrase: "$\{P}" }
    - { cert: ${PEM}, key: ${PEM} }
    - { pkcs12: ${PEM}, passphrase: inline }
`;
  const config = configOf(yaml, { P: 'hunter2' });
  assert.deepEqual(config.secretSources, { 'tls.certificates[0].passphrase': { written: `$\{P}` } });
});

test('a secret on a line that cannot be read stays out of the message', () => {
  for (const line of [
    'apiToken: "hunter2',
    '- { apiToken: hunter2 }}',
    '- { provider: cloudflare, apiToken: hunter2',
    'apiToken: [ hunter2 }',
  ]) {
    const loaded = check(`${BASE}tls:\n  acme:\n    dns:\n      ${line}\n`);
    const faults = loaded.ok ? assert.fail('it loaded') : loaded.faults;
    for (const fault of faults) assert.doesNotMatch(formatFinding(fault), /hunter2/, line);
  }
});

test('no secret is asked for where there is nothing around it', () => {
  assert.deepEqual(brief(faultsOf(`${BASE}tls: { acme: { eab: yes, dns: none }, certificates: [a] }\n`)), [
    '3:21 tls.acme.eab: is not of the right kind',
    '3:31 tls.acme.dns: is not of the right kind',
    '3:54 tls.certificates[0]: is not of the right kind',
  ]);
});

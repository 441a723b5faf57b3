// Every key of a configuration that takes a path: what it names is in a backup, and there again after a restore with its
// rights, so that the configuration is without faults; or it is named, both times.
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { restoreBackup } from '../../src/backup/restore.ts';
import { writeBackup } from '../../src/backup/write.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load.ts';
import { keysWithPath } from '../config/path-keys.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const root = mkdtempSync(join(tmpdir(), 'otagate-named-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** What the gate makes itself: it has no part in a backup, or one of its own. */
const MADE = ['backup.folder', 'log.access.file', 'log.file', 'stateDir'];

const SECRET_32 = Buffer.alloc(32, 1).toString('base64');
/** What must be in a file so that it can be used; all others may hold anything. */
const CONTENT: Record<string, string> = {
  htpasswd: `admin:$2y$10$${'a'.repeat(53)}\n`,
  'encryption.key': SECRET_32,
  'webhook.url': 'https://hooks.example.com/x',
  'hmac.key': 'c2VjcmV0',
  'tsig.key': 'c2VjcmV0',
};

const provider = (dns: object, certificate: object) => ({
  domain: 'ota.example.com',
  email: 'a@example.com',
  stateDir: '../data',
  upstreams: {
    some: {
      origins: 'https://192.168.1.5',
      tls: { caFile: '../named/up-ca.pem', certFile: '../named/up.pem', keyFile: '../named/up.key' },
    },
  },
  routes: [
    {
      name: 'page',
      path: '/',
      upstream: 'some',
      basicAuth: { file: '../named/htpasswd' },
      errorPage: '../named/oops.html',
    },
    { name: 'shelf', path: '/shelf/', files: '../named/shelf' },
  ],
  tls: {
    certificates: [{ ...certificate, passphraseFile: '../named/passphrase' }],
    acme: {
      caFile: '../named/acme-ca.pem',
      challenge: 'dns-01',
      eab: { kid: 'a', hmacKeyFile: '../named/hmac.key' },
      dns,
    },
  },
  store: {
    redis: 'rediss://192.168.1.6',
    passwordFile: '../named/redis.pass',
    caFile: '../named/redis-ca.pem',
    sentinels: ['192.168.1.7'],
    sentinelPasswordFile: '../named/sentinel.pass',
    encryptionKeyFile: '../named/encryption.key',
  },
  alerts: {
    webhooks: [{ format: 'dingtalk', webhookFile: '../named/webhook.url', signingKeyFile: '../named/signing.key' }],
  },
  log: { file: '../log/otagate.log', access: { file: '../log/access.log' } },
  backup: { folder: '../backups' },
});
const PEM = { cert: '../named/own.pem', key: '../named/own.key' };
const EVERYTHING = [
  provider({ provider: 'exec', program: '../named/set-record' }, PEM),
  provider({ provider: 'rfc2136', server: '192.168.1.8', keyName: 'k', secretFile: '../named/tsig.key' }, PEM),
  provider({ provider: 'cloudflare', apiTokenFile: '../named/api.token' }, { pkcs12: '../named/own.p12' }),
  provider({ provider: 'alidns', accessKeyId: 'a', accessKeySecretFile: '../named/ali.secret' }, PEM),
  provider({ provider: 'dnspod', secretId: 'a', secretKeyFile: '../named/dnspod.key' }, PEM),
];

/** The keys of a configuration whose value is a path, and the paths. */
function* pathsIn(value: unknown, at = ''): Generator<[key: string, path: string]> {
  if (typeof value === 'string' && value.startsWith('../')) yield [at, value];
  if (Array.isArray(value)) for (const each of value) yield* pathsIn(each, `${at}[0]`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) yield* pathsIn(each, at === '' ? key : `${at}.${key}`);
}

function write(file: string, text: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

/** A machine with this configuration. */
function machine(name: string, config: object): { folder: string; configFile: string } {
  const folder = join(root, name);
  const configFile = join(folder, 'config', 'otagate.yaml');
  write(configFile, JSON.stringify(config), 0o600);
  mkdirSync(join(folder, 'data'), { recursive: true });
  return { folder, configFile };
}

function load(configFile: string) {
  const loaded = loadConfig(configFile, {}, NOW);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.faults.map(formatFinding).join('\n'));
  return loaded.config;
}

async function backUp(configFile: string, file: string): Promise<string[]> {
  const settings = { lock: { kind: 'none' }, firmware: false, version: '0.1.0', nowMs: NOW } as const;
  return (await writeBackup(load(configFile), file, settings)).leftOut;
}

function restore(file: string, name: string) {
  return restoreBackup(file, join(root, name, 'config', 'otagate.yaml'), {
    key: { kind: 'none' },
    replace: false,
    nowMs: NOW,
    isRunning: async () => false,
  });
}

describe('what a configuration names', () => {
  it('is known of every key that takes a path', () => {
    const tried = EVERYTHING.flatMap((config) => [...pathsIn(config)].map(([key]) => key));
    // An index says nothing here: all members of a list are of one kind.
    assert.deepEqual([...new Set(tried)].sort(), keysWithPath());
  });

  for (const [index, config] of EVERYTHING.entries()) {
    it(`is restored, with ${Object.values(config.tls.acme.dns)[0]}`, async () => {
      const { folder, configFile } = machine(`source-${index}`, config);
      const named = [...pathsIn(config)].filter(([key]) => !MADE.includes(key));
      const files = named.map(([key, path]): [string, number] => {
        const place = join(folder, 'config', path);
        if (key === 'routes[0].files') {
          write(join(place, 'below', 'page.html'), 'a page', 0o644);
          return [join(place, 'below', 'page.html'), 0o644];
        }
        const mode = key.endsWith('.program') ? 0o755 : /[fF]ile$|errorPage$/.test(key) ? 0o640 : 0o600;
        const name = path.slice('../named/'.length);
        write(place, CONTENT[name] ?? name, mode);
        return [place, mode];
      });
      const file = join(root, `every-${index}.tar.gz`);
      assert.deepEqual(await backUp(configFile, file), []);
      const { missing } = await restore(file, `restored-${index}`);
      assert.deepEqual(missing, []);
      for (const [place, mode] of files) {
        const again = join(root, `restored-${index}`, relative(folder, place));
        assert.deepEqual(readFileSync(again), readFileSync(place), again);
        assert.equal((statSync(again).mode & 0o777).toString(8), mode.toString(8), again);
      }
      load(join(root, `restored-${index}`, 'config', 'otagate.yaml'));
    });
  }
});

const SHELF = { name: 'shelf', path: '/shelf/', files: '../shelf' };
const plain = (more: object) => ({
  domain: 'ota.example.com',
  upstream: { preset: 'xiaozhi-full', host: '192.168.1.5' },
  ...more,
});

describe('what cannot be taken is named when the backup is made, and when it is restored:', () => {
  const cases: [what: string, config: object, make: (folder: string) => void, left: (folder: string) => string[]][] = [
    [
      'a program that lies elsewhere',
      {
        email: 'a@example.com',
        tls: { acme: { challenge: 'dns-01', dns: { provider: 'exec', program: process.execPath } } },
      },
      () => {},
      () => [process.execPath],
    ],
    [
      'a folder that is too large',
      { routes: [SHELF] },
      (folder) => {
        write(join(folder, 'shelf', 'film'), '', 0o600);
        truncateSync(join(folder, 'shelf', 'film'), 300 * 1024 * 1024);
      },
      (folder) => [join(folder, 'shelf')],
    ],
    [
      'a folder with nothing in it',
      { routes: [SHELF] },
      (folder) => mkdirSync(join(folder, 'shelf')),
      (folder) => [join(folder, 'shelf')],
    ],
    [
      'a link in a folder',
      { routes: [SHELF] },
      (folder) => {
        write(join(folder, 'shelf', 'a.html'), 'a', 0o644);
        symlinkSync('/etc', join(folder, 'shelf', 'etc'));
      },
      (folder) => [join(folder, 'shelf', 'etc')],
    ],
  ];
  for (const [index, [what, config, make, left]] of cases.entries())
    it(what, async () => {
      const { folder, configFile } = machine(`left-${index}`, plain(config));
      make(folder);
      const file = join(root, `left-${index}.tar.gz`);
      assert.deepEqual(await backUp(configFile, file), left(folder));
      assert.deepEqual((await restore(file, `left-restored-${index}`)).missing, left(folder));
    });
});

it('takes of a folder around everything neither the state, nor the log, nor backups, nor what a restore moved aside', async () => {
  const config = plain({
    routes: [{ ...SHELF, files: '../all' }],
    stateDir: '../all/data',
    log: { file: '../all/otagate.log' },
    backup: { folder: '../all/backups' },
  });
  const { folder, configFile } = machine('around', config);
  const all = join(folder, 'all');
  for (const name of ['page.html', 'otagate.log', 'otagate.log.1', 'page.html.before-restore-20260101T000000Z'])
    write(join(all, name), name, 0o600);
  for (const name of ['data/local-ca/root.pem', 'data/unknown', 'backups/otagate-20260101T000000Z.tar.gz'])
    write(join(all, name), name, 0o600);
  const file = join(all, 'by-hand.tar.gz');
  writeFileSync(file, 'the one before');
  assert.deepEqual(await backUp(configFile, file), []);
  const { manifest, missing } = await restore(file, 'around-restored');
  assert.deepEqual(
    manifest.entries.map(({ name }) => name),
    ['config.yaml', 'files/all/page.html', 'state/local-ca/root.pem'],
  );
  assert.deepEqual(missing, []);
});

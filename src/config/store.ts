// Owns store in the file: where the state is kept (this machine alone, or Redis for several), its checks, and the way to
// Config and back.
import { hostname } from 'node:os';
import { z } from 'zod';
import { fileProblem } from './file-problem.ts';
import type { Place, Report } from './finding.ts';
import { readUpstreamHost } from './host-names.ts';
import { leaf } from './leaf.ts';
import { memberOf, textOf } from './loose.ts';
import { fromFolder, type NamedPaths, readFilePath } from './paths.ts';
import { good, oneOrMore, type Reading, unfit, wrong } from './reading.ts';
import { secret, secretFile } from './secret-keys.ts';
import { type SecretSource, type Secrets, secretAt, writeSecret } from './secrets.ts';

export type RedisAddress = { host: string; port: number };

export type RedisStore = {
  kind: 'redis';
  tls: boolean;
  /** The server; with sentinels its host is the name by which they know it. */
  server: RedisAddress;
  database: number;
  username: string | null;
  password: string | null;
  /** Absolute. */
  caFile: string | null;
  /** Empty: the server itself is asked. */
  sentinels: RedisAddress[];
  sentinelPassword: string | null;
  /** Base64 of 32 bytes each, the one that seals first. */
  encryptionKey: string;
  /** Of the installation: several may share one Redis. */
  name: string;
  /** What the other machines call this one. */
  machine: string;
};

export type StoreConfig = { kind: 'sqlite' } | RedisStore;

const PLACE: Place = ['store'];
const PORT = 6379;
const SENTINEL_PORT = 26_379;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const URL_EXPECTED = 'redis://host:6379, or rediss:// for TLS, with /1 behind it for another database than 0';
const SENTINEL_EXPECTED = 'the address or name of a sentinel, with a port where it is not 26379';
const KEY_HOW = 'the path of a file that `openssl rand -base64 32` made, the same on every machine';

type Server = RedisAddress & { tls: boolean; database: number };

/** Where Redis is. Secrets have keys of their own, since this text goes into messages. */
function readServer(value: unknown): Reading<Server> {
  if (typeof value !== 'string') return unfit(value, URL_EXPECTED);
  if (!URL.canParse(value)) return wrong('is neither sqlite nor the URL of a Redis', URL_EXPECTED);
  const url = new URL(value);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    return wrong('is neither sqlite nor the URL of a Redis', URL_EXPECTED);
  if (url.username !== '' || url.password !== '')
    return wrong('holds a user or a password', 'these in username, and in password or passwordFile beside it');
  const database = /^\/?(\d{0,3})$/.exec(url.pathname)?.[1];
  if (url.hostname === '' || database === undefined || url.search !== '' || url.hash !== '')
    return wrong('is not an address that can be used', URL_EXPECTED);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return good({
    tls: url.protocol === 'rediss:',
    host,
    port: url.port === '' ? PORT : Number(url.port),
    database: Number(database),
  });
}

function readSentinel(value: unknown): Reading<RedisAddress> {
  if (typeof value !== 'string') return unfit(value, SENTINEL_EXPECTED);
  const [, bracketed, bare, port = String(SENTINEL_PORT)] =
    /^(?:\[([^\]]*)\]|([^[\]:]*))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const host = readUpstreamHost(bracketed ?? bare ?? '');
  if (!host.ok || Number(port) < 1 || Number(port) > 65_535) return wrong('is no such address', SENTINEL_EXPECTED);
  return good({ host: host.value, port: Number(port) });
}

function readWord(value: unknown): Reading<string> {
  if (typeof value !== 'string') return unfit(value, 'a name');
  return WORD.test(value) ? good(value) : wrong('is not a name', 'letters, digits, dots, - and _, 64 at most');
}

export const storeSchema = z
  .preprocess(
    (value) => (value === 'sqlite' ? undefined : typeof value === 'string' ? { redis: value } : value),
    z
      .strictObject({
        redis: leaf(readServer, {
          description: `Where Redis (or Valkey) is: ${URL_EXPECTED}. With sentinels, the host is the name by which they know the server.`,
          type: 'string',
          examples: ['redis://10.0.0.5:6379', 'rediss://redis.example.com'],
        }),
        username: leaf(readWord, { description: 'The ACL user. Left out: default.', type: 'string' }).optional(),
        password: secret('password', 'The password of that user.'),
        passwordFile: secretFile('password'),
        caFile: leaf(readFilePath, {
          description: 'PEM roots to trust for rediss://, where the authority is your own.',
          type: 'string',
        }).optional(),
        sentinels: leaf(oneOrMore(readSentinel, 16), {
          description: 'Sentinels, which know what server is in charge.',
          anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        }).optional(),
        sentinelPassword: secret('sentinelPassword', 'The password of the sentinels.'),
        sentinelPasswordFile: secretFile('sentinelPassword'),
        encryptionKey: secret(
          'encryptionKey',
          'Seals all that goes to Redis: 32 bytes in Base64. An older one may follow behind a comma, for the change to a new one.',
        ),
        encryptionKeyFile: secretFile('encryptionKey'),
        name: leaf(readWord, {
          description: 'Of the installation. Several installations on one Redis have names of their own.',
          type: 'string',
        }).prefault('otagate'),
        machine: leaf(readWord, {
          description: 'What the others call this machine. Left out: its host name.',
          type: 'string',
        }).optional(),
      })
      .optional(),
  )
  .meta({
    description:
      'Where the state is kept. sqlite (the default): in stateDir. With a Redis, several machines share it, and each keeps a copy in stateDir.',
    type: ['string', 'object'],
  });

/** Reports what is wrong between the keys. `folder` is where relative paths start. */
export function storeFaults(raw: unknown, folder: string, report: Report): void {
  const store = memberOf(raw, 'store');
  if (typeof store === 'string') {
    if (!readServer(store).ok) return;
    const expected = `store: { redis: …, encryptionKeyFile: … } with ${KEY_HOW}`;
    report(PLACE, { problem: 'has no encryptionKeyFile beside it', expected });
    return;
  }
  const server = readServer(memberOf(store, 'redis'));
  const caFile = textOf(memberOf(store, 'caFile'));
  const problem = caFile === undefined ? undefined : fileProblem(fromFolder(folder, caFile), 'readable');
  if (problem !== undefined) {
    const expected = `a PEM file that this user may read; relative paths start at ${folder}`;
    report([...PLACE, 'caFile'], { problem, expected });
  } else if (caFile !== undefined && server.ok && !server.value.tls) {
    report(
      [...PLACE, 'caFile'],
      { problem: 'has no effect without TLS', expected: 'a rediss:// address' },
      { severity: 'warning', at: 'key' },
    );
  }
  if (memberOf(store, 'sentinels') !== undefined) return;
  for (const key of ['sentinelPassword', 'sentinelPasswordFile']) {
    if (memberOf(store, key) === undefined) continue;
    report([...PLACE, key], { problem: 'is there without sentinels', expected: 'sentinels beside it' }, { at: 'key' });
  }
}

/** Where the state is kept. */
export function storeFrom(input: z.output<typeof storeSchema>, paths: NamedPaths, secrets: Secrets): StoreConfig {
  if (input === undefined) return { kind: 'sqlite' };
  const { redis, username, caFile, sentinels, name, machine } = input;
  const { tls, host, port, database } = redis;
  return {
    kind: 'redis',
    tls,
    server: { host, port },
    database,
    username: username ?? null,
    password: secretAt(secrets, [...PLACE, 'password'], input.password) || null,
    caFile: caFile === undefined ? null : paths.needs(caFile),
    sentinels: sentinels ?? [],
    sentinelPassword: secretAt(secrets, [...PLACE, 'sentinelPassword'], input.sentinelPassword) || null,
    encryptionKey: secretAt(secrets, [...PLACE, 'encryptionKey'], input.encryptionKey),
    name,
    machine: machine ?? (hostname().slice(0, 64) || 'machine'),
  };
}

/** The store as the file writes it. */
export function writeStore(store: StoreConfig, sources: Record<string, SecretSource>): unknown {
  if (store.kind === 'sqlite') return 'sqlite';
  const { username, password, caFile, sentinels, sentinelPassword, encryptionKey, name, machine } = store;
  return {
    redis: writeServer(store),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : writeSecret([...PLACE, 'password'], 'password', password, sources)),
    ...(caFile === null ? {} : { caFile }),
    ...(sentinels.length === 0 ? {} : { sentinels: sentinels.map(writeAddress) }),
    ...(sentinelPassword === null
      ? {}
      : writeSecret([...PLACE, 'sentinelPassword'], 'sentinelPassword', sentinelPassword, sources)),
    ...writeSecret([...PLACE, 'encryptionKey'], 'encryptionKey', encryptionKey, sources),
    name,
    machine,
  };
}

/** The address of a Redis without its secrets. */
export function writeServer({ tls, server, database }: Pick<RedisStore, 'tls' | 'server' | 'database'>): string {
  return `${tls ? 'rediss' : 'redis'}://${writeAddress(server)}${database === 0 ? '' : `/${database}`}`;
}

function writeAddress({ host, port }: RedisAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

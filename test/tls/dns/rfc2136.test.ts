// Challenge records by dynamic update, against a real BIND.
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { connect, createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { GateError } from '../../../src/base/errors.ts';
import type { DnsConfig } from '../../../src/config/acme-config.ts';
import { dnsProvider } from '../../../src/tls/dns/provider.ts';
import { type Bind, freePort, SECRET, startBind, withoutBind } from './bind.ts';

type Config = Extract<DnsConfig, { provider: 'rfc2136' }>;

const NS = '@ IN NS ns1\nns1 IN A 127.0.0.1';
const NAME = '_acme-challenge.ota.example.test';
const signal = AbortSignal.timeout(30_000);

let bind: Bind;
const config: Config = {
  provider: 'rfc2136',
  server: '127.0.0.1',
  port: 0,
  keyName: 'hmac-sha256-key',
  algorithm: 'hmac-sha256',
  secret: SECRET,
};

before(async () => {
  if (withoutBind !== false) return;
  const allowed = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'].map((name) => `key "${name}-key";`);
  bind = await startBind('127.0.0.1', await freePort('127.0.0.1'), [
    {
      name: 'example.test',
      records: `${NS}\nota IN A 127.0.0.1\ngiven IN NS ns.elsewhere.test.`,
      settings: `allow-update { ${allowed.join(' ')} };`,
    },
    { name: 'fixed.test', records: NS, settings: 'allow-update { none; };' },
    {
      name: 'narrow.test',
      records: NS,
      settings: 'update-policy { grant hmac-sha256-key name _acme-challenge.narrow.test TXT; };',
    },
  ]);
  config.port = bind.port;
});

after(async () => bind?.stop());

/** What BIND itself says the name holds. */
async function values(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`${bind.address}:${bind.port}`]);
  try {
    return (await resolver.resolveTxt(name)).map((strings) => strings.join('')).sort();
  } catch {
    return [];
  }
}

/** The error of `present`, checked: a GateError, of this code, that names the record and keeps the secret. */
async function refused(changed: Partial<Config>, code: string, name = NAME, clock?: () => number): Promise<GateError> {
  const error: unknown = await dnsProvider({ ...config, ...changed }, clock)
    .present({ name, value: 'x' }, signal)
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof GateError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(error.message.includes(name), error.message);
  assert.ok(!error.message.includes(changed.secret ?? SECRET), error.message);
  return error;
}

test('adds values side by side, and removes only its own', { skip: withoutBind }, async () => {
  const provider = dnsProvider(config);
  const long = 'v'.repeat(300);
  await Promise.all(['one', 'two', long].map((value) => provider.present({ name: NAME, value }, signal)));
  await provider.present({ name: NAME, value: 'one' }, signal);
  assert.deepEqual(await values(NAME), ['one', 'two', long]);
  await provider.cleanup({ name: NAME, value: 'one' }, signal);
  assert.deepEqual(await values(NAME), ['two', long]);
  await provider.cleanup({ name: NAME, value: 'one' }, signal);
  await provider.cleanup({ name: NAME, value: 'two' }, signal);
  await provider.cleanup({ name: NAME, value: long }, signal);
  assert.deepEqual(await values(NAME), []);
});

for (const algorithm of ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const) {
  test(`signs with ${algorithm}, in a zone that is configured`, { skip: withoutBind }, async () => {
    const provider = dnsProvider({ ...config, algorithm, keyName: `${algorithm}-key.`, zone: 'Example.test.' });
    await provider.present({ name: NAME, value: algorithm }, signal);
    assert.deepEqual(await values(NAME), [algorithm]);
    await provider.cleanup({ name: NAME, value: algorithm }, signal);
  });
}

test('a key that the server does not know', { skip: withoutBind }, async () => {
  const unknown = await refused({ keyName: 'stranger' }, 'DNS_REFUSED');
  assert.match(unknown.message, /knows no key stranger with hmac-sha256 \(BADKEY\)/);
  const otherAlgorithm = await refused({ algorithm: 'hmac-sha512' }, 'DNS_REFUSED');
  assert.match(otherAlgorithm.message, /BADKEY.*`algorithm`/);
});

test('a secret that is not the one of the server', { skip: withoutBind }, async () => {
  const error = await refused({ secret: Buffer.from('another secret').toString('base64') }, 'DNS_REFUSED');
  assert.match(error.message, /secret of key hmac-sha256-key is not the one that the server has \(BADSIG\)/);
});

test('clocks that differ are both named', { skip: withoutBind }, async () => {
  const behind = Date.now() - 3_600_000;
  const error = await refused({}, 'DNS_REFUSED', NAME, () => behind);
  const times = /it is (\S+Z) here and (\S+Z) there/.exec(error.message);
  assert.ok(Math.abs(Date.parse(times?.[1] ?? '') - behind) < 2_000, error.message);
  assert.ok(Math.abs(Date.parse(times?.[2] ?? '') - Date.now()) < 5_000, error.message);
});

test('a zone that the server does not have', { skip: withoutBind }, async () => {
  const found = await refused({}, 'DNS_FAILED', '_acme-challenge.ota.example.net');
  assert.match(found.message, /has no zone that this name is in/);
  const configured = await refused({ zone: 'example.net' }, 'DNS_FAILED', '_acme-challenge.ota.example.net');
  assert.match(configured.message, /in zone example\.net.*NOTAUTH/);
  const outside = await refused({ zone: 'example.net' }, 'DNS_FAILED');
  assert.match(outside.message, /not in this zone/);
  const givenAway = await refused({}, 'DNS_FAILED', '_acme-challenge.given.example.test');
  assert.match(givenAway.message, /given given\.example\.test away/);
});

test('a zone or a name that the key may not change', { skip: withoutBind }, async () => {
  const fixed = await refused({}, 'DNS_REFUSED', '_acme-challenge.fixed.test');
  assert.match(fixed.message, /in zone fixed\.test: .*grant hmac-sha256-key name _acme-challenge\.fixed\.test TXT;/);
  await refused({}, 'DNS_REFUSED', '_acme-challenge.other.narrow.test');
  await dnsProvider(config).present({ name: '_acme-challenge.narrow.test', value: 'x' }, signal);
  assert.deepEqual(await values('_acme-challenge.narrow.test'), ['x']);
});

test('nobody answers', async () => {
  const error = await refused({ port: await freePort('127.0.0.1') }, 'DNS_FAILED');
  assert.match(error.message, /ECONNREFUSED/);
  assert.equal(error.retry, true);
});

test('an abort ends a call that waits', async () => {
  const mute = createServer(() => {});
  const port = await listen(mute);
  const reason = new Error('stop');
  const abort = new AbortController();
  const call = dnsProvider({ ...config, port }).present({ name: NAME, value: 'x' }, abort.signal);
  setTimeout(() => abort.abort(reason), 50);
  await assert.rejects(call, (error) => error === reason);
  mute.close();
});

test('an answer that was changed, stripped or cut on its way is not believed', { skip: withoutBind }, async () => {
  const cases: [string, (answer: Buffer) => Buffer, RegExp][] = [
    ['changed', (answer) => flipped(answer, answer.length - 20), /signature of the answer is wrong/],
    ['stripped', (answer) => withoutSignature(answer), /is not signed/],
    ['cut', (answer) => answer.subarray(0, 30), /no answer to what was asked/],
    ['of another id', (answer) => flipped(answer, 0), /no answer to what was asked/],
  ];
  for (const [what, change, expected] of cases) {
    const between = await relay(change);
    const error = await refused({ port: between.port, zone: 'example.test' }, 'DNS_FAILED');
    assert.match(error.message, expected, what);
    between.close();
  }
});

/** A relay in front of BIND that changes each answer. */
async function relay(change: (answer: Buffer) => Buffer): Promise<{ port: number; close(): void }> {
  const server = createServer((client) => {
    const upstream = connect(bind.port, bind.address);
    client.pipe(upstream);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    let received = Buffer.alloc(0);
    upstream.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const changed = change(Buffer.from(received.subarray(2)));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(changed.length);
      client.end(Buffer.concat([length, changed]));
      upstream.destroy();
    });
  });
  return { port: await listen(server), close: () => server.close() };
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

/** The answer to an update holds the zone section and the signature, so what goes is all after the zone section. */
function withoutSignature(answer: Buffer): Buffer {
  const zoneSection = 'example.test'.length + 2 + 4;
  answer.writeUInt16BE(0, 10);
  return answer.subarray(0, 12 + zoneSection);
}

async function listen(server: Server): Promise<number> {
  server.unref(); // a test that fails before it closes this must still end
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

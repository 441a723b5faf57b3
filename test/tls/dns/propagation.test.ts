// The wait for a challenge record at its zone's own servers, against two real BINDs at two addresses of the loopback.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GateError } from '../../../src/base/errors.ts';
import { effectiveName } from '../../../src/tls/dns/authority.ts';
import { waitForRecord } from '../../../src/tls/dns/propagation.ts';
import { type DnsProvider, dnsProvider } from '../../../src/tls/dns/provider.ts';
import { answerAt, type Bind, freePort, SECRET, startBind, withoutBind } from './bind.ts';

const NS1 = '@ IN NS ns1\nns1 IN A 127.0.0.1\nns1 IN AAAA ::1'; // nobody listens on ::1
const NS2 = '@ IN NS ns2\nns2 IN A 127.0.0.2';
const UPDATE = { settings: 'allow-update { key "hmac-sha256-key"; };' };
const signal = AbortSignal.timeout(60_000);

let first: Bind;
let second: Bind;
let endSecond: (() => void) | undefined;

before(async () => {
  if (withoutBind !== false) return;
  const port = await freePort('127.0.0.1', '127.0.0.2');
  const both = { name: 'example.test', records: `${NS1}\n${NS2}\nota IN A 127.0.0.1`, ...UPDATE };
  const onlyFirst = [
    // The root, so that this server can stand for a resolver: it knows of every name whether it is there.
    { name: '', records: NS1 },
    { name: 'lame.test', records: `${NS1}\n${NS2}\n_acme-challenge IN TXT "here"` },
    { name: 'dead.test', records: `@ IN NS ns9\nns9 IN A 127.0.0.9` },
    {
      name: 'delegated.test',
      records: `${NS1}\n_acme-challenge IN CNAME way.delegated.test.\nway IN CNAME target.example.test.\n_acme-challenge.round IN CNAME _acme-challenge.round`,
    },
  ];
  [first, second] = await Promise.all([
    startBind('127.0.0.1', port, [both, ...onlyFirst]),
    startBind('127.0.0.1', await freePort('127.0.0.1'), [both]),
  ]);
  endSecond = await answerAt('127.0.0.2', port, second);
});

after(async () => {
  endSecond?.();
  await Promise.all([first?.stop(), second?.stop()]);
});

function provider(bind: Bind): DnsProvider {
  const key = { keyName: 'hmac-sha256-key', algorithm: 'hmac-sha256', secret: SECRET } as const;
  return dnsProvider({ provider: 'rfc2136', server: bind.address, port: bind.port, ...key });
}

function config(timeoutMs: number): { timeoutMs: number; resolvers: string[] } {
  return { timeoutMs, resolvers: [`${first.address}:${first.port}`] };
}

function wait(name: string, value: string, timeoutMs: number, abort = signal): Promise<void> {
  return waitForRecord({ name, value }, config(timeoutMs), abort, { authorityPort: first.port });
}

async function failure(name: string, value: string, timeoutMs: number): Promise<GateError> {
  const error: unknown = await wait(name, value, timeoutMs).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GateError, String(error));
  assert.ok(error.message.includes(name), error.message);
  return error;
}

test('ends once the last server has the record, not before', { skip: withoutBind }, async () => {
  const record = { name: '_acme-challenge.ota.example.test', value: 'fresh' };
  await provider(first).present(record, signal);
  await provider(first).present({ ...record, value: 'another' }, signal);
  let late = 0;
  const timer = setTimeout(async () => {
    await provider(second).present(record, signal);
    late = performance.now();
  }, 400);
  await wait(record.name, record.value, 10_000);
  clearTimeout(timer);
  assert.ok(late > 0 && performance.now() >= late, 'it did not wait for the second server');
});

test('names the servers that lack it, and what they answer', { skip: withoutBind }, async () => {
  const name = '_acme-challenge.example.test';
  await provider(first).present({ name, value: 'other' }, signal);
  const started = performance.now();
  const error = await failure(name, 'mine', 1_300);
  assert.ok(performance.now() - started >= 1_200 && performance.now() - started < 4_000);
  assert.equal(error.code, 'DNS_TIMEOUT');
  assert.match(error.message, /at 2 of 2 name servers within 1\.3 s/);
  assert.match(
    error.message,
    /ns1\.example\.test \(127\.0\.0\.1\): 1 other value; ns2\.example\.test \(127\.0\.0\.2\): no such name/,
  );
});

test('a server that does not serve its zone is named alone', { skip: withoutBind }, async () => {
  const error = await failure('_acme-challenge.lame.test', 'here', 500);
  assert.equal(error.code, 'DNS_TIMEOUT');
  assert.match(error.message, /at 1 of 2 name servers .*\(ns2\.lame\.test \(127\.0\.0\.2\): refused to answer/);
  assert.ok(!error.message.includes('ns1.'), error.message);
});

test('servers that are all silent point to the way out', { skip: withoutBind }, async () => {
  const error = await failure('_acme-challenge.dead.test', 'x', 500);
  assert.equal(error.code, 'DNS_TIMEOUT');
  assert.match(
    error.message,
    /ns9\.dead\.test \(127\.0\.0\.9\): no answer\): is port 53 \(UDP and TCP\) outwards open/,
  );
});

test('follows a delegation by CNAME to its zone', { skip: withoutBind }, async () => {
  const name = '_acme-challenge.delegated.test';
  const target = await effectiveName(name, config(1_000), signal);
  assert.equal(target, 'target.example.test');
  const error = await failure(name, 'x', 300);
  assert.match(error.message, /in zone example\.test: .*CNAME to target\.example\.test .*ns2\.example\.test/);
  for (const bind of [first, second]) await provider(bind).present({ name: target, value: 'x' }, signal);
  await wait(name, 'x', 2_000);
});

test('a circle of CNAMEs, and a name in no zone, end at once', { skip: withoutBind }, async () => {
  const started = performance.now();
  const circle = await failure('_acme-challenge.round.delegated.test', 'x', 20_000);
  assert.match(circle.message, /in a circle/);
  const nowhere = await failure('_acme-challenge.nowhere.invalid', 'x', 20_000);
  assert.match(nowhere.message, /no zone was found for it: is the domain registered/);
  assert.deepEqual([circle.code, nowhere.code], ['DNS_FAILED', 'DNS_FAILED']);
  assert.ok(performance.now() - started < 3_000);
});

test('resolvers that do not answer are asked again until the end', { skip: withoutBind }, async () => {
  const silent = { timeoutMs: 1_300, resolvers: [`127.0.0.9:${first.port}`] };
  const started = performance.now();
  await assert.rejects(waitForRecord({ name: 'a.example.test', value: 'x' }, silent, signal), (error) => {
    assert.ok(error instanceof GateError);
    assert.match(error.message, /127\.0\.0\.9:\d+ failed \(ECONNREFUSED\).*`propagation\.resolvers`/);
    return true;
  });
  assert.ok(performance.now() - started >= 1_200);
});

test('an abort ends the wait at once', { skip: withoutBind }, async () => {
  const abort = new AbortController();
  const reason = new Error('stop');
  setTimeout(() => abort.abort(reason), 200);
  const started = performance.now();
  await assert.rejects(wait('_acme-challenge.dead.test', 'x', 20_000, abort.signal), (error) => error === reason);
  assert.ok(performance.now() - started < 2_000);
});

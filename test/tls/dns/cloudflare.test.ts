// Challenge records at Cloudflare, against a server that speaks API v4 and checks the token.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { dnsProvider } from '../../../src/tls/dns/provider.ts';
import { type ApiServer, type Asked, gateError, type Reply, startApi } from './api-server.ts';

const TOKEN = 'Ab3-secret-token-of-forty-characters-xxxx';
const NAME = '_acme-challenge.ota.example.com';
const signal = AbortSignal.timeout(30_000);

type Kept = { id: string; type: string; name: string; content: string; ttl: number };
let records: Kept[] = [];
let api: ApiServer;

function answer({ method, url, headers, body }: Asked): Reply {
  if (headers.authorization !== `Bearer ${TOKEN}`) return fail(403, 9109, 'Invalid access token');
  const path = url.pathname.replace('/client/v4', '');
  if (path === '/zones') {
    const zones = [{ id: 'z/1', name: 'example.com' }];
    return done(zones.filter(({ name }) => name === url.searchParams.get('name')));
  }
  if (!path.startsWith('/zones/z%2F1/dns_records')) return fail(404, 7003, 'Could not route');
  if (method === 'GET') {
    const [type, name] = ['type', 'name'].map((key) => url.searchParams.get(key));
    return done(records.filter((record) => record.type === type && record.name === name));
  }
  if (method === 'POST') {
    const wanted = JSON.parse(body) as Omit<Kept, 'id'>;
    if (records.some(({ name, content }) => name === wanted.name && content === wanted.content)) {
      return fail(400, 81058, 'An identical record already exists.');
    }
    records.push({ ...wanted, id: `r${records.length}` });
    return done({});
  }
  const id = path.split('/').at(-1);
  if (!records.some((record) => record.id === id)) return fail(404, 81044, 'Record does not exist.');
  records = records.filter((record) => record.id !== id);
  return done({ id });
}

function done(result: unknown): Reply {
  return { body: { success: true, errors: [], messages: [], result } };
}

function fail(status: number, code: number, message: string): Reply {
  return { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
}

const provider = (apiToken = TOKEN) =>
  dnsProvider({ provider: 'cloudflare', apiToken, endpoint: `${api.endpoint}/client/v4/` });
const present = (value = 'x', name = NAME) => provider().present({ name, value }, signal);

before(async () => {
  api = await startApi(answer);
});
beforeEach(() => {
  records = [];
  api.asked.length = 0;
});
after(() => api.close());

test('adds values side by side, and removes only its own', async () => {
  await present('one');
  await present('two');
  await present('one');
  assert.deepEqual(
    records.map(({ id, ...kept }) => kept),
    ['one', 'two'].map((value) => ({ type: 'TXT', name: NAME, content: `"${value}"`, ttl: 60 })),
  );
  await provider().cleanup({ name: NAME, value: 'one' }, signal);
  await provider().cleanup({ name: NAME, value: 'one' }, signal);
  assert.deepEqual(
    records.map(({ content }) => content),
    ['"two"'],
  );
});

test('removes a value that is kept without quotes', async () => {
  records = [{ id: 'r7', type: 'TXT', name: NAME, content: 'old', ttl: 60 }];
  await provider().cleanup({ name: NAME, value: 'old' }, signal);
  assert.deepEqual(records, []);
});

test('finds the zone by walking up, and never asks for a top-level domain', async () => {
  await gateError(present('x', '_acme-challenge.other.net'), 'DNS_FAILED', [TOKEN]);
  assert.deepEqual(
    api.asked.map(({ url }) => url.searchParams.get('name')),
    ['_acme-challenge.other.net', 'other.net'],
  );
});

test('a bad token, and one without permission, are said in words', async () => {
  const bad = await gateError(provider('wrong-token').present({ name: NAME, value: 'x' }, signal), 'DNS_REFUSED', [
    'wrong-token',
  ]);
  assert.match(bad.message, /cloudflare: TXT _acme-challenge\.ota\.example\.com: the token is not valid.*9109/);
  const cases: [number, number, RegExp][] = [
    [403, 10000, /needs Zone Read and DNS Edit/],
    [400, 6003, /Global API Key is something else/],
    [403, 4711, /answered 403: "odd …" \(error 4711\); the token needs/],
  ];
  for (const [status, code, expected] of cases) {
    api.next.push(fail(status, code, `odd ${TOKEN}`));
    assert.match((await gateError(present(), 'DNS_REFUSED', [TOKEN])).message, expected);
  }
  api.next.push(fail(400, 1234, `odd\n\u001b[31m ${TOKEN}`));
  const other = await gateError(present(), 'DNS_FAILED', [TOKEN]);
  assert.match(other.message, /"odd\\x0a\\x1b\[31m …" \(error 1234\)/);
});

test('asks again, three times at most, and waits as long as it is told', async () => {
  api.next.push({ status: 429, headers: { 'retry-after': '1' }, body: 'slow down' }, { status: 502, body: '<html>' });
  const started = performance.now();
  await present();
  assert.equal(records.length, 1);
  assert.ok(performance.now() - started >= 1_900, 'one second as told, one of its own');

  api.asked.length = 0;
  const zero = { status: 503, headers: { 'retry-after': '0' }, body: '' };
  api.next.push(zero, zero, zero, zero);
  const busy = await gateError(present('y'), 'DNS_FAILED', [TOKEN]);
  assert.equal(api.asked.length, 3);
  assert.deepEqual([busy.retry, api.next.length], [true, 1]);
  assert.match(busy.message, /answered 503 3 times/);
  api.next.length = 0;
});

test('does not wait for an hour', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  api.next.push({ status: 429, headers: { 'retry-after': inAnHour }, body: '' });
  const error = await gateError(present(), 'DNS_FAILED', [TOKEN]);
  assert.match(error.message, /asks for 3(600|599) s of patience/);
  assert.equal(api.asked.length, 1);
});

test('an abort ends the pause between two tries', async () => {
  api.next.push({ status: 429, headers: { 'retry-after': '20' }, body: '' });
  const abort = new AbortController();
  const reason = new Error('stop');
  setTimeout(() => abort.abort(reason), 100);
  await assert.rejects(provider().present({ name: NAME, value: 'x' }, abort.signal), (error) => error === reason);
});

test('what is not the API is said so', async () => {
  api.next.push({ body: '<html>Welcome to the hotel</html>' });
  assert.match((await gateError(present(), 'DNS_FAILED', [TOKEN])).message, /something other than JSON: is `endpoint`/);
  api.next.push({ body: { success: true, result: 'odd' } });
  assert.match((await gateError(present(), 'DNS_FAILED', [TOKEN])).message, /form that is not known/);
  api.next.push({ body: { success: true, result: [], padding: ' '.repeat(9 * 1024 * 1024) } });
  assert.match((await gateError(present(), 'DNS_FAILED', [TOKEN])).message, /something other than JSON/);
});

test('an API that cannot be reached', async () => {
  const gone = await startApi(answer);
  gone.close();
  const nobody = dnsProvider({ provider: 'cloudflare', apiToken: TOKEN, endpoint: gone.endpoint });
  const error = await gateError(nobody.present({ name: NAME, value: 'x' }, signal), 'DNS_FAILED', [TOKEN]);
  assert.match(error.message, /cannot be reached \(ECONNREFUSED\) 3 times/);
  assert.equal(error.retry, true);
});

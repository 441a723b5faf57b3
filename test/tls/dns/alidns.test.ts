// Challenge records at Alibaba Cloud DNS, against a server that speaks its RPC API and checks the signature by itself.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { signedQuery } from '../../../src/tls/dns/alidns.ts';
import { dnsProvider } from '../../../src/tls/dns/provider.ts';
import { type ApiServer, type Asked, gateError, type Reply, startApi } from './api-server.ts';

const ID = 'LTAI-key-id';
const SECRET = 'the access key secret';
const NAME = '_acme-challenge.ota.example.com';
const signal = AbortSignal.timeout(30_000);

type Kept = { RecordId: string; RR: string; Type: string; Value: string };
let records: Kept[] = [];
let nonces: string[] = [];
let api: ApiServer;

/** The signature as the documentation describes it, from the raw query, by WebCrypto. */
async function signatureOf(rawQuery: string, secret: string): Promise<string> {
  const pairs = rawQuery.split('&').filter((pair) => !pair.startsWith('Signature='));
  const text = `GET&%2F&${encodeURIComponent(pairs.sort().join('&'))}`;
  const algorithm = { name: 'HMAC', hash: 'SHA-1' };
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(`${secret}&`), algorithm, false, ['sign']);
  return Buffer.from(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text))).toString('base64');
}

function answer({ url }: Asked): Reply {
  const get = (name: string): string => url.searchParams.get(name) ?? '';
  if (get('AccessKeyId') !== ID) return fail(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
  if (Math.abs(Date.parse(get('Timestamp')) - Date.now()) > 900_000)
    return fail(400, 'InvalidTimeStamp.Expired', 'old');
  if (nonces.includes(get('SignatureNonce'))) return fail(400, 'SignatureNonceUsed', 'used');
  nonces.push(get('SignatureNonce'));
  assert.equal(get('Version'), '2015-01-09');
  assert.equal(get('Format'), 'JSON');
  switch (get('Action')) {
    case 'DescribeDomains': {
      assert.equal(get('SearchMode'), 'EXACT');
      const found = ['example.com', 'myexample.com'].filter((name) => name.includes(get('KeyWord')));
      return { body: { TotalCount: found.length, Domains: { Domain: found.map((DomainName) => ({ DomainName })) } } };
    }
    case 'AddDomainRecord': {
      assert.equal(get('DomainName'), 'example.com');
      const wanted = { RR: get('RR'), Type: get('Type'), Value: get('Value') };
      if (records.some(({ RR, Value }) => RR === wanted.RR && Value === wanted.Value)) {
        return fail(400, 'DomainRecordDuplicate', 'The DNS record already exists.');
      }
      records.push({ ...wanted, RecordId: String(9_007_199_254 + records.length) });
      return { body: { RecordId: '1' } };
    }
    case 'DescribeSubDomainRecords': {
      const found = records.filter(({ RR, Type }) => `${RR}.example.com` === get('SubDomain') && Type === get('Type'));
      return { body: { TotalCount: found.length, DomainRecords: { Record: found } } };
    }
    case 'DeleteDomainRecord': {
      if (!records.some(({ RecordId }) => RecordId === get('RecordId')))
        return fail(400, 'DomainRecordNotBelongToUser', '');
      records = records.filter(({ RecordId }) => RecordId !== get('RecordId'));
      return { body: {} };
    }
    default:
      return fail(404, 'InvalidAction.NotFound', get('Action'));
  }
}

function fail(status: number, Code: string, Message: string): Reply {
  return { status, body: { Code, Message, RequestId: 'r', HostId: 'h' } };
}

const provider = (keys = { accessKeyId: ID, accessKeySecret: SECRET }, clock?: () => number) =>
  dnsProvider({ provider: 'alidns', ...keys, endpoint: api.endpoint }, clock);
const present = (value = 'x', name = NAME) => provider().present({ name, value }, signal);

before(async () => {
  api = await startApi(answer);
});
beforeEach(() => {
  records = [];
  nonces = [];
  api.asked.length = 0;
});
after(() => api.close());

test('signs as the documentation of Alibaba Cloud DNS does', () => {
  const keys = { accessKeyId: 'testid', accessKeySecret: 'testsecret' };
  const parameters = { Action: 'DescribeDomainRecords', DomainName: 'example.com', Format: 'XML' };
  const nonce = 'f59ed6a9-83fc-473b-9cc6-99c95df3856e';
  const query = signedQuery(keys, Date.parse('2016-03-24T16:41:54Z'), nonce, parameters);
  assert.equal(new URLSearchParams(query).get('Signature'), 'uRpHwaSEt3J+6KQD//svCh/x+pI=');
});

test('adds values side by side, removes only its own, and signs every call', async () => {
  const odd = "a*b'(c)!~ +/=";
  for (const value of ['one', odd, 'one']) await present(value);
  assert.deepEqual(
    records.map(({ RR, Type, Value }) => [RR, Type, Value]),
    ['one', odd].map((value) => ['_acme-challenge.ota', 'TXT', value]),
  );
  await provider().cleanup({ name: NAME, value: 'one' }, signal);
  await provider().cleanup({ name: NAME, value: 'one' }, signal);
  assert.deepEqual(
    records.map(({ Value }) => Value),
    [odd],
  );
  for (const { url } of api.asked) {
    assert.equal(url.searchParams.get('Signature'), await signatureOf(url.search.slice(1), SECRET));
    assert.ok(!url.search.includes(SECRET));
  }
});

test('a key that is unknown, wrong, without permission, or late is said in words', async () => {
  const stranger = provider({ accessKeyId: 'stranger', accessKeySecret: SECRET });
  const unknown = await gateError(stranger.present({ name: NAME, value: 'x' }, signal), 'DNS_REFUSED', [SECRET]);
  assert.match(unknown.message, /`accessKeyId` is unknown or switched off/);
  const lateClock = provider(undefined, () => Date.now() - 3_600_000);
  const late = await gateError(lateClock.present({ name: NAME, value: 'x' }, signal), 'DNS_REFUSED', [SECRET]);
  assert.match(late.message, /the clock of this machine is wrong/);
  const cases: [string, RegExp][] = [
    ['SignatureDoesNotMatch', /`accessKeySecret` is not the one of this access key/],
    ['Forbidden.RAM', /AliyunDNSFullAccess/],
  ];
  for (const [code, expected] of cases) {
    api.next.push(fail(400, code, `server string to sign is:GET&%2F&AccessKeyId%3D${ID} ${SECRET}`));
    assert.match((await gateError(present(), 'DNS_REFUSED', [SECRET, ID])).message, expected);
  }
  api.next.push(fail(400, 'QuotaExceeded.Record', `no more for ${SECRET}`));
  const other = await gateError(present(), 'DNS_FAILED', [SECRET]);
  assert.match(other.message, /"QuotaExceeded\.Record": "no more for …"/);
});

test('a name in no domain of the account; one that merely ends alike does not count', async () => {
  const error = await gateError(present('x', '_acme-challenge.ample.com'), 'DNS_FAILED', [SECRET]);
  assert.match(error.message, /this account has no domain for this name/);
  assert.equal(records.length, 0);
});

test('asks again where it is throttled, with a new number used once', async () => {
  api.next.push(fail(400, 'Throttling.User', 'Request was denied due to user flow control.'));
  await present();
  assert.equal(records.length, 1);
  const sent = api.asked.map(({ url }) => url.searchParams.get('SignatureNonce'));
  assert.equal(new Set(sent).size, sent.length);
});

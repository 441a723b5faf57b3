// Challenge records at DNSPod, against a server that speaks Tencent Cloud's API 3.0 and checks the signature by itself.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { dnsProvider } from '../../../src/tls/dns/provider.ts';
import { tc3Authorization } from '../../../src/tls/dns/tc3.ts';
import { type ApiServer, type Asked, gateError, type Reply, startApi } from './api-server.ts';

const ID = 'AKID-secret-id';
const SECRET = 'the-secret-key';
const NAME = '_acme-challenge.ota.example.com';
const signal = AbortSignal.timeout(30_000);

type Kept = { RecordId: number; Name: string; Type: string; Value: string };
type Parameters = Record<string, unknown>;
let records: Kept[] = [];
let api: ApiServer;

/** The signature as the documentation describes it, from the request as it came, by WebCrypto. */
async function signatureOf({ headers, body }: Asked): Promise<string> {
  const utf8 = new TextEncoder();
  const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex');
  const hash = async (text: string): Promise<string> => hex(await crypto.subtle.digest('SHA-256', utf8.encode(text)));
  const hmac = async (secret: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> => {
    const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(text)));
  };
  const time = String(headers['x-tc-timestamp']);
  const day = new Date(Number(time) * 1000).toISOString().slice(0, 10);
  const lines = ['content-type', 'host', 'x-tc-action'].map(
    (name) => `${name}:${String(headers[name]).toLowerCase()}\n`,
  );
  const request = `POST\n/\n\n${lines.join('')}\ncontent-type;host;x-tc-action\n${await hash(body)}`;
  const toSign = `TC3-HMAC-SHA256\n${time}\n${day}/dnspod/tc3_request\n${await hash(request)}`;
  const dayKey = await hmac(utf8.encode(`TC3${SECRET}`), day);
  const signature = await hmac(await hmac(await hmac(dayKey, 'dnspod'), 'tc3_request'), toSign);
  const place = `Credential=${ID}/${day}/dnspod/tc3_request, SignedHeaders=content-type;host;x-tc-action`;
  return `TC3-HMAC-SHA256 ${place}, Signature=${hex(signature.buffer)}`;
}

function answer({ headers, body }: Asked): Reply {
  const wanted = JSON.parse(body) as Parameters;
  if (!String(headers.authorization).includes(`Credential=${ID}/`)) return fail('AuthFailure.SecretIdNotFound', 'none');
  if (Math.abs(Number(headers['x-tc-timestamp']) - Date.now() / 1000) > 300)
    return fail('AuthFailure.SignatureExpire', '');
  assert.equal(headers['x-tc-version'], '2021-03-23');
  if (headers['x-tc-action'] === 'DescribeDomainList') {
    const names = ['com.example', 'example.com', 'xample.com', 'sub.ota.example.com', 'com'];
    return done({ DomainList: names.map((Name, DomainId) => ({ Name, DomainId, Punycode: Name })) });
  }
  assert.deepEqual([wanted.Domain, wanted.DomainId], ['example.com', 1]);
  switch (headers['x-tc-action']) {
    case 'CreateRecord': {
      const { SubDomain: Name, RecordType: Type, Value, RecordLineId, TTL } = wanted;
      assert.deepEqual([RecordLineId, TTL], ['0', 600]);
      if (records.some((record) => record.Name === Name && record.Value === Value)) {
        return fail('InvalidParameter.DomainRecordExist', '记录已经存在，无需再次添加。');
      }
      records.push({ RecordId: 100 + records.length, Name: String(Name), Type: String(Type), Value: String(Value) });
      return done({ RecordId: 1 });
    }
    case 'DescribeRecordList': {
      const found = records.filter(({ Name, Type }) => Name === wanted.Subdomain && Type === wanted.RecordType);
      return found.length === 0 ? fail('ResourceNotFound.NoDataOfRecord', '') : done({ RecordList: found });
    }
    case 'DeleteRecord':
      records = records.filter(({ RecordId }) => RecordId !== wanted.RecordId);
      return done({});
    default:
      return fail('InvalidAction', String(headers['x-tc-action']));
  }
}

/** Errors come with status 200 too. */
function fail(Code: string, Message: string): Reply {
  return { body: { Response: { Error: { Code, Message }, RequestId: 'r' } } };
}

function done(response: Parameters): Reply {
  return { body: { Response: { ...response, RequestId: 'r' } } };
}

const provider = (keys = { secretId: ID, secretKey: SECRET }, clock?: () => number) =>
  dnsProvider({ provider: 'dnspod', ...keys, endpoint: api.endpoint }, clock);
const present = (value = 'x', name = NAME) => provider().present({ name, value }, signal);

before(async () => {
  api = await startApi(answer);
});
beforeEach(() => {
  records = [];
  api.asked.length = 0;
});
after(() => api.close());

test("signs as Tencent Cloud's documentation does", () => {
  const keys = { secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' };
  const headers = { host: 'cvm.tencentcloudapi.com', 'content-type': 'application/json; charset=utf-8' };
  const body = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
  assert.equal(
    tc3Authorization(keys, { service: 'cvm', headers, body }, 1551113065),
    'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, ' +
      'SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  );
});

test('adds values side by side, removes only its own, and signs every call', async () => {
  for (const value of ['one', 'two', 'one']) await present(value);
  assert.deepEqual(
    records.map(({ Name, Type, Value }) => [Name, Type, Value]),
    ['one', 'two'].map((value) => ['_acme-challenge.ota', 'TXT', value]),
  );
  for (const value of ['one', 'one', 'two', 'two']) {
    await provider().cleanup({ name: NAME, value }, signal);
    const left = records.map(({ Value }) => Value);
    assert.deepEqual(left, value === 'one' ? ['two'] : []);
  }
  assert.equal(api.asked.length, 16);
  for (const asked of api.asked) assert.equal(asked.headers.authorization, await signatureOf(asked));
});

test('a key that is unknown, wrong, without permission, or late is said in words', async () => {
  const stranger = provider({ secretId: 'stranger', secretKey: SECRET });
  const unknown = await gateError(stranger.present({ name: NAME, value: 'x' }, signal), 'DNS_REFUSED', [SECRET]);
  assert.match(unknown.message, /`secretId` is unknown/);
  const lateClock = provider(undefined, () => Date.now() - 3_600_000);
  const late = await gateError(lateClock.present({ name: NAME, value: 'x' }, signal), 'DNS_REFUSED', [SECRET]);
  assert.match(late.message, /the clock of this machine is wrong/);
  const cases: [string, RegExp][] = [
    ['AuthFailure.SignatureFailure', /`secretKey` is not the one of this `secretId`/],
    ['UnauthorizedOperation', /QcloudDNSPodFullAccess/],
    ['OperationDenied.NoPermissionToOperateDomain', /QcloudDNSPodFullAccess/],
  ];
  for (const [code, expected] of cases) {
    api.next.push(fail(code, `echo ${SECRET}`));
    assert.match((await gateError(present(), 'DNS_REFUSED', [SECRET])).message, expected);
  }
  api.next.push(fail('LimitExceeded.SubdomainLevelLimit', `echo ${SECRET}`));
  const other = await gateError(present(), 'DNS_FAILED', [SECRET]);
  assert.match(other.message, /"LimitExceeded\.SubdomainLevelLimit": "echo …"/);
});

test('a name in no domain of the account, and an account without domains', async () => {
  const error = await gateError(present('x', '_acme-challenge.example.net'), 'DNS_FAILED', [SECRET]);
  assert.match(error.message, /this account has no domain for this name/);
  api.next.push(fail('ResourceNotFound.NoDataOfDomain', ''));
  await gateError(present(), 'DNS_FAILED', [SECRET]);
});

test('asks again where it is limited', async () => {
  api.next.push(fail('RequestLimitExceeded.RequestLimitExceeded', ''));
  await present();
  assert.equal(records.length, 1);
});

// What a client says of itself counts for nothing; what a listed proxy says of its client counts, as far as it goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { LAN, OUTSIDE } from '../rig/test-device.ts';
import { ask, headerOf } from '../rig/wire.ts';

const PROXY = '127.0.0.3';
const FORGED = {
  'X-Forwarded-For': '10.0.0.5',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.test',
  'X-Forwarded-Server': 'evil.test',
  X_Forwarded_For: '10.0.0.6',
  'X-Real-IP': '10.0.0.7',
  Forwarded: 'for=10.0.0.8;proto=https;host=evil.test',
  'X-Request-Id': 'forged-id',
  'X-Original-URL': '/xiaozhi/config/server-base',
};

test('forwarded headers', async (t) => {
  const java = await javaServer(t);
  const yaml = (header: string): string => `domain: ota.test
networks: { lan: [${LAN}, 10.0.0.0/8, "fd00::/8"] }
trustedProxies: { from: [${PROXY}], header: ${header} }
${fullPreset(java)}`;
  const gate = await gateFor(t, yaml('x-forwarded-for'));
  const page = async (from: string, headers: Record<string, string>): Promise<number> =>
    (await ask({ port: gate.http, from }, { path: '/', headers })).status;
  const upstreamSaw = (name: string): string | string[] | undefined => java.requests.at(-1)?.headers[name];

  await t.test('forged ones change nothing', async () => {
    assert.equal(await page(OUTSIDE, FORGED), 308);
    const reply = await ask({ port: gate.http, from: OUTSIDE }, { path: '/', headers: FORGED });
    const id = headerOf(reply, 'X-Request-Id');
    assert.notEqual(id, 'forged-id');
    const line = await gate.line((one) => one.id === id);
    assert.equal(line.client, OUTSIDE);
    assert.equal(line.scheme, 'http');
    assert.equal(java.requests.length, 0);
  });

  await t.test('forged ones never reach the server', async () => {
    const way = { port: gate.https, from: OUTSIDE, tls: { ca: gate.root } };
    const reply = await ask(way, { path: '/', headers: { ...FORGED, Connection: 'close, X-Forwarded-For' } });
    assert.equal(reply.status, 200);
    const seen = java.requests.at(-1)?.rawHeaders.join('\n') ?? '';
    for (const forged of ['10.0.0.', 'evil.test', 'forged-id', 'server-base']) {
      assert.ok(!seen.includes(forged), `${forged} in ${seen}`);
    }
    assert.equal(upstreamSaw('x-forwarded-for'), OUTSIDE);
    assert.equal(upstreamSaw('x-real-ip'), OUTSIDE);
    assert.equal(upstreamSaw('x-forwarded-proto'), 'https');
    assert.equal(upstreamSaw('x-forwarded-host'), `ota.test:${gate.https}`);
    assert.equal(upstreamSaw('forwarded'), `for=${OUTSIDE};proto=https;host="ota.test:${gate.https}"`);
    assert.equal(upstreamSaw('x-request-id'), headerOf(reply, 'X-Request-Id'));
  });

  await t.test('of a listed proxy the rightmost hop that is no proxy is judged', async () => {
    const cases: [forwardedFor: string, status: number, client: string][] = [
      ['10.0.0.5', 200, '10.0.0.5'],
      ['203.0.113.7', 308, '203.0.113.7'],
      ['10.0.0.5, 203.0.113.7', 308, '203.0.113.7'],
      ['203.0.113.7, 10.0.0.5', 200, '10.0.0.5'],
      [`203.0.113.7, 10.0.0.5, ${PROXY}`, 200, '10.0.0.5'],
      [`10.0.0.5, 203.0.113.7, ${PROXY}`, 308, '203.0.113.7'],
      ['10.0.0.5:40001', 200, '10.0.0.5'],
      ['::ffff:10.0.0.5', 200, '10.0.0.5'],
      ['[FD00:0::5]:40001', 200, 'fd00::5'],
    ];
    for (const [forwardedFor, status, client] of cases) {
      const id = `case-${cases.findIndex(([one]) => one === forwardedFor)}`;
      const headers = { 'X-Forwarded-For': forwardedFor, 'X-Request-Id': id };
      assert.equal(await page(PROXY, headers), status, forwardedFor);
      const line = await gate.line((one) => one.id === id);
      assert.equal(line.client, client, forwardedFor);
      assert.equal(line.peer, PROXY);
      if (status === 200) assert.equal(upstreamSaw('x-forwarded-for'), client);
    }
  });

  await t.test('one that names nobody, or no address, is not LAN', async () => {
    assert.equal(await page(PROXY, {}), 308);
    for (const nobody of ['unknown', '_hidden', '', '10.0.0.5.evil.test', '10.0.0.5, unknown']) {
      assert.equal(await page(PROXY, { 'X-Forwarded-For': nobody }), 308, nobody);
    }
  });

  await t.test('https by its X-Forwarded-Proto counts, from it alone', async () => {
    assert.equal(await page(PROXY, { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' }), 200);
    assert.equal(upstreamSaw('x-forwarded-proto'), 'https');
    assert.equal(await page(PROXY, { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'http' }), 308);
    assert.equal(await page(PROXY, { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'gopher' }), 308);
    assert.equal(await page(OUTSIDE, { 'X-Forwarded-Proto': 'https' }), 308);
  });

  await t.test('a request id comes from there alone, and only where it is harmless', async () => {
    const given = async (from: string, id: string): Promise<string | undefined> =>
      headerOf(
        await ask(
          { port: gate.http, from },
          { path: '/', headers: { 'X-Forwarded-For': '10.0.0.5', 'X-Request-Id': id } },
        ),
        'X-Request-Id',
      );
    assert.equal(await given(PROXY, 'abc-123'), 'abc-123');
    assert.equal(upstreamSaw('x-request-id'), 'abc-123');
    assert.notEqual(await given(LAN, 'abc-124'), 'abc-124');
    assert.notEqual(await given(PROXY, 'a b<c>'), 'a b<c>');
    assert.notEqual(await given(PROXY, 'x'.repeat(65)), 'x'.repeat(65));
  });

  await t.test('only the header that is configured is read', async () => {
    assert.equal((await gate.reload(yaml('forwarded'))).code, 0);
    assert.equal(await page(PROXY, { 'X-Forwarded-For': '10.0.0.5' }), 308);
    assert.equal(await page(PROXY, { Forwarded: 'for=10.0.0.5;proto=http' }), 200);
    assert.equal(await page(PROXY, { Forwarded: 'for=10.0.0.5, for="[2001:db8::7]:4711"' }), 308);
    assert.equal(await page(PROXY, { Forwarded: 'for=203.0.113.7;proto=https' }), 200);
    assert.equal((await gate.reload(yaml('x-real-ip'))).code, 0);
    assert.equal(await page(PROXY, { 'X-Real-IP': '10.0.0.5' }), 200);
    assert.equal(await page(PROXY, { 'X-Real-IP': '203.0.113.7', 'X-Forwarded-For': '10.0.0.5' }), 308);
  });
});

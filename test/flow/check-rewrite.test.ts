// What a device gets for its check, byte for byte, whatever the server's reply looked like on its way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ANY_OFFER, type GateRig, gateFor } from '../rig/gate.ts';
import { dressed, readRecorded, recordedReplies } from '../rig/recorded.ts';
import { fullPreset, javaServer, serverPreset } from '../rig/sample-servers.ts';
import { plainReply, receivedHeader, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { ask, headerOf, type RawReply } from '../rig/wire.ts';

const SEAL = /~[A-Za-z0-9_-]{40,}/g;

async function check(gate: GateRig, body: string | Buffer = checkBody(), host?: string): Promise<RawReply> {
  const what = { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body, ...(host === undefined ? {} : { host }) };
  return ask({ port: gate.http, from: LAN }, what);
}

async function warningsOf(gate: GateRig, reply: RawReply): Promise<string> {
  const line = await gate.line(({ id }) => id === headerOf(reply, 'X-Request-Id'));
  return String(line.warnings ?? '');
}

test('recorded replies, in every dress', async (t) => {
  const upstream = await scriptedUpstream(t, () => []);
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}\n${ANY_OFFER}`);
  const here = `ota.test:${gate.http}`;
  const expectedBody = (recorded: string): string =>
    recorded
      .replace(/http:\/\/[\d.:]+\/xiaozhi\/ota\/download\/[\w.-]+\.bin/, `http://${here}/xiaozhi/ota/download/~SEAL`)
      .replace(/"ws:\/\/[\d.:]+\/xiaozhi\/v1\/"/, `"ws://${here}/xiaozhi/v1/"`);

  for (const [name, bytes] of recordedReplies('check-')) {
    await t.test(name, async () => {
      const recorded = readRecorded(bytes);
      for (const how of ['as recorded', 'chunked', 'lower case', 'behind 103', 'bare'] as const) {
        upstream.answerWith(() => [dressed(bytes, how)]);
        const reply = await check(gate);
        const body = reply.body.toString().replace(SEAL, '~SEAL');
        assert.equal(body, expectedBody(recorded.body.toString()), how);
        assert.equal(reply.statusLine, 'HTTP/1.1 200 OK');
        const own = ['Content-Length', 'Date', 'Connection', 'X-Request-Id'];
        const passed = recorded.headers.filter(([key]) => !own.includes(key));
        assert.deepEqual(
          reply.headers.filter(([key]) => !own.includes(key)),
          passed,
          `${how}: what passes, in its order, in canonical case`,
        );
        assert.deepEqual(
          reply.headers
            .map(([key]) => key)
            .filter((key) => own.includes(key))
            .toSorted(),
          own.toSorted(),
          `${how}: each of the gate's own once`,
        );
        assert.equal(headerOf(reply, 'Content-Length'), String(reply.body.length));
      }
    });
  }

  await t.test('the text for people passes as it is', async () => {
    const bytes = recordedReplies('get-ota').get('get-ota');
    assert.ok(bytes);
    upstream.answerWith(() => [dressed(bytes, 'chunked')]);
    const reply = await ask({ port: gate.http, from: LAN }, { path: '/xiaozhi/ota' });
    assert.deepEqual(reply.body, readRecorded(bytes).body);
    assert.equal(upstream.received.at(-1)?.path, '/xiaozhi/ota/', 'the slash that the server wants');
    assert.equal(await warningsOf(gate, reply), '');
  });
});

test('bodies of devices reach the server byte for byte', async (t) => {
  const upstream = await scriptedUpstream(t, () => plainReply('{"firmware":{"version":"1.8.1","url":""}}'));
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}`);
  const bodies: [name: string, body: Buffer][] = [
    ['a quote in the SSID', Buffer.from('{"board":{"type":"b","ssid":"my "home" net"}}')],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x00, 0x7d])],
    ['no JSON at all', Buffer.from('\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['line ends and blanks', Buffer.from('{ "a" :\t1 }\r\n\r\n')],
    ['200 KiB', Buffer.alloc(200 * 1024, 'x')],
  ];
  for (const [name, body] of bodies) {
    assert.equal((await check(gate, body)).status, 200, name);
    const request = upstream.received.at(-1);
    assert.ok(request);
    assert.deepEqual(request.body, body, name);
    assert.equal(receivedHeader(request, 'Content-Length'), String(body.length));
    assert.equal(receivedHeader(request, 'Transfer-Encoding'), undefined);
    assert.equal(receivedHeader(request, 'Accept-Encoding'), 'identity');
  }
  const huge = await check(gate, Buffer.alloc(300 * 1024));
  assert.equal(huge.status, 413, 'over limits.checkBody');
  const empty = await ask({ port: gate.http, from: LAN }, { path: '/xiaozhi/ota/', headers: CHECK_HEADERS });
  assert.equal(empty.status, 200);
  assert.equal(upstream.received.at(-1)?.method, 'GET', 'a device without a body asks by GET');
});

test('replies that are not to be understood pass unchanged, with a warning', async (t) => {
  const upstream = await scriptedUpstream(t, () => []);
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}`);
  const offer = '{"firmware":{"version":"2.0.1","url":"http://192.168.1.5:8003/xiaozhi/ota/download/a.bin"}';
  const zipped = gzipSync(`${offer}}`);
  const cases: [name: string, body: Buffer, headers: Record<string, string>, warning: RegExp][] = [
    ['over 64 KiB', Buffer.from(`${offer},"pad":"${'x'.repeat(65_536)}"}`), {}, /the reply has \d+ bytes, over 65536/],
    ['not JSON', Buffer.from(`${offer},}`), {}, /not a JSON object/],
    ['a list', Buffer.from(`[${offer}}]`), {}, /not a JSON object/],
    [
      'broken UTF-8',
      Buffer.concat([Buffer.from(`${offer},"x":"`), Buffer.from([0xff, 0x22, 0x7d])]),
      {},
      /not a JSON object/,
    ],
    ['gzip', zipped, { 'Content-Encoding': 'gzip' }, /encoded \(gzip\) though identity was asked for/],
  ];
  for (const [name, body, headers, warning] of cases) {
    upstream.answerWith(() => plainReply(body, { 'content-type': 'application/json', ...headers }));
    const reply = await check(gate);
    assert.deepEqual(reply.body, body, name);
    assert.equal(headerOf(reply, 'Content-Length'), String(body.length));
    assert.equal(headerOf(reply, 'Content-Encoding'), headers['Content-Encoding']);
    assert.match(await warningsOf(gate, reply), warning, name);
  }
  upstream.answerWith(() => [
    'HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  ]);
  const redirected = await check(gate);
  assert.equal(redirected.status, 502, 'no device follows a redirect');
  assert.equal(headerOf(redirected, 'Location'), undefined);
  upstream.answerWith(() => plainReply('{"firmware":{"version":"v2.1","url":"http://x/xiaozhi/ota/download/a.bin"}}'));
  assert.equal(
    (await check(gate)).body.toString(),
    '{"firmware":{"version":"1.8.1","url":""}}',
    'a boot loop is withheld',
  );
});

test("a link that was made from the request's own Host is no proof of anything", async (t) => {
  const java = await javaServer(t, { otaUrl: null });
  const strange = await scriptedUpstream(t, () => plainReply('stolen'));
  const paths = ['http://ota.test/other/a.bin', 'http://169.254.169.254/latest/meta-data', `${strange.origin}/x.bin`];
  const upstream = await scriptedUpstream(t, () => []);
  const api = `apis: "${upstream.origin}"`;
  const gate = await gateFor(
    t,
    `domains: [ota.test, api.test]
${fullPreset(java)}
upstreams: { ${api} }
routes: [{ name: apis, host: api.test, path: /xiaozhi/ota/, upstream: apis, role: ota-check }]
${ANY_OFFER}`,
  );

  await t.test('the server without server.ota: the link is ours, and works', async () => {
    const device = deviceOf(gate, OUTSIDE);
    const outcome = await device.check(otaUrl(gate, 'https'));
    assert.ok(outcome.outcome === 'update', JSON.stringify(outcome));
    assert.match(outcome.url, new RegExp(`^https://ota\\.test:${gate.https}/xiaozhi/otaMag/download/~`));
    assert.equal((await device.download(outcome.url)).outcome, 'valid');
  });

  await t.test('a stranger as Host never gets to the server', async () => {
    const before = java.requests.length;
    assert.equal((await check(gate, checkBody(), 'evil.test')).status, 404);
    assert.equal(java.requests.length, before);
  });

  await t.test('a link that leads elsewhere is left alone, and never fetched', async () => {
    for (const url of paths) {
      const body = JSON.stringify({ firmware: { version: '2.0.1', url } });
      upstream.answerWith(() => plainReply(body));
      const reply = await check(gate, checkBody(), 'api.test');
      assert.equal(reply.body.toString(), body);
      assert.match(await warningsOf(gate, reply), /neither an upstream nor in firmware\.allow/);
    }
    assert.equal(strange.connections, 0);
  });

  await t.test('a foreign host before a path of ours: the bytes come from our own server', async () => {
    const link = `${strange.origin}/xiaozhi/otaMag/download/00000000-0000-4000-8000-000000000000`;
    upstream.answerWith(() => plainReply(JSON.stringify({ firmware: { version: '9.0.1', url: link } })));
    const reply = await check(gate, checkBody(), 'api.test');
    const { firmware } = JSON.parse(reply.body.toString()) as { firmware: { url: string } };
    assert.match(firmware.url, /^http:\/\/api\.test:\d+\/xiaozhi\/otaMag\/download\/~/);
    const download = await ask(
      { port: gate.http, from: LAN },
      { path: new URL(firmware.url).pathname, host: 'api.test' },
    );
    assert.equal(download.status, 404, 'the server does not know that UUID');
    assert.equal(strange.connections, 0);
  });
});

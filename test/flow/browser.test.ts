// A browser outside is moved to https, sees the console there, and never learns an inner address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { plainReply, receivedHeader, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { LAN, OUTSIDE } from '../rig/test-device.ts';
import { ask, headerOf, jsonOf, type RawReply } from '../rig/wire.ts';

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

test('a browser', async (t) => {
  const java = await javaServer(t);
  const inner = await scriptedUpstream(t, () => plainReply('inner'));
  const yaml = (defaultSite: string): string => `domains: [ota.test, www.test]
public: { http: 80, https: 8443 }
defaultSite: ${defaultSite}
${fullPreset(java)}
upstreams: { inner: "${inner.origin}" }
routes:
  - { name: inner, path: /inner/, upstream: inner }
  - { name: closed, path: /closed/, upstream: inner, plainHttp: never }`;
  const gate = await gateFor(t, yaml('refuse'));
  const plain = { port: gate.http, from: OUTSIDE };
  const lan = { port: gate.http, from: LAN };
  const secure = { port: gate.https, from: OUTSIDE, tls: { ca: gate.root } };

  await t.test('is moved from http to the public https port', async () => {
    for (const method of ['GET', 'HEAD']) {
      const reply = await ask(plain, { method, path: '/user/list?page=2&q=%2F', host: 'www.test' });
      assert.equal(reply.status, 308);
      assert.equal(headerOf(reply, 'Location'), 'https://www.test:8443/user/list?page=2&q=%2F');
    }
    const odd = await ask(plain, { path: '//evil.test/%0d%0aSet-Cookie:x' });
    assert.equal(odd.status, 400, 'no header is made out of a path');
    const doubled = await ask(plain, { path: '//evil.test/x' });
    assert.equal(headerOf(doubled, 'Location'), 'https://ota.test:8443/evil.test/x', 'never to a stranger');
  });

  await t.test('may not send a form by plain HTTP', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const reply = await ask(plain, { method, path: '/xiaozhi/user/login', body: '{"password":"x"}' });
      assert.equal(reply.status, 403, method);
      assert.equal(jsonOf(reply).code, 'PLAIN_HTTP_CLOSED');
    }
    assert.equal(java.hits.get('user'), undefined);
  });

  await t.test('sees the console by https, and by plain HTTP on the LAN', async () => {
    for (const way of [secure, lan]) {
      const reply = await ask(way, { path: '/' });
      assert.equal(reply.status, 200);
      assert.match(reply.body.toString(), /Sample console/);
    }
    const closed = await ask(lan, { path: '/closed/' });
    assert.equal(closed.status, 308, 'a route with plainHttp: never moves the LAN as well');
  });

  await t.test('gets cookies one by one, and redirects with our own address', async () => {
    const redirects: [given: string, seen: string][] = [
      [`${inner.origin}/inner/login?next=%2F`, 'https://ota.test:8443/inner/login?next=%2F'],
      ['http://ota.test/inner/login', 'https://ota.test:8443/inner/login'],
      ['http://ota.test:8443/inner/login', 'https://ota.test:8443/inner/login'],
      ['/inner/login', '/inner/login'],
      ['login#form', 'login#form'],
      ['https://accounts.example.com/oauth', 'https://accounts.example.com/oauth'],
    ];
    for (const [given, seen] of redirects) {
      const head = `HTTP/1.1 302 Found\r\nset-cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2, c\r\nlocation: ${given}\r\n`;
      inner.answerWith(() => [`${head}Content-Length: 0\r\nConnection: close\r\n\r\n`]);
      const reply = await ask(secure, { path: '/inner/x' });
      assert.equal(reply.status, 302);
      assert.equal(headerOf(reply, 'Location'), seen, given);
      const cookies = reply.headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value);
      assert.deepEqual(cookies, ['a=1; Path=/; HttpOnly', 'b=2, c']);
    }
    const request = inner.received.at(-1);
    assert.ok(request);
    assert.equal(receivedHeader(request, 'Host'), 'ota.test:8443', 'the server builds its addresses from this');
    assert.equal(receivedHeader(request, 'X-Forwarded-Proto'), 'https');
    assert.equal(receivedHeader(request, 'X-Forwarded-Host'), 'ota.test:8443');
  });

  await t.test('cannot slip a WebSocket past the rule', async () => {
    const voice = await ask(plain, { path: '/xiaozhi/v1/', headers: HANDSHAKE });
    assert.equal(voice.status, 426);
    assert.equal(headerOf(voice, 'Content-Length'), String(voice.body.length));
    const web = await ask(plain, { path: '/inner/socket', headers: HANDSHAKE });
    assert.equal(web.status, 403);
    assert.equal(java.hits.get('voice'), undefined);
    const allowed = await ask(lan, { path: '/xiaozhi/v1/', headers: HANDSHAKE });
    assert.equal(allowed.status, 101);
  });

  await t.test('is turned away under a name that is not ours, unless defaultSite says main', async () => {
    const codes = async (from: typeof lan): Promise<RawReply[]> =>
      Promise.all([ask(from, { path: '/', host: 'evil.test' }), ask(secure, { path: '/', host: 'evil.test' })]);
    const [http, https] = await codes(lan);
    assert.equal(http?.status, 404);
    assert.equal(https?.status, 421);
    assert.equal(https && jsonOf(https).code, 'HOST_UNKNOWN');
    assert.equal((await ask(plain, { path: '/', host: '127.0.0.1' })).status, 404, 'a bare address, from outside');
    assert.equal((await ask(lan, { path: '/', host: '127.0.0.1' })).status, 200, 'a bare address, from the LAN');
    assert.equal((await ask(lan, { path: '/', host: 'ota.test\r\nHost: www.test' })).status, 400, 'two of them');

    assert.equal((await gate.reload(yaml('main'))).code, 0);
    const [mainHttp, mainHttps] = await codes(lan);
    assert.equal(mainHttp?.status, 200);
    assert.equal(mainHttps?.status, 200);
    const moved = await ask(plain, { path: '/x', host: 'evil.test' });
    assert.equal(headerOf(moved, 'Location'), 'https://ota.test:8443/x');
    await ask(secure, { path: '/inner/', host: 'evil.test' });
    const request = inner.received.at(-1);
    assert.equal(request && receivedHeader(request, 'Host'), 'ota.test:8443', "the stranger's name stops here");
  });
});

// The sample Java upstream: what a check replies, links that wear out, uploads, and what attacks would reach.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { JavaUpstream, JavaUpstreamOptions } from '../../src/demo/upstream-java.ts';
import { startJavaUpstream } from '../../src/demo/upstream-java.ts';
import { headerOf, rawExchange, rawRequest } from './raw-exchange.ts';

const BOUND = '11:22:33:44:55:66';
const STRANGER = '11:22:33:44:55:77';
const NO_UPDATE = 'http://xiaozhi.server.com:8002/xiaozhi/otaMag/download/NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const BYTES = Buffer.alloc(50_000, 9);

const SETTINGS: JavaUpstreamOptions = {
  voice: false,
  websocketUrl: 'ws://192.168.4.23:8000/xiaozhi/v1/',
  secret: '',
};

interface CheckReply {
  server_time: { timestamp: number; timeZone: string; timezone_offset: number };
  activation?: { code: string; message: string; challenge: string };
  firmware?: { version: string; url: string };
  websocket: { url: string; token: string };
  mqtt?: Record<string, string>;
}

async function checkText(
  upstream: JavaUpstream,
  deviceId: string | undefined,
  version: string,
  board = 'lichuang-dev',
) {
  const headers = { ...(deviceId !== undefined && { 'Device-Id': deviceId }), 'Client-Id': 'c' };
  const body = JSON.stringify({ application: { version }, board: { type: board } });
  const reply = await rawExchange(upstream.origin, rawRequest('POST', '/xiaozhi/ota/', headers, body));
  assert.equal(reply.statusLine, 'HTTP/1.1 200 OK');
  assert.equal(headerOf(reply, 'content-length'), String(reply.body.length));
  return reply.body.toString();
}

async function check(...asked: Parameters<typeof checkText>): Promise<CheckReply> {
  return JSON.parse(await checkText(...asked)) as CheckReply;
}

describe('the sample Java upstream', () => {
  let upstream: JavaUpstream;
  before(async () => {
    upstream = await startJavaUpstream({ ...SETTINGS, devices: new Map([[BOUND, {}]]) });
    upstream.firmware.set('lichuang-dev', { version: '2.0.0', bytes: BYTES });
  });
  after(() => upstream.close());
  const get = (path: string, method = 'GET') => rawExchange(upstream.origin, rawRequest(method, path));

  it('gives a device that is not bound a code, the same each time, and the link that means no update', async () => {
    const reply = await check(upstream, STRANGER, '1.0.1');
    const { code = '', ...activation } = reply.activation ?? {};
    assert.match(code, /^\d{6}$/);
    assert.deepEqual(activation, { message: `http://xiaozhi.server.com\n${code}`, challenge: STRANGER });
    assert.deepEqual(reply.firmware, { version: '1.0.1', url: NO_UPDATE });
    assert.deepEqual(reply.websocket, { url: 'ws://192.168.4.23:8000/xiaozhi/v1/', token: '' });
    assert.deepEqual(Object.keys(reply), ['server_time', 'activation', 'firmware', 'websocket']);
    assert.equal((await check(upstream, STRANGER, '1.0.1')).activation?.code, code);
  });

  it('gives a bound device a new link on every check, built from the Host header', async () => {
    const [first, second] = [await check(upstream, BOUND, '1.6.0'), await check(upstream, BOUND, '1.6.0')];
    assert.equal(first.firmware?.version, '2.0.0');
    assert.match(first.firmware?.url ?? '', new RegExp(`^http://192.168.1.5:8003/xiaozhi/otaMag/download/${UUID}$`));
    assert.notEqual(first.firmware?.url, second.firmware?.url);
    assert.equal(first.activation, undefined);
  });

  it('takes server.ota for the link, where it is set', async () => {
    const set = await startJavaUpstream({ ...SETTINGS, otaUrl: 'http://ota.inner:8002/xiaozhi/ota/' });
    set.devices.set(BOUND, {});
    set.firmware.set('lichuang-dev', { version: '2.0.0', bytes: BYTES });
    const reply = await check(set, BOUND, '1.6.0');
    await set.close();
    assert.match(reply.firmware?.url ?? '', new RegExp(`^http://ota.inner:8002/xiaozhi/otaMag/download/${UUID}$`));
  });

  it('tells a bound device that is up to date by the link that means no update', async () => {
    for (const version of ['2.0.0', '2.0.1', '2.0']) {
      assert.deepEqual((await check(upstream, BOUND, version)).firmware, { version: '2.0.0', url: NO_UPDATE });
    }
    assert.deepEqual((await check(upstream, BOUND, '1.0.0', 'unknown-board')).firmware, {
      version: '1.0.0',
      url: NO_UPDATE,
    });
  });

  it('leaves firmware out where auto-update is off', async () => {
    upstream.devices.set('aa:bb:cc:dd:ee:ff', { autoUpdate: false });
    assert.equal('firmware' in (await check(upstream, 'aa:bb:cc:dd:ee:ff', '1.0.0')), false);
  });

  it('puts mqtt beside websocket, signed', async () => {
    const settings = { ...SETTINGS, secret: 'k', mqttGateway: '192.168.0.7:1883' };
    const mqtt = await startJavaUpstream(settings);
    const reply = await check(mqtt, STRANGER, '1.0.1');
    await mqtt.close();
    assert.deepEqual(Object.keys(reply).slice(-2), ['websocket', 'mqtt']);
    assert.match(reply.websocket.token, /^[\w-]{43}\.\d{10}$/);
    const { username = '', password, ...login } = reply.mqtt ?? {};
    assert.deepEqual(login, {
      endpoint: '192.168.0.7:1883',
      client_id: 'GID_default@@@11_22_33_44_55_77@@@11_22_33_44_55_77',
      publish_topic: 'device-server',
      subscribe_topic: 'devices/p2p/11_22_33_44_55_77',
    });
    assert.equal(Buffer.from(username, 'base64').toString(), '{"ip":"127.0.0.1"}');
    assert.match(password ?? '', /^[\w+/]{43}=$/);
  });

  it('answers errors as 200', async () => {
    assert.equal(await checkText(upstream, 'not-a-mac', '1.0.0'), '{"error":"Invalid device ID"}');
    assert.match(await checkText(upstream, undefined, '1.0.0'), /^\{"code":500,/);
    assert.match(await checkText(upstream, BOUND, 'v1.6'), /^\{"code":500,/);
    const noSlash = await get('/xiaozhi/ota');
    assert.equal(noSlash.statusLine, 'HTTP/1.1 200 OK');
    assert.match(noSlash.body.toString(), /^\{"code":404,/);
  });

  it('serves the console, its API, and an OTA page with the word in it', async () => {
    assert.match((await get('/')).body.toString(), /<title>/);
    assert.match((await get('/xiaozhi/user/info')).body.toString(), /^\{"code":0,/);
    assert.match((await get('/xiaozhi/ota/')).body.toString(), /OTA/);
  });

  it('activates with 202 until the device is bound, then 200', async () => {
    const activate = async (deviceId: string) =>
      (await rawExchange(upstream.origin, rawRequest('POST', '/xiaozhi/ota/activate', { 'Device-Id': deviceId })))
        .statusLine;
    assert.equal(await activate(STRANGER), 'HTTP/1.1 202 Accepted');
    assert.equal(await activate(BOUND), 'HTTP/1.1 200 OK');
  });

  it('serves a link three times, with a length and nothing to revalidate by; HEAD and broken GETs count', async () => {
    const link = new URL((await check(upstream, BOUND, '1.6.0')).firmware?.url ?? '').pathname;
    const head = await get(link, 'HEAD');
    assert.deepEqual(
      head.headers.map(([name]) => name),
      ['Server', 'Date', 'Content-Type', 'Content-Disposition', 'Content-Length', 'Connection'],
    );
    assert.equal(headerOf(head, 'content-disposition'), 'attachment; filename="lichuang-dev_2.0.0.bin"');
    assert.equal(head.body.length, 0);

    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(upstream.origin).port), '127.0.0.1', () => {
        socket.write(rawRequest('GET', link));
      });
      socket.once('data', () => socket.destroy());
      socket.once('close', () => resolve());
    });

    const ranged = await rawExchange(upstream.origin, rawRequest('GET', link, { Range: 'bytes=5-' }));
    assert.equal(ranged.statusLine, 'HTTP/1.1 200 OK');
    assert.deepEqual(ranged.body, BYTES);
    const fourth = await get(link);
    assert.deepEqual([fourth.statusLine, fourth.body.length], ['HTTP/1.1 404 Not Found', 0]);
  });

  it('takes an upload of 90 MB as a stream, and refuses one above 100 MB', async () => {
    const upload = async (megabytes: number) => {
      const boundary = 'xxBOUNDARYxx';
      const opening = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`;
      const closing = `\r\n--${boundary}--\r\n`;
      const frame = opening.length + closing.length;
      const digest = createHash('md5');
      async function* form() {
        digest.update(opening);
        yield Buffer.from(opening);
        const block = Buffer.alloc(1024 * 1024, 0xa5);
        for (let sent = 0; sent < megabytes; sent++) {
          digest.update(block);
          yield block;
        }
        digest.update(closing);
        yield Buffer.from(closing);
      }
      const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
      const init = { method: 'POST', headers, body: ReadableStream.from(form()), duplex: 'half' } as const;
      const reply = await fetch(`${upstream.origin}/xiaozhi/otaMag/upload`, init);
      return { status: reply.status, text: await reply.text(), md5: () => digest.digest('hex'), frame };
    };
    const taken = await upload(90);
    assert.deepEqual(JSON.parse(taken.text), {
      code: 0,
      msg: 'success',
      data: `uploadfile/${taken.md5()}.bin`,
      bytes: 90 * 1024 * 1024 + taken.frame,
    });
    assert.equal(upstream.requests.at(-1)?.body.length, 64 * 1024);
    assert.equal((await upload(101)).status, 413);
  });
});

describe('route-crossing requests', () => {
  let upstream: JavaUpstream;
  before(async () => {
    upstream = await startJavaUpstream({ voice: false });
  });
  after(() => upstream.close());

  for (const path of [
    '/xiaozhi/config/server-base',
    '/xiaozhi/doc.html',
    '/xiaozhi/v3/api-docs',
    '/xiaozhi/druid/index.html',
    '/xiaozhi/ota/..;/config/server-base',
    '/xiaozhi/ota/%2e%2e/config/server-base',
    '/xiaozhi/otaMag/download/../../config;a=b/server-base',
    '/xiaozhi/ota/;/../..//xiaozhi/druid;x',
    '//xiaozhi/doc.html;.png',
    'http://other/xiaozhi/config/x',
  ]) {
    it(`${path} reaches what it is after`, async () => {
      const before = upstream.hits.get('secret') ?? 0;
      const reply = await rawExchange(upstream.origin, rawRequest('GET', path));
      assert.equal(reply.body.toString(), 'secret');
      assert.equal(upstream.hits.get('secret'), before + 1);
    });
  }

  it('answers 400 to a path that Tomcat does not read', async () => {
    const reply = await rawExchange(upstream.origin, rawRequest('GET', '/xiaozhi/config%2fx'));
    assert.match(reply.statusLine, / 400 /);
    assert.equal(upstream.hits.get('bad-request'), 1);
  });
});

it('the Java upstream brings a voice server along', async () => {
  const upstream = await startJavaUpstream();
  assert.match(await (await fetch(`${upstream.voiceOrigin}/xiaozhi/v1/`)).text(), /^Server is running\n$/);
  assert.equal(upstream.hits.get('voice-plain'), 1);
  await upstream.close();
});

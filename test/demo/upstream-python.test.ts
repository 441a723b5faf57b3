// The sample Python upstream answers as the recorded one: each fixture, header by header.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { PythonUpstream } from '../../src/demo/upstream-python.ts';
import { startPythonUpstream } from '../../src/demo/upstream-python.ts';
import type { RawReply } from './raw-exchange.ts';
import { headerOf, parseReply, rawExchange, rawRequest } from './raw-exchange.ts';

const FIXTURES = new URL('../fixtures/python-server/', import.meta.url);
const DEVICE = { 'Device-Id': '24:0a:c4:00:00:01', 'Client-Id': '7b94d69a-9808-4c59-9c9b-704333b38aff' };
const RECORDED_MTIME = 0x18ea5a65153c0816n;

async function recorded(name: string): Promise<RawReply> {
  return parseReply(await readFile(new URL(`${name}.http`, FIXTURES)));
}

function check(version: string, board = 'lichuang-dev', device: Record<string, string> = DEVICE): string {
  const body = JSON.stringify({ application: { version }, board: { type: board } });
  return rawRequest('POST', '/xiaozhi/ota/', { ...device, 'Content-Type': 'application/json' }, body);
}

/** What differs from run to run: dates, timestamps, tokens and signatures, at the same length. */
function settled(reply: RawReply) {
  const headers = reply.headers
    .filter(([name]) => name !== 'X-Recorded-Body')
    .map(([name, value]) => (name === 'Date' ? [name, value.replace(/[0-9A-Za-z]/g, 'x')] : [name, value]));
  const body = reply.body
    .toString('latin1')
    .replace(/"timestamp":\d{13}/, '"timestamp":0')
    .replace(/"token":"[\w-]{43}\.\d{10}"/, '"token":"t"')
    .replace(/"password":"[\w+/]{43}="/, '"password":"p"');
  return { statusLine: reply.statusLine, headers, body };
}

/** A firmware file whose bytes are the recorded ones, as far as they were recorded. */
async function recordedFirmware(): Promise<Buffer> {
  const bytes = Buffer.alloc(300_001, 0x5a);
  (await recorded('download-get')).body.copy(bytes, 0);
  (await recorded('download-range')).body.copy(bytes, 100);
  return bytes;
}

describe('the sample Python upstream', () => {
  let upstream: PythonUpstream;
  let unconfigured: PythonUpstream;
  let mqtt: PythonUpstream;

  before(async () => {
    const firmware = {
      'lichuang-dev': { version: '2.0.0', bytes: await recordedFirmware(), modifiedNs: RECORDED_MTIME },
    };
    const addresses = {
      websocketUrl: 'ws://192.168.1.5:8000/xiaozhi/v1/',
      visionExplain: 'http://192.168.1.5:8003/mcp/vision/explain',
    };
    upstream = await startPythonUpstream({ firmware, ...addresses });
    mqtt = await startPythonUpstream({ firmware, ...addresses, mqttGateway: '192.168.1.5:1883' });
    unconfigured = await startPythonUpstream({
      firmware,
      websocketUrl: 'ws://127.0.0.1:8000/xiaozhi/v1/',
      visionExplain: 'http://127.0.0.1:18003/mcp/vision/explain',
    });
  });
  after(() => Promise.all([upstream.close(), mqtt.close(), unconfigured.close()]));

  const file = '/xiaozhi/ota/download/lichuang-dev_2.0.0.bin';
  const replays: [fixture: string, request: string][] = [
    ['check-update', check('1.6.0')],
    ['check-no-update', check('2.0.0')],
    ['check-other-board', check('1.6.0', 'bread-compact')],
    ['check-no-device-id', check('1.6.0', 'lichuang-dev', { 'Client-Id': DEVICE['Client-Id'] })],
    ['check-no-device-id', check('1.6.0', 'lichuang-dev', { 'Device-Id': DEVICE['Device-Id'] })],
    ['check-broken-json', rawRequest('POST', '/xiaozhi/ota/', DEVICE, '{"board":{"ssid":"my "net""}}')],
    ['get-ota', rawRequest('GET', '/xiaozhi/ota/')],
    ['options-ota', rawRequest('OPTIONS', '/xiaozhi/ota/')],
    ['get-ota-no-slash', rawRequest('GET', '/xiaozhi/ota')],
    ['get-activate', rawRequest('GET', '/xiaozhi/ota/activate')],
    ['download-head', rawRequest('HEAD', file)],
    ['download-range', rawRequest('GET', file, { Range: 'bytes=100-131' })],
    ['download-not-modified', rawRequest('GET', file, { 'If-None-Match': '"18ea5a65153c0816-493e1"' })],
    ['download-missing', rawRequest('GET', '/xiaozhi/ota/download/nothing_1.0.0.bin')],
  ];
  for (const [fixture, request] of replays) {
    it(`answers ${request.split(' HTTP')[0]} as in ${fixture}.http`, async () => {
      assert.deepEqual(settled(await rawExchange(upstream.origin, request)), settled(await recorded(fixture)));
    });
  }

  it('answers a check with an MQTT gateway as in check-mqtt.http', async () => {
    const reply = await rawExchange(mqtt.origin, check('1.6.0'));
    assert.deepEqual(settled(reply), settled(await recorded('check-mqtt')));
  });

  it('answers a check with placeholder addresses as in check-update-unconfigured.http', async () => {
    const reply = await rawExchange(unconfigured.origin, check('1.6.0'));
    assert.deepEqual(settled(reply), settled(await recorded('check-update-unconfigured')));
  });

  it('serves the whole file as in download-get.http', async () => {
    const reply = await rawExchange(upstream.origin, rawRequest('GET', file));
    assert.equal(reply.body.length, 300_001);
    const beginning = { ...reply, body: reply.body.subarray(0, 64) };
    assert.deepEqual(settled(beginning), settled(await recorded('download-get')));
  });

  it('revalidates by date, and gives another ETag to a file that is replaced under the same name', async () => {
    const modified = { 'If-Modified-Since': 'Sun, 22 Nov 2026 11:26:32 GMT' };
    assert.match((await rawExchange(upstream.origin, rawRequest('GET', file, modified))).statusLine, / 304 /);

    const replaced = await startPythonUpstream({ firmware: { b: { version: '1.0.0', bytes: Buffer.from('old') } } });
    const path = '/xiaozhi/ota/download/b_1.0.0.bin';
    const old = headerOf(await rawExchange(replaced.origin, rawRequest('GET', path)), 'etag') ?? '';
    replaced.firmware.set('b', { version: '1.0.0', bytes: Buffer.from('new') });
    const reply = await rawExchange(replaced.origin, rawRequest('GET', path, { 'If-None-Match': old }));
    await replaced.close();
    assert.match(reply.statusLine, / 200 /);
    assert.equal(reply.body.toString(), 'new');
  });

  it('answers 416 to a range past the end, and serves a range whatever ETag stands in If-Range', async () => {
    const past = await rawExchange(upstream.origin, rawRequest('GET', file, { Range: 'bytes=300001-' }));
    assert.match(past.statusLine, / 416 /);
    assert.equal(headerOf(past, 'content-range'), 'bytes */300001');
    const stale = { Range: 'bytes=300000-', 'If-Range': '"of-another-file"' };
    const reply = await rawExchange(upstream.origin, rawRequest('GET', file, stale));
    assert.match(reply.statusLine, / 206 /);
    assert.equal(reply.body.length, 1);
    const dated = async (date: string) =>
      (await rawExchange(upstream.origin, rawRequest('GET', file, { Range: 'bytes=0-1', 'If-Range': date })))
        .statusLine;
    assert.match(await dated('Sun, 22 Nov 2026 11:26:32 GMT'), / 206 /);
    assert.match(await dated('Sat, 21 Nov 2026 11:26:32 GMT'), / 200 /);
    const suffix = await rawExchange(upstream.origin, rawRequest('GET', file, { Range: 'bytes=-5' }));
    assert.equal(headerOf(suffix, 'content-range'), 'bytes 299996-300000/300001');
  });

  it('keeps to the router: no dot segments, 405 with the methods, HTTP/1.1 kept alive without a word', async () => {
    const dots = await rawExchange(upstream.origin, rawRequest('GET', '/xiaozhi/x/../ota/'));
    assert.match(dots.statusLine, / 404 /);
    const removed = await rawExchange(upstream.origin, rawRequest('DELETE', '/xiaozhi/ota/'));
    assert.match(removed.statusLine, / 405 /);
    assert.equal(headerOf(removed, 'allow'), 'GET,HEAD,OPTIONS,POST');
    const kept = await fetch(`${upstream.origin}/xiaozhi/ota/`);
    assert.deepEqual([kept.headers.get('keep-alive'), kept.headers.get('connection')], [null, null]);
    await kept.text();
  });

  it('counts and remembers requests, a hundred at most', async () => {
    const counted = await startPythonUpstream();
    await rawExchange(counted.origin, check('1.6.0'));
    assert.equal(counted.hits.get('ota-check'), 1);
    const [first] = counted.requests;
    assert.equal(first?.method, 'POST');
    assert.equal(first?.headers['device-id'], DEVICE['Device-Id']);
    assert.equal(first?.bodyBytes, first?.body.length);
    assert.match(first?.body.toString() ?? '', /"version":"1\.6\.0"/);
    for (let sent = 0; sent < 101; sent++) await fetch(`${counted.origin}/x`).then((reply) => reply.text());
    await counted.close();
    assert.equal(counted.requests.length, 100);
    assert.equal(counted.hits.get('other'), 101);
  });
});

describe('the vision endpoint', () => {
  let upstream: PythonUpstream;
  before(async () => {
    upstream = await startPythonUpstream();
  });
  after(() => upstream.close());

  async function explain(imageBytes: number, headers: Record<string, string> = { Authorization: 'Bearer token' }) {
    const form = new FormData();
    form.set('question', 'what is this?');
    form.set('file', new Blob([Buffer.alloc(imageBytes, 0xd8)]), 'camera.jpg');
    const reply = await fetch(`${upstream.origin}/mcp/vision/explain`, { method: 'POST', headers, body: form });
    return { status: reply.status, length: reply.headers.get('content-length'), text: await reply.text() };
  }

  it('takes a picture of 5 MB and answers with a length', async () => {
    const reply = await explain(5 * 1024 * 1024);
    assert.match(
      reply.text,
      /^\{"success":true,"action":"RESPONSE","response":"a picture in a form of 52\d{5} bytes"\}$/,
    );
    assert.equal(reply.length, String(reply.text.length));
  });

  it('refuses a larger one, a form that is cut, and a caller without a token', async () => {
    assert.match((await explain(5 * 1024 * 1024 + 10_000)).text, /"success":false/);
    assert.equal((await explain(10, {})).status, 401);
    const type = { Authorization: 'Bearer t', 'Content-Type': 'multipart/form-data; boundary=abc' };
    const cut = rawRequest('POST', '/mcp/vision/explain', type, '--abc\r\n\r\nx\r\n--abc');
    assert.match((await rawExchange(upstream.origin, cut)).body.toString(), /"success":false/);
  });
});

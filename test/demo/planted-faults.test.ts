// Each fault that can be planted in a sample upstream does what its name says.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Faults } from '../../src/demo/faults.ts';
import type { PythonUpstream } from '../../src/demo/upstream-python.ts';
import { startPythonUpstream } from '../../src/demo/upstream-python.ts';
import { headerOf, rawExchange, rawRequest } from './raw-exchange.ts';

const BYTES = Buffer.alloc(100_000, 7);
const FILE = '/xiaozhi/ota/download/b_1.0.0.bin';
const CHECK = rawRequest('POST', '/xiaozhi/ota/', { 'Device-Id': 'd', 'Client-Id': 'c' }, '{}');

describe('a planted fault', () => {
  const faults: Faults = {};
  let upstream: PythonUpstream;
  before(async () => {
    upstream = await startPythonUpstream({ firmware: { b: { version: '1.0.0', bytes: BYTES } }, faults });
  });
  after(() => upstream.close());
  afterEach(() => {
    for (const name of Object.keys(faults)) Reflect.deleteProperty(faults, name);
  });
  const download = (headers: Record<string, string> = {}, path = FILE) =>
    rawExchange(upstream.origin, rawRequest('GET', path, headers));

  it('truncateAt ends the connection before the promised length', async () => {
    faults.truncateAt = 70_000;
    const reply = await download();
    assert.equal(headerOf(reply, 'content-length'), '100000');
    assert.equal(reply.body.length, 70_000);
  });

  it('stallAt leaves the connection open and silent', async () => {
    faults.stallAt = 1000;
    const reply = await fetch(`${upstream.origin}${FILE}`);
    const reader = reply.body?.getReader();
    const first = await reader?.read();
    assert.equal(first?.value?.length, 1000);
    const silence = new Promise((resolve) => setTimeout(resolve, 150, 'silent'));
    const more = reader?.read();
    assert.equal(await Promise.race([more, silence]), 'silent');
    more?.catch(() => {});
    await reader?.cancel();
  });

  it('downloadBytesPerSecond paces a download and leaves a check alone', async () => {
    faults.downloadBytesPerSecond = 400_000;
    const beganAt = performance.now();
    assert.deepEqual((await download()).body, BYTES);
    const tookMs = performance.now() - beganAt;
    assert.ok(tookMs > 230 && tookMs < 2000, `${tookMs} ms`);
    faults.downloadBytesPerSecond = 10;
    assert.match((await rawExchange(upstream.origin, CHECK)).body.toString(), /"firmware"/);
  });

  it('chunkedReplies sends no length', async () => {
    faults.chunkedReplies = true;
    for (const reply of [await download(), await rawExchange(upstream.origin, CHECK)]) {
      assert.equal(headerOf(reply, 'transfer-encoding'), 'chunked');
      assert.equal(headerOf(reply, 'content-length'), undefined);
    }
  });

  it('noContentLength ends the body with the connection', async () => {
    faults.noContentLength = true;
    const reply = await download();
    assert.deepEqual([headerOf(reply, 'content-length'), headerOf(reply, 'transfer-encoding')], [undefined, undefined]);
    assert.deepEqual(reply.body, BYTES);
  });

  it('gzip packs what accepts it, or everything', async () => {
    faults.gzip = 'accepted';
    assert.deepEqual((await download()).body, BYTES);
    const accepted = await download({ 'Accept-Encoding': 'gzip, br' });
    assert.equal(headerOf(accepted, 'content-encoding'), 'gzip');
    assert.equal(headerOf(accepted, 'content-length'), String(accepted.body.length));
    faults.gzip = 'always';
    assert.deepEqual(gunzipSync((await download()).body), BYTES);
  });

  it('redirectDownloads sends elsewhere: to a path that serves, or to the address given', async () => {
    faults.redirectDownloads = true;
    const reply = await download();
    assert.match(reply.statusLine, / 302 /);
    const location = headerOf(reply, 'location') ?? '';
    assert.deepEqual((await download({}, location)).body, BYTES);
    faults.redirectDownloads = 'http://169.254.169.254/latest/';
    assert.equal(headerOf(await download(), 'location'), 'http://169.254.169.254/latest/');
  });

  it('earlyHints, checkBody, checkStatus, downloadStatus, delayMs', async () => {
    faults.earlyHints = true;
    assert.match((await download()).statusLine, / 103 /);
    faults.earlyHints = false;
    Object.assign(faults, { checkBody: 'not json', checkStatus: 503, downloadStatus: 500, delayMs: 60 });
    const beganAt = performance.now();
    const check = await rawExchange(upstream.origin, CHECK);
    assert.ok(performance.now() - beganAt > 55);
    assert.match(check.statusLine, / 503 Service Unavailable$/);
    assert.deepEqual([check.body.toString(), headerOf(check, 'content-length')], ['not json', '8']);
    assert.match((await download()).statusLine, / 500 /);
  });
});

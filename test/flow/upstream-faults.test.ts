// What a server says wrong is told as it is: errors in the shape of a success, pages in place of firmware, encodings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor, type LogLine } from '../rig/gate.ts';
import { serverPreset } from '../rig/sample-servers.ts';
import { type Act, plainReply, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, LAN } from '../rig/test-device.ts';
import { ask, headerOf, type RawReply } from '../rig/wire.ts';

const IMAGE = Buffer.alloc(50_000, 7);
const FOLDER = '/xiaozhi/ota/download/';

function recordOf(gate: GateRig, reply: RawReply): Promise<LogLine> {
  return gate.line(({ id }) => id === headerOf(reply, 'X-Request-Id'));
}

test('errors that come as 200 are warned about, and are no checks', async (t) => {
  const upstream = await scriptedUpstream(t, () => []);
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}`);
  const check = async (body: string): Promise<LogLine> => {
    upstream.answerWith(() => plainReply(body));
    const way = { port: gate.http, from: LAN };
    const reply = await ask(way, { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() });
    assert.equal(reply.body.toString(), body, 'the device gets it as it came');
    assert.equal(reply.status, 200);
    return recordOf(gate, reply);
  };
  const faults: [body: string, says: string][] = [
    ['{"success":false,"message":"request error."}', '"request error."'],
    ['{"error":"Invalid device ID"}', '"Invalid device ID"'],
    ['{"code":500,"msg":"\\u001b[31m服务器内部异常"}', 'code 500, "\\x1b[31m服务器内部异常"'],
    ['{"code":404}', 'code 404'],
    [`{"error":"${'x'.repeat(5_000)}"}`, `"${'x'.repeat(120)}…"`],
    ['{}', 'no message'],
    ['{"message":{"deep":1},"error":""}', 'no message'],
  ];
  for (const [body, says] of faults) {
    const { level, warnings } = await check(body);
    assert.equal(level, 'warn', body);
    const [warning = '', ...others] = warnings as string[];
    assert.deepEqual(others, []);
    assert.ok(warning.endsWith(`the upstream says ${says}`), warning);
  }
  const well = [
    '{"server_time":{"timestamp":1},"websocket":{"url":"","token":""}}',
    '{"firmware":{"version":"1.8.1","url":""}}',
    '{"Server_Time":{},"message":"well"}',
  ];
  for (const body of well) assert.equal((await check(body)).warnings, undefined, body);
  const checks = () => gate.status().then(({ totals }) => totals.checks);
  await until('the checks', async () => (await checks()) >= well.length);
  assert.equal(await checks(), well.length);
});

test('downloads are counted where firmware went out, and only there', async (t) => {
  const upstream = await scriptedUpstream(t, () => []);
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}`);
  // A file of its own for each: what was fetched once is not asked for again.
  let files = 0;
  const get = (acts: Act[], method = 'GET'): Promise<RawReply> => {
    upstream.answerWith(() => acts);
    files += 1;
    return ask({ port: gate.http, from: LAN, withinMs: 20_000 }, { method, path: `${FOLDER}${files}.bin` });
  };
  const chunked = (status: string): Act[] => [
    `HTTP/1.1 ${status}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${IMAGE.length.toString(16)}\r\n`,
    IMAGE,
    '\r\n0\r\n\r\n',
  ];
  const none: [status: number, acts: Act[]][] = [
    [404, plainReply('not here', {}, '404 Not Found')],
    [404, chunked('404 Not Found')],
    [502, plainReply('broken', {}, '500 Internal Server Error')],
    [502, ['HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n']],
    [502, plainReply('', {}, '416 Range Not Satisfiable')],
    [502, plainReply(IMAGE, {}, '206 Partial Content')],
  ];
  for (const [status, acts] of none) assert.equal((await get(acts)).status, status, String(acts[0]).slice(0, 40));
  assert.equal((await get(plainReply(IMAGE), 'HEAD')).status, 200);
  for (const acts of [plainReply(IMAGE), chunked('200 OK')]) assert.deepEqual((await get(acts)).body, IMAGE);
  const cut = await get([`HTTP/1.1 200 OK\r\nContent-Length: ${IMAGE.length}\r\n\r\n`, IMAGE.subarray(0, 1000)]);
  assert.deepEqual([cut.status, cut.whole], [200, false]);
  const downloads = () => gate.status().then(({ totals }) => totals.downloads);
  await until('the downloads', async () => (await downloads()).complete + (await downloads()).broken >= 3);
  assert.deepEqual(await downloads(), { complete: 2, broken: 1, bytes: 2 * IMAGE.length + cut.body.length });
});

test('firmware in an encoding is refused with a clear message', async (t) => {
  const upstream = await scriptedUpstream(t, () => []);
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(upstream.origin)}`);
  const get = (encoding: string, status = '200 OK'): Promise<RawReply> => {
    upstream.answerWith(() => plainReply(gzipSync(IMAGE), { 'Content-Encoding': encoding }, status));
    return ask({ port: gate.http, from: LAN }, { path: `${FOLDER}a.bin` });
  };
  for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip']) {
    const reply = await get(encoding);
    assert.equal(reply.status, 502, encoding);
    const { code, detail } = JSON.parse(reply.body.toString()) as { code: string; detail: string };
    assert.equal(code, 'UPSTREAM_REPLY');
    assert.ok(detail.includes(`Content-Encoding: ${encoding.toLowerCase()}`), detail);
  }
  assert.equal((await get('gzip', '404 Not Found')).status, 404, 'the page that says why there is none is no firmware');
  assert.equal((await get('identity')).status, 200);
});

// Tests the check on the wire, byte for byte.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryPauseMs } from '../../src/device/check.ts';
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import { type Act, byteByByte, reply, serve } from './wire.ts';

const OTA = 'http://ota.example.com/xiaozhi/ota/';
const OK = '{"firmware":{"version":"2.0.0","url":"http://ota.example.com/f.bin"}}';

function device(port: number, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '1.9.0',
    board: 'lichuang-dev',
    mac: 'AA:BB:CC:00:11:22',
    clientId: 'c0ffee00-0000-4000-8000-000000000001',
    lookup: () => '127.0.0.1',
    port: () => port,
    ...options,
  });
}

const BODY_START =
  '{"version":2,"language":"zh-CN","flash_size":16777216,"minimum_free_heap_size":"8318916","mac_address":"aa:bb:cc:00:11:22","uuid":"c0ffee00-0000-4000-8000-000000000001","chip_model_name":"esp32s3","chip_info":{"model":9,"cores":2,"revision":2,"features":18},"application":{"name":"xiaozhi","version":"1.9.0",';

test('the check of the own client, byte for byte', async (t) => {
  const wire = await serve(t, reply(OK));
  await device(wire.port).check(OTA);
  const [head = '', body = ''] = (wire.requests[0] ?? '').split('\r\n\r\n');
  assert.deepEqual(head.split('\r\n'), [
    'POST /xiaozhi/ota/ HTTP/1.1',
    'Host: ota.example.com',
    'Accept-Language: zh-CN',
    'Activation-Version: 1',
    'Client-Id: c0ffee00-0000-4000-8000-000000000001',
    'Content-Type: application/json',
    'Device-Id: aa:bb:cc:00:11:22',
    'User-Agent: lichuang-dev/1.9.0',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]);
  assert.ok(body.startsWith(BODY_START), body);
  assert.ok(
    body.endsWith(
      '"ota":{"label":"ota_0"},"board":{"type":"lichuang-dev","name":"lichuang-dev","ssid":"home","rssi":-52,"channel":6,"ip":"192.168.1.77","mac":"aa:bb:cc:00:11:22"}}',
    ),
    body,
  );
  const parsed = JSON.parse(body);
  assert.match(parsed.application.elf_sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    parsed.partition_table.map((entry: { label: string; size: number }) => [entry.label, entry.size]).slice(3),
    [
      ['ota_0', 0x3f0000],
      ['ota_1', 0x3f0000],
    ],
  );
});

test("the check of ESP-IDF's client puts User-Agent before Host; a serial number is sent from 1.7 on", async (t) => {
  const wire = await serve(t, reply(OK));
  const options = { generation: 'legacy', serialNumber: 'SN0001' } as const;
  await device(wire.port, { ...options, version: '1.6.2' }).check('http://ota.example.com:8002/xiaozhi/ota/');
  await device(wire.port, { ...options, version: '1.7.0' }).check(OTA);
  assert.deepEqual((wire.requests[0] ?? '').split('\r\n').slice(0, 5), [
    'POST /xiaozhi/ota/ HTTP/1.1',
    'User-Agent: lichuang-dev/1.6.2',
    'Host: ota.example.com:8002',
    'Accept-Language: zh-CN',
    'Activation-Version: 1',
  ]);
  assert.doesNotMatch(wire.requests[0] ?? '', /Serial-Number/);
  assert.match(wire.requests[1] ?? '', /\r\nActivation-Version: 2\r\n.*\r\nSerial-Number: SN0001\r\n/s);
});

test('without a body the check is a GET', async (t) => {
  const wire = await serve(t, reply(OK));
  await device(wire.port, { sendsBody: false }).check(OTA);
  assert.match(wire.requests[0] ?? '', /^GET \/xiaozhi\/ota\/ HTTP\/1\.1\r\n/);
  assert.doesNotMatch(wire.requests[0] ?? '', /Content-Length/);
  assert.ok(wire.requests[0]?.endsWith('\r\n\r\n'));
});

test('the SSID goes out as it is, quote and broken UTF-8 included, with the right length', async (t) => {
  const wire = await serve(t, reply(OK));
  const outcome = await device(wire.port, { ssid: Buffer.from('my "wifi\xff', 'latin1') }).check(OTA);
  assert.equal(outcome.outcome, 'update');
  assert.ok(wire.requests[0]?.includes('"ssid":"my "wifi\xff","rssi"'));
});

test('a modem says what it is instead of an SSID', async (t) => {
  const wire = await serve(t, reply(OK));
  await device(wire.port, { generation: 'modem' }).check(OTA);
  assert.doesNotMatch(wire.requests[0] ?? '', /ssid/);
  assert.match(wire.requests[0] ?? '', /"iccid"/);
});

test('a check comes from the local address that it is told', async (t) => {
  const wire = await serve(t, reply(OK));
  await device(wire.port, { localAddress: '127.0.0.2' }).check(OTA);
  assert.deepEqual(wire.peers, ['127.0.0.2']);
});

const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${OK.length}\r\n\r\n`;
const LOWER = `HTTP/1.1 200 OK\r\ncontent-length: ${OK.length}\r\n\r\n`;
const CHUNKS = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${OK.length.toString(16)}\r\n${OK}`;
const HALF = '{"firmware":{"version":"2.0.0",';
const HALVES = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${HALF.length.toString(16)}\r\n${HALF}`;
const OTHER_HALF = `\r\n${(OK.length - HALF.length).toString(16)}\r\n${OK.slice(HALF.length)}\r\n0\r\n\r\n`;

const legacy = { generation: 'legacy', version: '1.6.0' } as const;
const modem = { generation: 'modem' } as const;
const REPLIES: [string, Partial<DeviceOptions>, Act[], string | number][] = [
  ['a plain reply', {}, [HEAD + OK], 'update'],
  ['a reply byte by byte', {}, [...byteByByte(HEAD + OK)], 'update'],
  ['a reply byte by byte', legacy, [...byteByByte(HEAD + OK)], 'update'],
  ['100 before the 200', {}, ['HTTP/1.1 100 Continue\r\n\r\n', 20, HEAD + OK], 100],
  ['100 and 200 in one segment', legacy, [`HTTP/1.1 100 Continue\r\n\r\n${HEAD}${OK}`], 100],
  ['103', modem, [`HTTP/1.1 103 Early Hints\r\n\r\n${HEAD}${OK}`], 103],
  ['a redirect', {}, ['HTTP/1.1 302 Found\r\nLocation: http://ota.example.com/x\r\nContent-Length: 0\r\n\r\n'], 302],
  [
    'a redirect',
    legacy,
    ['HTTP/1.1 308 Moved\r\nLocation: https://ota.example.com/x\r\nContent-Length: 0\r\n\r\n'],
    308,
  ],
  ['426', {}, ['HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nContent-Length: 2\r\n\r\n{}'], 426],
  ['201', {}, [`HTTP/1.1 201 Created\r\nContent-Length: ${OK.length}\r\n\r\n${OK}`], 201],
  ['JSON that is none', {}, ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'], 264],
  ['a body cut short', {}, [HEAD + OK.slice(0, 20), 'END'], 264],
  ['a body cut short by a reset', {}, [HEAD + OK.slice(0, 20), 20, 'RESET'], 264],
  ['a body cut short', legacy, [HEAD + OK.slice(0, 20), 'END'], 'crashed'],
  ['a body that stops coming', { gapMs: 80 }, [HEAD + OK.slice(0, 20)], 264],
  ['no reply', { gapMs: 80 }, [], -1],
  ['no reply but the end', {}, ['END'], -1],
  ['half a head', { gapMs: 80 }, ['HTTP/1.1 200 OK\r\nContent-'], -1],
  ['no HTTP', {}, ['SSH-2.0-x\r\n'], -1],
  ['chunks in one segment', {}, [`${CHUNKS}\r\n0\r\n\r\n`], 'update'],
  ['a chunk whose CRLF comes later', {}, [HALVES, 30, OTHER_HALF], 264],
  ['a chunk whose CRLF comes later', modem, [HALVES, 30, OTHER_HALF], 264],
  ['the same two chunks at once', {}, [HALVES + OTHER_HALF], 'update'],
  ['chunks', legacy, [`${CHUNKS}\r\n0\r\n\r\n`], -1],
  ['no Content-Length, and the end', {}, [`HTTP/1.1 200 OK\r\n\r\n${OK}`, 'END'], 'update'],
  ['no Content-Length, and the end', legacy, [`HTTP/1.1 200 OK\r\n\r\n${OK}`, 'END'], -1],
  ['Content-Length 0', legacy, ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], -1],
  ['content-length in lower case, and no end', { version: '1.8.2', gapMs: 80 }, [LOWER + OK], 264],
  ['content-length in lower case, and no end', { version: '1.8.4', gapMs: 80 }, [LOWER + OK], 'update'],
  ['content-length in lower case, and no end', { ...modem, gapMs: 80 }, [LOWER + OK], 264],
  ['content-length in lower case, and the end', modem, [LOWER + OK, 'END'], 'update'],
  ['more than the heap holds', {}, [`HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n${' '.repeat(99999)}`], 'crashed'],
];
for (const [what, options, acts, expected] of REPLIES) {
  test(`${what}: ${expected} for ${options.generation ?? 'current'} ${options.version ?? ''}`, async (t) => {
    const wire = await serve(t, acts);
    const outcome = await device(wire.port, options).check(OTA);
    const seen = outcome.outcome === 'failed' ? outcome.code : outcome.outcome;
    assert.equal(seen, expected, JSON.stringify(outcome));
  });
}

test('the own client reads 1500 bytes at a time, so chunks can break even within one segment', async (t) => {
  const seen: (string | number)[] = [];
  for (const border of [1498, 1500]) {
    const filler = 'y'.repeat(border - HALVES.length - 'X: \r\n'.length);
    const wire = await serve(t, [HALVES.replace('\r\n\r\n', `\r\nX: ${filler}\r\n\r\n`) + OTHER_HALF]);
    const outcome = await device(wire.port).check(OTA);
    seen.push(outcome.outcome === 'failed' ? outcome.code : outcome.outcome);
  }
  assert.deepEqual(seen, ['update', 264]);
});

test('no such name: 32769; nobody listens: 32772; a link that cannot be used: -1', async () => {
  const codes = [
    await device(1, { lookup: () => '' }).check(OTA),
    await device(1).check(OTA),
    await device(1).check('http://user:pw@ota.example.com/'),
  ].map((outcome) => outcome.outcome === 'failed' && outcome.code);
  assert.deepEqual(codes, [32769, 32772, -1]);
});

test('a failed check is tried again after 10 s, 20 s, 40 s …; a crash is not', async (t) => {
  const wire = await serve(t, (_, nth) => reply(OK, nth < 4 ? '503 Busy' : '200 OK'));
  const pauses: number[] = [];
  const pause = async (ms: number) => {
    pauses.push(ms);
  };
  const given = await device(wire.port, { tries: 3, pause }).check(OTA);
  assert.deepEqual([given.outcome === 'failed' && given.tries, pauses], [3, [10_000, 20_000]]);
  assert.equal((await device(wire.port, { tries: 10, pause }).check(OTA)).outcome, 'update');
  assert.equal(retryPauseMs(9), 2_560_000);

  const crash = await serve(t, reply('{"firmware":{"version":"v2","url":"http://h/"}}'));
  assert.equal((await device(crash.port, { tries: 3, pause }).check(OTA)).outcome, 'crashed');
  assert.equal(crash.requests.length, 1);
});

test('activation is asked for beside the check, with one slash', async (t) => {
  const wire = await serve(t, (_, nth) => reply('{}', ['202 Accepted', '200 OK', '404 Not Found'][nth - 1]));
  const one = device(wire.port);
  assert.deepEqual(await one.activate(OTA), { outcome: 'pending', retryAfterMs: 3000 });
  assert.deepEqual(await one.activate(OTA.slice(0, -1)), { outcome: 'activated' });
  const last = await one.activate(OTA);
  assert.equal(last.outcome === 'failed' && last.code, 404);
  for (const request of wire.requests) {
    assert.match(request, /^POST \/xiaozhi\/ota\/activate HTTP\/1\.1\r\n.*\r\nDevice-Id: aa:bb:.*\r\n\r\n\{\}$/s);
  }
});

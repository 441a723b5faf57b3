// Tests the download on the wire, and how it fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import { appImage, mergedImage } from './image.ts';
import { type Act, reply, serve } from './wire.ts';

const LINK = 'http://ota.example.com/f/abc?t=1';

function device(port: number, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '2.0.0',
    board: 'b',
    lookup: () => '127.0.0.1',
    port: () => port,
    ...options,
  });
}

const legacy = { generation: 'legacy', version: '1.6.0' } as const;

test('the request is bare: nothing in it tells which device asks', async (t) => {
  const wire = await serve(t, reply(appImage()));
  for (const generation of ['legacy', 'current', 'modem'] as const) {
    await device(wire.port, { generation }).download(LINK);
    await device(wire.port, { generation }).download('http://192.168.1.5:8003/f.bin');
  }
  assert.deepEqual(
    [...new Set(wire.requests)],
    [
      'GET /f/abc?t=1 HTTP/1.1\r\nHost: ota.example.com\r\nConnection: close\r\n\r\n',
      'GET /f.bin HTTP/1.1\r\nHost: 192.168.1.5:8003\r\nConnection: close\r\n\r\n',
    ],
  );
  assert.equal(wire.requests.length, 6);
});

test('a whole image is valid, however it comes', async (t) => {
  const image = appImage({ version: '2.2.4', dataBytes: 40_000 });
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${image.length}\r\n\r\n`;
  const pieces: Act[] = [head, 10, image.subarray(0, 1), 10, image.subarray(1, 290), 10, image.subarray(290)];
  const wire = await serve(t, pieces);
  const outcome = await device(wire.port).download(LINK);
  assert.equal(outcome.outcome, 'valid');
  assert.deepEqual(outcome.outcome === 'valid' && [outcome.version, outcome.bytes], ['2.2.4', image.length]);
});

const image = appImage({ version: '2.2.4' });
const head = `HTTP/1.1 200 OK\r\nContent-Length: ${image.length}\r\n\r\n`;
const corrupt = Buffer.from(image).fill(0, 900, 901);
const REPLIES: [string, Partial<DeviceOptions>, Act[], string][] = [
  ['404', {}, reply('', '404 Not Found'), 'status'],
  ['206', {}, reply(image, '206 Partial Content'), 'status'],
  ['a redirect', {}, ['HTTP/1.1 302 Found\r\nLocation: http://h/\r\nContent-Length: 0\r\n\r\n'], 'status'],
  ['Content-Length 0', {}, ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'END'], 'length'],
  ['no Content-Length', {}, ['HTTP/1.1 200 OK\r\n\r\n', image, 'END'], 'length'],
  ['no Content-Length', legacy, ['HTTP/1.1 200 OK\r\n\r\n', image, 'END'], 'request'],
  ['chunks', {}, [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`, 'END'], 'length'],
  ['content-length in lower case', { generation: 'modem' }, [head.toLowerCase(), image], 'length'],
  ['content-length in lower case', { version: '1.8.2' }, [head.replace('Content-L', 'content-l'), image], 'length'],
  ['content-length in lower case', { version: '1.8.4' }, [head.replace('Content-L', 'content-l'), image], 'valid'],
  ['a body cut short', {}, [head, image.subarray(0, 2000), 'END'], 'body'],
  ['a body cut short', legacy, [head, image.subarray(0, 2000), 'END'], 'crashed'],
  ['a reset', legacy, [head, image.subarray(0, 2000), 20, 'RESET'], 'crashed'],
  ['a gap', { gapMs: 80 }, [head, image.subarray(0, 2000), 400, image.subarray(2000)], 'body'],
  ['a gap', { ...legacy, gapMs: 80 }, [head, image.subarray(0, 2000), 400, image.subarray(2000)], 'body'],
  ['pauses that are no gap', { gapMs: 150 }, [head, ...slowly(image, 60)], 'valid'],
  ['a corrupt image', {}, reply(corrupt), 'validate'],
  ['an image for another chip', {}, reply(appImage({ chipId: 5 })), 'validate'],
  ['a merged image', {}, reply(mergedImage()), 'validate'],
  ['something that is no image', {}, reply('<html>'.repeat(100)), 'write'],
  ['a short page', {}, reply('<html>'), 'validate'],
  ['an image larger than the slot', { slotBytes: 4000 }, reply(image), 'write'],
  ['an image as large as the slot', { slotBytes: image.length }, reply(image), 'valid'],
  [
    'the running version again',
    { generation: 'legacy', version: '1.7.0' },
    reply(appImage({ version: '1.7.0' })),
    'skipped',
  ],
  ['the running version again', { version: '1.9.9' }, reply(appImage({ version: '1.9.9' })), 'skipped'],
  ['the running version again', { version: '2.0.0' }, reply(appImage({ version: '2.0.0' })), 'valid'],
];
function slowly(bytes: Buffer, pauseMs: number): Act[] {
  const step = Math.ceil(bytes.length / 4);
  return [0, 1, 2, 3].flatMap((i): Act[] => [bytes.subarray(i * step, (i + 1) * step), pauseMs]);
}
for (const [what, options, acts, expected] of REPLIES) {
  test(`${what}: ${expected} for ${options.generation ?? 'current'} ${options.version ?? ''}`, async (t) => {
    const wire = await serve(t, acts);
    const outcome = await device(wire.port, options).download(LINK);
    const seen = outcome.outcome === 'failed' ? outcome.at : outcome.outcome;
    assert.equal(seen, expected, JSON.stringify(outcome));
    assert.equal(wire.requests.length, 1, 'never a second try');
  });
}

test('the running version is left alone before its body has come', async (t) => {
  const same = appImage({ version: '1.9.9', dataBytes: 100_000 });
  const wire = await serve(t, [`HTTP/1.1 200 OK\r\nContent-Length: ${same.length}\r\n\r\n`, same.subarray(0, 300)]);
  const outcome = await device(wire.port, { version: '1.9.9' }).download(LINK);
  assert.equal(outcome.outcome, 'skipped');
});

test('a link that the old client cannot hold is never asked for', async (t) => {
  const wire = await serve(t, reply(image));
  const outcome = await device(wire.port, legacy).download(`http://ota.example.com/${'x'.repeat(500)}`);
  assert.deepEqual([outcome.outcome === 'failed' && outcome.at, wire.requests.length], ['request', 0]);
});

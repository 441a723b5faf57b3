// Tests an upgrade from the first check to the last.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import { appImage } from './image.ts';
import { type Act, reply, serve } from './wire.ts';

const OTA = 'http://ota.example.com/xiaozhi/ota/';

function device(port: number, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '1.9.0',
    board: 'b',
    lookup: () => '127.0.0.1',
    port: () => port,
    ...options,
  });
}

/** A server that offers `version` to whoever runs another one, as the upstream does. */
function upstream(version: string, image: Buffer): (request: string) => Act[] {
  return (request) => {
    if (request.startsWith('GET ')) return reply(image);
    const running = /"application":\{"name":"[^"]*","version":"([^"]*)"/.exec(request)?.[1] ?? '';
    const url = running === version ? '' : 'http://ota.example.com/f.bin';
    return reply(JSON.stringify({ websocket: { url: 'ws://h/', token: 't' }, firmware: { version, url } }));
  };
}

test('an upgrade is a check, a download, a restart and a check that proves it', async (t) => {
  const wire = await serve(t, upstream('2.0.0', appImage({ version: '2.0.0' })));
  const one = device(wire.port);
  const outcome = await one.upgrade(OTA);
  assert.deepEqual(
    [outcome.outcome, outcome.steps.map(({ step }) => step)],
    ['upgraded', ['check', 'download', 'reboot', 'check']],
  );
  assert.equal(one.version, '2.0.0');
  assert.equal(one.flash.get('websocket.token'), 't');
  assert.match(wire.requests[0] ?? '', /User-Agent: b\/1\.9\.0\r\n.*"label":"ota_0"\},"board"/s);
  assert.match(wire.requests[2] ?? '', /User-Agent: b\/2\.0\.0\r\n.*"elf_sha256":"e1e1.*"label":"ota_1"\},"board"/s);
  assert.equal((await one.upgrade(OTA)).outcome, 'current');
});

test('a manifest that names another version than the image makes the device update at every boot', async (t) => {
  const wire = await serve(t, upstream('2.1.0', appImage({ version: '2.0.0' })));
  const outcome = await device(wire.port).upgrade(OTA);
  assert.equal(outcome.outcome, 'update-loop');
  assert.equal(outcome.outcome === 'update-loop' && outcome.to, '2.0.0');
});

test('an upgrade over 1.8 brings the new client', async (t) => {
  const wire = await serve(t, upstream('2.0.0', appImage({ version: '2.0.0' })));
  const one = device(wire.port, { generation: 'legacy', version: '1.6.0' });
  assert.equal((await one.upgrade(OTA)).outcome, 'upgraded');
  assert.equal(one.generation, 'current');
});

test('an image that carries a version with a v puts the device in a boot loop', async (t) => {
  const wire = await serve(t, upstream('2.0.0', appImage({ version: 'v2.0.0' })));
  const outcome = await device(wire.port).upgrade(OTA);
  assert.deepEqual([outcome.outcome, outcome.steps.length], ['boot-loop', 4]);
});

test('the link of a device that is not activated is never fetched', async (t) => {
  const url = 'http://ota.example.com/otaMag/download/NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';
  const wire = await serve(t, reply(JSON.stringify({ firmware: { version: '1.9.0', url } })));
  assert.equal((await device(wire.port).upgrade(OTA)).outcome, 'current');
  assert.equal(wire.requests.length, 1);
});

test('a failed download leaves the device with what it runs', async (t) => {
  const image = appImage({ version: '2.0.0' });
  const wire = await serve(t, upstream('2.0.0', image.subarray(0, -32)));
  const one = device(wire.port);
  const outcome = await one.upgrade(OTA);
  assert.equal(outcome.outcome === 'download-failed' && outcome.at, 'validate');
  assert.equal(one.version, '1.9.0');
});

test('a newer version with an empty link fails, and sends nothing', async (t) => {
  const wire = await serve(t, reply('{"firmware":{"version":"2.0.0","url":""}}'));
  const outcome = await device(wire.port).upgrade(OTA);
  assert.equal(outcome.outcome === 'download-failed' && outcome.at, 'request');
  assert.equal(wire.requests.length, 1);
});

test('a check that fails after the restart leaves the upgrade unproven', async (t) => {
  const offer = upstream('2.0.0', appImage({ version: '2.0.0' }));
  const wire = await serve(t, (request, nth) => (nth === 3 ? reply('', '502 Bad Gateway') : offer(request)));
  const outcome = await device(wire.port).upgrade(OTA);
  assert.equal(outcome.outcome === 'unproven' && outcome.code, 502);
});

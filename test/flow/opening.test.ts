// An opening lets outside devices in by plain HTTP for a time, and leaves nothing behind in them that outlives it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Device } from '../../src/device/device.ts';
import { gateFor } from '../rig/gate.ts';
import { firmwareOf, fullPreset, javaServer, NEW_VERSION } from '../rig/sample-servers.ts';
import { deviceOf, ELSEWHERE, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { ask, jsonOf } from '../rig/wire.ts';

const INNER_VOICE = 'ws://172.18.0.6:8000/xiaozhi/v1/';

/** `untilMs` in whole seconds, so that what a link carries is the same moment. */
function opening(untilMs: number): string {
  const until = new Date(Math.floor(untilMs / 1000) * 1000).toISOString();
  return `openings: [{ route: ota, from: [${OUTSIDE}/32], until: ${until}, reason: "a batch" }]`;
}

async function linkFor(device: Device, url: string): Promise<{ path: string; url: string }> {
  const check = await device.check(url);
  assert.ok(check.outcome === 'update', JSON.stringify(check));
  return { path: new URL(check.url).pathname, url: check.url };
}

test('an opening that lasts', async (t) => {
  const java = await javaServer(t, { mqttGateway: '172.18.0.6:1883' });
  const base = `domain: ota.test\n${fullPreset(java)}`;
  const open = `${base}\n${opening(Date.now() + 600_000)}`;
  const gate = await gateFor(t, open);

  await t.test('the device that it is for upgrades, and stores nothing that needs it', async () => {
    const device = deviceOf(gate, OUTSIDE);
    const outcome = await device.upgrade(otaUrl(gate, 'http'));
    assert.equal(outcome.outcome, 'upgraded', JSON.stringify(outcome));
    assert.equal(device.version, NEW_VERSION);
    assert.equal(device.flash.get('websocket.url'), INNER_VOICE, 'left as the server gave it');
    assert.equal(device.flash.get('mqtt.endpoint'), '172.18.0.6:1883');
    for (const [key, value] of device.flash) assert.doesNotMatch(String(value), /ota\.test/, `${key} is kept for good`);
    const download = outcome.steps.find((step) => step.step === 'download');
    assert.ok(download?.step === 'download');
    assert.ok(download.url.startsWith(`http://ota.test:${gate.http}/xiaozhi/otaMag/download/~`), download.url);
  });

  await t.test('another outside address is refused', async () => {
    const check = await deviceOf(gate, ELSEWHERE).check(otaUrl(gate, 'http'));
    assert.ok(check.outcome === 'failed');
    assert.equal(check.code, 426);
  });

  await t.test('it opens its own route only', async () => {
    const voice = await deviceOf(gate, OUTSIDE).openVoice(`ws://ota.test:${gate.http}/xiaozhi/v1/`);
    assert.ok(voice.outcome === 'failed');
    assert.equal(voice.status, 426);
    const unsealed = await ask({ port: gate.http, from: OUTSIDE }, { path: '/xiaozhi/otaMag/download/any' });
    assert.equal(unsealed.status, 426);
  });

  await t.test('by https the same device gets https and wss', async () => {
    const device = deviceOf(gate, OUTSIDE);
    const link = await linkFor(device, otaUrl(gate, 'https'));
    assert.match(link.url, /^https:/);
    assert.match(String(device.flash.get('websocket.url')), /^wss:\/\/ota\.test:/);
  });

  await t.test('its link works from another address while it lasts, and not once it is removed', async () => {
    const { path } = await linkFor(deviceOf(gate, OUTSIDE), otaUrl(gate, 'http'));
    const way = { port: gate.http, from: ELSEWHERE };
    assert.equal((await ask(way, { path })).status, 200);
    assert.equal((await gate.reload(`${open}\n# nothing else`)).code, 0);
    assert.equal((await ask(way, { path })).status, 200, 'a reload that keeps the opening keeps its links');

    assert.equal((await gate.reload(base)).code, 0);
    const refused = await ask(way, { path });
    assert.equal(refused.status, 426);
    assert.equal(jsonOf(refused).because, 'plain-sealed-ended');
    const check = await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
    assert.ok(check.outcome === 'failed' && check.code === 426);
  });

  await t.test('one that is past does nothing, and is warned about', async () => {
    const past = `${base}\n${opening(Date.now() - 60_000)}`;
    const reloaded = await gate.reload(past);
    assert.equal(reloaded.code, 0);
    assert.match(reloaded.stderr, /openings\[0\]\.until: is in the past/);
    const check = await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
    assert.ok(check.outcome === 'failed' && check.code === 426);
    assert.deepEqual((await gate.status()).openings, []);
  });
});

test('an opening that ends: what began runs to its end, nothing begins', async (t) => {
  const faults = { downloadBytesPerSecond: 100_000 };
  const java = await javaServer(t, { faults, firmware: firmwareOf(NEW_VERSION, 700_000) });
  const yaml = `domain: ota.test\n${fullPreset(java)}`;
  const gate = await gateFor(t, yaml);
  const endsMs = Math.floor(Date.now() / 1000) * 1000 + 5_000;
  assert.equal((await gate.reload(`${yaml}\n${opening(endsMs)}`)).code, 0);
  const device = deviceOf(gate, OUTSIDE);
  const link = await linkFor(device, otaUrl(gate, 'http'));
  const running = device.download(link.url).then((download) => ({ download, endedMs: Date.now() }));
  assert.ok(Date.now() < endsMs, 'the download begins before the end');

  await sleep(endsMs - Date.now() + 100);
  const check = await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
  assert.ok(check.outcome === 'failed');
  assert.equal(check.code, 426);
  const late = await ask({ port: gate.http, from: OUTSIDE }, { path: link.path });
  assert.equal(late.status, 426);
  assert.equal(jsonOf(late).because, 'plain-sealed-ended');
  const secure = await ask(
    { port: gate.https, from: OUTSIDE, tls: { ca: gate.root } },
    { path: link.path, method: 'GET' },
  );
  assert.equal(secure.status, 200, 'by https the link is still good');

  const { download, endedMs } = await running;
  assert.equal(download.outcome, 'valid', JSON.stringify(download));
  assert.ok(endedMs > endsMs, 'it ran past the end');
});

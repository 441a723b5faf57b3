// A device of each generation upgrades through the gate, at each kind of server, by https and by plain HTTP on the LAN.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generation } from '../../src/device/device.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer, NEW_VERSION, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody, deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { ask, headerOf, jsonOf } from '../rig/wire.ts';

const GENERATIONS: { generation: Generation; version: string }[] = [
  { generation: 'legacy', version: '1.5.8' },
  { generation: 'current', version: '1.8.1' },
  { generation: 'modem', version: '1.6.0' },
];

for (const server of ['xiaozhi-full', 'xiaozhi-server'] as const) {
  test(`devices upgrade at ${server}`, async (t) => {
    const upstream = server === 'xiaozhi-full' ? await javaServer(t) : await pythonServer(t);
    const preset =
      server === 'xiaozhi-full' ? fullPreset(upstream) : serverPreset(upstream.origin, upstream.voiceOrigin ?? '');
    const gate = await gateFor(t, `domain: ota.test\n${preset}`);

    for (const { generation, version } of GENERATIONS) {
      for (const scheme of ['https', 'http'] as const) {
        await t.test(`${generation} by ${scheme}${scheme === 'http' ? ' from the LAN' : ''}`, async () => {
          const from = scheme === 'http' ? LAN : OUTSIDE;
          const device = deviceOf(gate, from, { generation, version });
          const outcome = await device.upgrade(otaUrl(gate, scheme));
          assert.equal(outcome.outcome, 'upgraded', JSON.stringify(outcome));
          assert.equal(device.version, NEW_VERSION);

          const download = outcome.steps.find((step) => step.step === 'download');
          assert.ok(download?.step === 'download');
          assert.ok(download.url.startsWith(`${scheme}://ota.test:${gate[scheme]}/xiaozhi/ota`), download.url);

          const stored = String(device.flash.get('websocket.url'));
          const voiceScheme = scheme === 'https' ? 'wss' : 'ws';
          assert.equal(stored, `${voiceScheme}://ota.test:${gate[scheme]}/xiaozhi/v1/`);
          const opened = await device.openVoice(stored);
          assert.ok(opened.outcome === 'open', JSON.stringify(opened));
          opened.voice.send('hello');
          assert.equal((await opened.voice.receive())?.data.toString(), 'hello');
          opened.voice.close();
        });
      }
    }

    await t.test('outside, plain HTTP is told to upgrade, and why', async () => {
      const before = upstream.hits.get('ota-check');
      const outcome = await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
      assert.ok(outcome.outcome === 'failed');
      assert.equal(outcome.code, 426);

      const reply = await ask(
        { port: gate.http, from: OUTSIDE },
        { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() },
      );
      assert.equal(reply.statusLine, 'HTTP/1.1 426 Upgrade Required');
      const names = reply.headers.map(([name]) => name);
      assert.deepEqual(
        names.filter((name) => !/^[A-Z][a-z]*(-[A-Z][a-z]*)*$/.test(name)),
        [],
        'header names in canonical case',
      );
      assert.equal(headerOf(reply, 'Upgrade'), 'TLS/1.2');
      assert.match(headerOf(reply, 'Connection') ?? '', /Upgrade/);
      assert.equal(headerOf(reply, 'Content-Length'), String(reply.body.length));
      assert.equal(headerOf(reply, 'Location'), undefined, 'no device follows a redirect');
      const problem = jsonOf(reply);
      assert.equal(problem.code, 'PLAIN_HTTP_CLOSED');
      assert.equal(problem.because, 'plain-outside');
      assert.equal(problem.open, `otagate open ota --for 30m --from ${OUTSIDE}`);
      assert.equal(upstream.hits.get('ota-check'), before, 'nothing of it reaches the server');

      const line = await gate.line(({ id }) => id === headerOf(reply, 'X-Request-Id'));
      assert.equal(line.status, 426);
      assert.equal(line.client, OUTSIDE);
      assert.equal(line.because, 'plain-outside');
      assert.match(String(line.why), /plain HTTP from outside the LAN/);
      assert.equal(line.level, 'warn');
    });

    await t.test('a route that cannot be opened names no command', async () => {
      const reply = await ask({ port: gate.http, from: OUTSIDE }, { path: '/xiaozhi/v1/' });
      assert.equal(reply.status, 426);
      assert.equal(jsonOf(reply).open, undefined);
    });
  });
}

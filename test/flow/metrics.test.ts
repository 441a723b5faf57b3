// The metrics on the admin socket: what gates saw, and how the certificates are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { Agent, request } from 'undici';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';

test('metrics tell of checks, refusals, handshakes and certificates', async (t) => {
  const gate = await gateFor(t, `domain: ota.test\nworkers: 2\n${fullPreset(await javaServer(t))}`);
  const dispatcher = new Agent({ connect: { socketPath: join(gate.folder, 'state/admin.sock') } });
  t.after(() => dispatcher.destroy());
  const metrics = async (): Promise<string> => {
    const response = await request('http://gate/metrics', { dispatcher });
    assert.match(String(response.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    return response.body.text();
  };

  assert.match(await metrics(), /^otagate_gates 2$/m);
  assert.match(await metrics(), /^otagate_certificate_not_after_seconds\{name="ota\.test",key="RSA 2048"\} \d{10}$/m);
  assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
  for (let round = 0; round < 3; round += 1) await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
  const old = connect({
    port: gate.https,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    ciphers: 'AES128-SHA',
    ca: gate.root,
  });
  await once(old, 'error');

  const expected = [
    /^otagate_tls_handshakes_failed_total\{/m,
    /^otagate_refusals_total\{because="plain-outside"\} 3$/m,
    /^otagate_checks_total 2$/m,
    /^otagate_offers_total 1$/m,
    /^otagate_downloads_total\{end="complete"\} 1$/m,
    /^otagate_download_bytes_total 3\d{5}$/m,
    /^otagate_firmware_bytes_total\{from="upstream"\} 300000$/m,
    /^otagate_firmware_images 1$/m,
    /^otagate_requests_total\{action="refuse"\} 3$/m,
  ];
  let text = '';
  // Each gate tells in its own time; what never comes is named below.
  await until('every event', async () => {
    text = await metrics();
    return expected.every((line) => line.test(text));
  }).catch(() => {});
  for (const line of expected) assert.match(text, line);
});

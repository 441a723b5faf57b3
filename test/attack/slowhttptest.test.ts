// slowhttptest, as attackers run it: slow heads, slow bodies, slow reading; a device on the LAN upgrades meanwhile.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, LAN, otaUrl } from '../rig/test-device.ts';

const tool = peer('slowhttptest');
const WAYS = { 'slow heads': ['-H'], 'slow bodies': ['-B'], 'slow reading': ['-X', '-w', '1', '-y', '8'] };

test('under slowhttptest a device upgrades', { skip: tool.skip }, async (t) => {
  const limits = 'limits: { connections: 100, header: 2s, body: 2s }\noffers: { failures: 50 }';
  const gate = await gateFor(t, `domain: ota.test\nworkers: 1\n${limits}\n${fullPreset(await javaServer(t))}`);
  for (const [name, flags] of Object.entries(WAYS)) {
    await t.test(name, async () => {
      const url = `http://127.0.0.1:${gate.http}/`;
      const args = [...flags, '-u', url, '-c', '300', '-r', '300', '-i', '1', '-l', '3', '-p', '2'];
      const attack = spawn('slowhttptest', args, { stdio: 'ignore', cwd: tmpdir() });
      const over = once(attack, 'exit');
      await sleep(1_000);
      for (const scheme of ['http', 'https'] as const)
        assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, scheme))).outcome, 'upgraded');
      await over;
    });
  }
  await gate.line(({ event }) => event === 'connections-full');
  assert.ok(!gate.lines.some(({ event }) => event === 'gate-exit' || event === 'unhandled'));
});

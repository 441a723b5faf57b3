// An opening ends on time where control was killed: in the gates that finish what runs, and in those that start again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { dial } from '../rig/raw-client.ts';
import { firmwareOf, fullPreset, javaServer, NEW_VERSION } from '../rig/sample-servers.ts';
import { deviceOf, OUTSIDE, otaUrl } from '../rig/test-device.ts';

test('control is killed while an opening lasts: nothing begins after its end, before a start and after it', async (t) => {
  const java = await javaServer(t, { firmware: firmwareOf(NEW_VERSION, 800_000) });
  const yaml = `domain: ota.test
${fullPreset(java)}
limits: { drain: 1m }
firmware: { pace: { device: 100KiB/s } }`;
  const gate = await gateFor(t, yaml);
  const device = deviceOf(gate, OUTSIDE);
  const opened = await gate.command('open', 'ota', '--for', '4s', '--json');
  assert.equal(opened.code, 0, opened.stderr);
  const { untilMs } = JSON.parse(opened.stdout) as { untilMs: number };
  const check = await device.check(otaUrl(gate, 'http'));
  assert.ok(check.outcome === 'update', JSON.stringify(check));
  const { pathname } = new URL(check.url);

  // One that runs to its end, and one behind it on the same connection, whose turn comes after the opening's end.
  const client = await dial({ port: gate.http, from: OUTSIDE });
  const get = `GET ${pathname} HTTP/1.1\r\nHost: ota.test\r\n\r\n`;
  client.send(get);
  await client.come(50_000);
  assert.ok(Date.now() < untilMs, 'the download begins before the end');
  client.send(get);
  gate.kill('SIGKILL');
  await gate.exited;

  const first = await client.reply({ withinMs: 30_000 });
  assert.deepEqual([first?.status, first?.whole, first?.body.length], [200, true, 800_000]);
  assert.ok(Date.now() > untilMs, 'it ran past the end');
  const second = await client.reply({ withinMs: 15_000 });
  assert.ok(second === null || second.status === 426, `answered with ${second?.status}`);
  client.leave();

  // Whoever starts it again: the state remembers the opening, and that it is over.
  await sleep(Math.max(0, untilMs - Date.now()));
  const again = await until(
    'a start on the same state',
    () => gateFor(t, `${yaml}\nstateDir: ${gate.folder}/state`).catch(() => false as const),
    30_000,
  );
  const late = await deviceOf(again, OUTSIDE).check(otaUrl(again, 'http'));
  assert.ok(late.outcome === 'failed' && late.code === 426, JSON.stringify(late));
  assert.deepEqual((await again.status()).openings, []);
});

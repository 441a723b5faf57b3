// The machine's clock is set back and forward while an opening lasts: it never lives longer than it was given.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody, OUTSIDE } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('faketime');
const LIBRARY = '/usr/$LIB/faketime/libfaketime.so.1';

/** A gate whose wall clock can be moved by seconds while it runs; its monotonic clock is the machine's own. */
async function gateWithClock(t: TestContext, offset: string): Promise<{ gate: GateRig; move: (to: string) => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-clock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'offset');
  const move = (to: string): void => writeFileSync(file, `${to}\n`);
  move(offset);
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const gate = await gateFor(t, `domain: ota.test\n${fullPreset(await javaServer(t))}`, { env });
  return { gate, move };
}

async function statusOutside(gate: GateRig): Promise<number> {
  const reply = await ask(
    { port: gate.http, from: OUTSIDE },
    { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() },
  );
  return reply.status;
}

test('set back two hours, the opening ends by the time that it was given', { skip }, async (t) => {
  const { gate, move } = await gateWithClock(t, '+0');
  assert.equal((await gate.command('open', 'ota', '--for', '10s')).code, 0);
  const openedMs = performance.now();
  assert.equal(await statusOutside(gate), 200);
  move('-7200');
  assert.equal(await statusOutside(gate), 200, 'it lasts');
  await sleep(10_000 - (performance.now() - openedMs) + 300);
  assert.equal(await statusOutside(gate), 426);
  const { openings } = JSON.parse((await gate.command('status', '--json')).stdout) as { openings: unknown[] };
  assert.deepEqual(openings, []);
});

test('set forward two hours, it ends at once; back again, it stays closed, and a new one lasts as given', {
  skip,
}, async (t) => {
  const { gate, move } = await gateWithClock(t, '+0');
  assert.equal((await gate.command('open', 'ota', '--for', '10m')).code, 0);
  move('+7200');
  await until('every process to hear of it', async () => (await statusOutside(gate)) === 426);
  move('+0');
  assert.equal(await statusOutside(gate), 426);
  assert.equal((await gate.command('open', 'ota', '--for', '10s')).code, 0);
  const openedMs = performance.now();
  assert.equal(await statusOutside(gate), 200);
  await sleep(10_000 - (performance.now() - openedMs) + 300);
  assert.equal(await statusOutside(gate), 426);
});

// A disk that takes nothing, while plain HTTP is open: devices upgrade through the opening, and it is closed when it has to be.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { type SmallDisk, smallDisk } from '../rig/tmpfs.ts';

/** A gate whose state is on a disk of its own; null where none can be mounted. */
async function gateOnDisk(t: TestContext): Promise<{ gate: GateRig; disk: SmallDisk; yaml: string } | null> {
  const disk = smallDisk(t, 80);
  if (disk === null) return null;
  const yaml = `domain: ota.test\n${fullPreset(await javaServer(t))}\nstateDir: "${join(disk.folder, 'state')}"`;
  return { disk, yaml, gate: await gateFor(t, yaml) };
}

test('devices that upgrade through an opening are counted, and control goes on', { timeout: 60_000 }, async (t) => {
  const on = await gateOnDisk(t);
  if (on === null) return;
  const { gate, disk } = on;
  assert.equal((await gate.command('open', 'ota', '--for', '30m')).code, 0);
  disk.fillUp();
  const upgraded = async (): Promise<number> =>
    JSON.parse((await gate.command('openings', '--json')).stdout)[0]?.upgraded;
  assert.equal((await deviceOf(gate, OUTSIDE).upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
  await until('the count', async () => (await upgraded()) === 1);
  assert.equal(gate.lines.filter(({ event }) => event === 'opening-not-noted').length, 1);
  assert.deepEqual(
    gate.lines.filter(({ event }) => event === 'crash' || event === 'gate-exit'),
    [],
  );
});

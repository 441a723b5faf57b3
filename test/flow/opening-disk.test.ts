// A disk that takes nothing, while plain HTTP is open: devices upgrade through the opening, and it is closed when it has to be.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { macOf } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { BOARD, fullPreset, javaServer, MAC } from '../rig/sample-servers.ts';
import { deviceOf, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { type SmallDisk, smallDisk } from '../rig/tmpfs.ts';

const MACS = [MAC, macOf(1)] as const;

/** A gate whose state is on a disk of its own; null where none can be mounted. */
async function gateOnDisk(t: TestContext): Promise<{ gate: GateRig; disk: SmallDisk; yaml: string } | null> {
  const disk = smallDisk(t, 80);
  if (disk === null) return null;
  const java = await javaServer(t, { devices: new Map(MACS.map((mac) => [mac, { board: BOARD }])) });
  const yaml = `domain: ota.test\n${fullPreset(java)}\nstateDir: "${join(disk.folder, 'state')}"`;
  return { disk, yaml, gate: await gateFor(t, yaml) };
}

test('devices that upgrade through an opening are counted, and control goes on', { timeout: 60_000 }, async (t) => {
  const on = await gateOnDisk(t);
  if (on === null) return;
  const { gate, disk } = on;
  const upgraded = async (): Promise<number> =>
    JSON.parse((await gate.command('openings', '--json')).stdout)[0]?.upgraded;
  assert.equal((await gate.command('open', 'ota', '--for', '30m')).code, 0);
  disk.fillUp();
  const upgradeThroughIt = async (mac: string, count: number): Promise<void> => {
    const { outcome } = await deviceOf(gate, OUTSIDE, { mac }).upgrade(otaUrl(gate, 'http'));
    assert.equal(outcome, 'upgraded');
    await until('the count', async () => (await upgraded()) === count);
  };
  await upgradeThroughIt(MACS[0], 1);
  await gate.line(({ event }) => event === 'opening-not-noted');
  await upgradeThroughIt(MACS[1], 2);
  assert.deepEqual(
    gate.lines.filter(({ event }) => event === 'crash' || event === 'gate-exit'),
    [],
  );

  disk.free();
  await until('the count in the state', () => {
    using state = new DatabaseSync(join(disk.folder, 'state/state.sqlite'), { readOnly: true });
    return state.prepare('SELECT upgraded FROM opening').get()?.upgraded === 2;
  });
  await gate.stop();
  assert.equal(gate.lines.filter(({ event }) => event === 'opening-not-noted').length, 1, 'told once');
});

test('it is closed at once, by command and by its own rule, and written when there is room', {
  timeout: 90_000,
}, async (t) => {
  const on = await gateOnDisk(t);
  if (on === null) return;
  const { gate, disk, yaml } = on;
  const open = async (...rule: string[]): Promise<string> => {
    const { stdout } = await gate.command('open', 'ota', '--for', '30m', '--json', ...rule);
    return JSON.parse(stdout).id;
  };
  const device = deviceOf(gate, OUTSIDE);
  const letsIn = async (): Promise<boolean> => (await device.check(otaUrl(gate, 'http'))).outcome === 'update';
  const asked = await open();
  assert.equal(await letsIn(), true);
  disk.fillUp();
  const closed = await gate.command('close', asked, '--json');
  assert.equal(closed.code, 0);
  assert.match(closed.stderr, /closed now, but not written.*make room/);
  assert.deepEqual(
    JSON.parse(closed.stdout).map(({ id, notWritten }: { id: string; notWritten?: true }) => [id, notWritten]),
    [[asked, true]],
  );
  assert.equal(await letsIn(), false);

  disk.free();
  await gate.line(({ event, id }) => event === 'closing-written' && id === asked);
  const idle = await open('--when-idle', '2s');
  assert.equal(await letsIn(), true);
  disk.fillUp();
  await gate.line(({ event, id }) => event === 'closing-not-written' && id === idle);
  assert.equal(await letsIn(), false);
  assert.equal((await gate.command('close', idle)).code, 1, 'it is closed already');
  assert.deepEqual(
    gate.lines.filter(({ event }) => event === 'sweep-failed'),
    [],
  );

  disk.free();
  await gate.line(({ event, id }) => event === 'closing-written' && id === idle);
  await gate.stop();
  const again = await gateFor(t, yaml);
  assert.equal((await again.command('openings', '--json')).stdout.trim(), '[]');
});

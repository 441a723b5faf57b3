// A fleet with planted faults: each is named in the device's timeline, and no device is bricked or loops. Then rollouts of
// the same gate: pinned, rolled back, held, stopped by what fails, and told in a dry run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutExplained, RolloutStatus } from '../../src/control/admin/rollout-schemas.ts';
import { buildImage } from '../../src/demo/image.ts';
import { bootThrough, isUnharmed, plantedFaults } from '../../src/demo/planted.ts';
import { startPythonUpstream } from '../../src/demo/upstream-python.ts';
import type { DeviceEvent } from '../../src/store/history.ts';
import { until } from '../rig/bounded.ts';
import { macOf } from '../rig/firmware-links.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { serverPreset } from '../rig/sample-servers.ts';
import { deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';

type Shown = { events: DeviceEvent[] };

async function json<T>(gate: GateRig, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await gate.command(...args, '--json');
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** False before the gate has told of it. */
async function timelineOf(gate: GateRig, mac: string): Promise<DeviceEvent[] | false> {
  const { code, stdout } = await gate.command('devices', mac, '--json');
  return code === 0 && (JSON.parse(stdout) as Shown).events;
}

const planted = plantedFaults();
const image = (version: string, size = 300_000) => ({ version, bytes: buildImage({ version, size, seed: version }) });

test('safe offers and rollouts', async (t) => {
  const python = await startPythonUpstream({
    firmware: { ...Object.fromEntries(planted.map(({ board, firmware }) => [board, firmware])), good: image('1.9.0') },
  });
  t.after(() => python.close());
  const yaml = (more = ''): string => `domain: ota.test\n${serverPreset(python.origin)}\n${more}`;
  const gate = await gateFor(t, yaml());
  const reach = { ...gate, domains: { full: 'ota.test', python: 'ota.test' } };

  for (const fault of planted) {
    await t.test(`${fault.what}: withheld by ${fault.rule}`, async () => {
      const came = await bootThrough(fault, reach);
      assert.ok(isUnharmed(fault, came), JSON.stringify(came.outcomes));
      const isWithheld = ({ event }: DeviceEvent): boolean => event === 'withheld';
      const told = async (): Promise<DeviceEvent[] | false> => {
        const events = await timelineOf(gate, fault.mac);
        return events !== false && events.some(isWithheld) && events;
      };
      const events = await until('its timeline', told, 15_000);
      const withheld = events.find(isWithheld);
      assert.equal(withheld?.detail.rule, fault.rule, JSON.stringify(events));
      assert.ok(String(withheld?.detail.why).length > 20);
      assert.equal(events.filter(isWithheld).length, 1, 'told once, not at every boot');
      if (fault.firmware.truncateAt === undefined) return assert.equal(events.length, 1, 'nothing else came of it');
      assert.match(String(withheld?.detail.why), /ended the firmware after \d+ of \d+ bytes|broke the connection off/);
    });
  }

  await t.test('a rule that is switched off by its name withholds nothing', async () => {
    const wrong = planted[0];
    assert.ok(wrong);
    assert.equal((await gate.reload(yaml('offers: { allow: [other-chip] }'))).code, 0);
    const device = deviceOf(gate, OUTSIDE, { board: wrong.board, mac: wrong.mac });
    const outcome = await device.upgrade(otaUrl(gate, 'https'));
    assert.equal(outcome.outcome, 'download-failed', 'the device itself refuses it');
    assert.equal((await gate.reload(yaml())).code, 0);
  });

  await t.test('the reasons are counted', async () => {
    await until('every rule', async () => {
      const { totals } = await gate.status();
      return planted.every(({ rule }) => (totals.withheld[rule] ?? 0) > 0);
    });
  });

  const board = 'good';
  const one = (mac: string, version = '1.8.1') => deviceOf(gate, LAN, { board, mac, version });

  await t.test('a device goes up, and back by a pin, once', async () => {
    const device = one(macOf(1), '1.8.1');
    assert.equal((await device.upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
    python.firmware.set(board, image('1.9.1'));
    assert.equal((await device.upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
    assert.equal(device.version, '1.9.1');

    const missing = await gate.command('rollout', 'pin', '1.7.7', '--board', board);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /the store has no image of version 1\.7\.7 for board good/);
    await json<RolloutStatus>(gate, 'rollout', 'pin', '1.9.0', '--board', board, '--as', 'back');
    // What the device runs now is known by its last check, which control may hear of a moment later.
    await until('what it runs, and what would be sent', async () => {
      const { action } = await json<RolloutExplained>(gate, 'rollout', 'explain', device.mac);
      return action === 'send';
    });

    assert.equal((await device.upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
    assert.equal(device.version, '1.9.0', 'back by force');
    assert.equal((await device.upgrade(otaUrl(gate, 'https'))).outcome, 'current', 'and not once more');
    await json(gate, 'rollout', 'offer', 'back');
    assert.deepEqual(await json(gate, 'rollout', 'list'), []);
    assert.equal((await device.upgrade(otaUrl(gate, 'https'))).outcome, 'upgraded');
  });

  const rollouts = `rollouts:
  - name: spring
    action: offer
    boards: [good]
    waves: { size: 3, pause: 1h }
    stop: { failures: 20%, least: 2, addresses: 2 }`;

  await t.test('a wave lets in as many as it says, and stops where they fail', async () => {
    python.firmware.set(board, image('1.9.5'));
    assert.equal((await gate.reload(yaml(rollouts))).code, 0);
    const devices = [11, 12, 13, 14, 15].map((number, index) =>
      deviceOf(gate, `127.0.0.${20 + index}`, { board, mac: macOf(number), version: '1.9.0', chip: 'esp32s3' }),
    );
    const checks = [];
    for (const device of devices) checks.push(await device.check(otaUrl(gate, 'https')));
    assert.deepEqual(
      checks.map(({ outcome }) => outcome),
      ['update', 'update', 'update', 'current', 'current'],
    );
    // Two take the image, and come back with what they ran: from two addresses, by links made for them.
    for (const [index, check] of checks.slice(0, 2).entries()) {
      assert.ok(check.outcome === 'update');
      assert.equal((await devices[index]?.download(check.url))?.outcome, 'valid');
      await devices[index]?.check(otaUrl(gate, 'https'));
    }
    const stopped = await gate.line(({ event }) => event === 'rollout-stopped', 15_000);
    assert.match(stopped.msg, /rollout spring has stopped for board good: 2 of 2 devices failed with 1\.9\.5/);
    await until('the stop in every gate', async () => {
      const after = await devices[2]?.check(otaUrl(gate, 'https'));
      return after?.outcome === 'current';
    });
    const [spring] = await json<RolloutStatus[]>(gate, 'rollout', 'list');
    assert.deepEqual([spring?.members, spring?.stops.length], [3, 1]);
    await until('its reason in the timeline', async () => {
      const events = await timelineOf(gate, devices[2]?.mac ?? '');
      return events !== false && /rollout spring has stopped for board good/.test(String(events[0]?.detail.why));
    });
  });

  await t.test('rolled back, each device is sent what its board came from', async () => {
    const device = one(macOf(21), '1.9.5');
    const rolled = await json<RolloutStatus>(gate, 'rollout', 'rollback', 'spring');
    assert.deepEqual(Object.keys(rolled.targets ?? {}), [board]);
    const to = rolled.targets?.[board] ?? '';
    await until('the rollback in every gate', async () => {
      const { action } = await json<RolloutExplained>(gate, 'rollout', 'explain', device.mac, '--board', board);
      return action === 'admit' || action === 'send';
    });
    const { outcome } = await one(macOf(11), '1.9.5').upgrade(otaUrl(gate, 'https'));
    assert.ok(outcome === 'upgraded', outcome);
    assert.match(to, /^1\.9\.[01]$/);
  });
});

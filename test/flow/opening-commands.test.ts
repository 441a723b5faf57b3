// Openings by command: they let in at once, end by themselves, close at once, and survive a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, ELSEWHERE, OUTSIDE, otaUrl } from '../rig/test-device.ts';

async function codeFor(gate: GateRig, from: string): Promise<number | 'let in'> {
  const check = await deviceOf(gate, from).check(otaUrl(gate, 'http'));
  return check.outcome === 'failed' ? check.code : 'let in';
}

test('openings by command', async (t) => {
  const java = await javaServer(t);
  const base = `domain: ota.test\n${fullPreset(java)}`;
  const gate = await gateFor(t, `${base}\nworkers: 2`);

  await t.test('one for a network lets in whom it covers, in every gate, and nobody else', async () => {
    assert.equal(await codeFor(gate, OUTSIDE), 426);
    const opened = await gate.command(
      'open',
      'ota',
      '--for',
      '10m',
      '--from',
      OUTSIDE,
      '--reason',
      'a batch',
      '--json',
    );
    assert.equal(opened.code, 0, opened.stderr);
    const { id } = JSON.parse(opened.stdout) as { id: string };
    for (let round = 0; round < 6; round += 1) assert.equal(await codeFor(gate, OUTSIDE), 'let in');
    assert.equal(await codeFor(gate, ELSEWHERE), 426);
    const listed = JSON.parse((await gate.command('openings', '--json')).stdout) as { id: string; reason: string }[];
    assert.deepEqual(
      listed.map((opening) => [opening.id, opening.reason]),
      [[id, 'a batch']],
    );

    assert.equal((await gate.command('close', id)).code, 0);
    for (let round = 0; round < 6; round += 1) assert.equal(await codeFor(gate, OUTSIDE), 426);
    assert.equal((await gate.command('close', id)).code, 1, 'there is nothing left to close');
  });

  await t.test('one ends by itself, to the second', async () => {
    const opened = await gate.command('open', 'ota', '--for', '5s', '--json');
    const { untilMs } = JSON.parse(opened.stdout) as { untilMs: number };
    assert.equal(await codeFor(gate, OUTSIDE), 'let in');
    await sleep(Math.max(0, untilMs - Date.now()) + 20);
    assert.equal(await codeFor(gate, OUTSIDE), 426);
  });

  await t.test('what cannot be opened is refused with the reason', async () => {
    for (const [args, code, text] of [
      [['console', '--for', '5m'], 1, /console cannot be opened/],
      [['voice', '--for', '5m'], 1, /addresses that a device keeps/],
      [['otaa', '--for', '5m'], 1, /did you mean "ota"/],
      [['ota', '--for', '48h'], 1, /24h at most/],
      [['ota', '--for', '5m', '--from', '203.0.113.7/24'], 1, /203\.0\.113\.0\/24/],
      [['ota', '--for', 'soon'], 2, /no duration/],
      [['ota'], 2, /--for/],
    ] as const) {
      const refused = await gate.command('open', ...args);
      assert.equal(refused.code, code, args.join(' '));
      assert.match(refused.stderr, text);
      assert.equal(refused.stdout, '');
    }
    assert.equal(await codeFor(gate, OUTSIDE), 426);
  });
});

test('openings and restarts', async (t) => {
  const java = await javaServer(t);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const declared = `openings: [{ route: ota, from: [${ELSEWHERE}/32], until: ${until} }]`;
  const yaml = `domain: ota.test\n${fullPreset(java)}\n${declared}`;
  const first = await gateFor(t, yaml);
  assert.equal(await codeFor(first, ELSEWHERE), 'let in');

  await t.test('one of the configuration that was closed stays closed over a reload', async () => {
    assert.equal((await first.command('close', 'ota')).code, 0);
    assert.equal(await codeFor(first, ELSEWHERE), 426);
    assert.equal((await first.reload(`${yaml}\n# touched`)).code, 0);
    assert.equal(await codeFor(first, ELSEWHERE), 426);
  });

  await t.test('one made by command is there after a restart, a closed one is not', async () => {
    assert.equal((await first.command('open', 'ota', '--for', '10m', '--from', OUTSIDE)).code, 0);
    first.kill('SIGTERM');
    await first.exited;
    const second = await gateFor(t, `${yaml}\nstateDir: ${first.folder}/state`);
    assert.equal(await codeFor(second, OUTSIDE), 'let in');
    assert.equal(await codeFor(second, ELSEWHERE), 426);
  });
});

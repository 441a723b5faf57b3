// The command line against a whole gate: what it asks for happens, and what it tells is so.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { gateFor, runCommand } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, OUTSIDE, otaUrl } from '../rig/test-device.ts';

// Whatever the locale and the terminal of whoever runs the tests.
process.env.LC_ALL = 'C.UTF-8';
delete process.env.FORCE_COLOR;

test('openings, devices, tokens and firmware by command', async (t) => {
  const java = await javaServer(t);
  const gate = await gateFor(t, `domain: ota.test\n${fullPreset(java)}`);
  const check = async () => {
    const result = await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'));
    return result.outcome === 'failed' ? result.code : 'let in';
  };

  await t.test('a planned opening lets nobody in before its time', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const planned = await gate.command('open', 'ota', '--for', '10m', '--at', at, '--reason', 'later');
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout, /^planned: open-\w+ of route ota, for everyone\n.*\(10 min\)\n {2}by command line\n/);
    assert.equal(await check(), 426);
    assert.match(
      (await gate.command('openings')).stdout,
      /^ID .*\nopen-\w+ +ota +everyone .* command line .* later\n$/,
    );
    assert.equal((await gate.command('close', 'ota')).code, 0);
  });

  await t.test('one that closes early says so, and counts who came', async () => {
    const opened = await gate.command('open', 'ota', '--for', '10m', '--after-devices', '3', '--when-idle', '5m');
    assert.match(opened.stdout, /closes earlier when 3 devices have upgraded, or when nobody came for 5 min/);
    assert.equal(await check(), 'let in');
    const row = await until('the device that came', async () => {
      const { stdout } = await gate.command('openings');
      return /when 3 devices.* command line +1 +0\n/.test(stdout) ? stdout : undefined;
    });
    assert.ok(row);
  });

  await t.test('the history tells what was done, and by whom', async () => {
    const { code, stdout } = await gate.command('openings', '--history');
    assert.equal(code, 0);
    assert.match(stdout, /\n\S+ \S+ +opened +command line +open-.*\n\S+ \S+ +closed +command line +open-/);
    assert.match(stdout, /first used +the gate +open-\w+ by /);
  });

  await t.test('the device that came is listed, and has a history', async () => {
    const listed = await gate.command('devices', '--json');
    const { devices } = JSON.parse(listed.stdout) as { devices: { device: string }[] };
    const name = devices[0]?.device ?? '';
    const told = await gate.command('devices', name);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, new RegExp(`^device +${name}\nboard .*\nversion .*\nstate `));
    assert.match(told.stdout, /\nTIME +WHAT HAPPENED/);
    assert.equal((await gate.command('devices', 'never-seen')).code, 1);
  });

  await t.test('new tokens are in the files that are named, and nowhere on the terminal', async () => {
    const file = join(gate.folder, 'state/admin.token');
    const before = readFileSync(file, 'utf8');
    const { code, stdout } = await gate.command('token', 'rotate');
    const now = readFileSync(file, 'utf8');
    assert.equal(code, 0);
    assert.notEqual(now, before);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(stdout.includes(file) && stdout.includes(join(gate.folder, 'state/admin-read.token')));
    assert.ok(!stdout.includes(now.trim()));
  });

  await t.test('an image is added; what is none is refused with the reason', async () => {
    const [good, bad] = [join(gate.folder, 'good.bin'), join(gate.folder, 'bad.bin')];
    const image = buildImage({ version: '2.0.0', size: 300_000, seed: 'cli' });
    writeFileSync(good, image);
    writeFileSync(bad, image.with(200_000, (image[200_000] ?? 0) ^ 1));
    const added = await gate.command('firmware', 'add', good);
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /^added: [0-9a-f]{12} {2}app {2}good\.bin {2}0\.3 MB {2}\S+ 2\.0\.0 for /);
    const refused = await gate.command('firmware', 'add', bad);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /checksum|SHA-256|hash/i);
    const folder = await gate.command('firmware', 'add', gate.folder);
    assert.deepEqual([folder.code, folder.stderr], [1, `${gate.folder} cannot be read: it is no file\n`]);
    assert.match(
      (await gate.command('firmware', 'list')).stdout,
      /^SHA-256 +KIND +FILE +MB +IMAGE.*\n[0-9a-f]{12} +app +good\.bin +0\.3 /,
    );
  });

  await t.test('status in Chinese', async () => {
    const { code, stdout } = await runCommand(['status', '-c', gate.configFile], { LC_ALL: 'zh_CN.UTF-8' });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^网关 +进程 ${gate.pid}，启动于 `));
    for (const label of ['监听', '域名', '局域网', '证书', '上游', '工作进程', '固件'])
      assert.match(stdout, new RegExp(`^${label} +\\S`, 'm'));
  });
});

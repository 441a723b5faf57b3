// Openings by command: what is asked of the gate, and how what it answers is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpeningAsk, OpeningStatus } from '../../src/control/admin/opening-schemas.ts';
import { adminFor, OPENING, otagate } from './command-line.ts';

process.env.TZ = 'Asia/Shanghai';
const NOW = Date.UTC(2026, 11, 1, 0, 0, 0);
const MINUTE = 60_000;

function opening(facts: Partial<OpeningStatus>): OpeningStatus {
  return { ...OPENING, id: 'open-1a2b', openedMs: NOW, untilMs: NOW + 30 * MINUTE, openedBy: 'command line', ...facts };
}

test('open asks for what was said, and leaves out what was not', async (t) => {
  const asked: OpeningAsk[] = [];
  const { config } = await adminFor(t, {
    open: async (ask) => {
      asked.push(ask);
      return opening({});
    },
  });
  const open = (...args: string[]) => otagate(['open', ...args, '-c', config], { nowMs: NOW });
  assert.equal((await open('ota', '--for', '30m')).code, 0);
  const never = { devices: null, idleMs: null };
  const standard = { route: 'ota', durationMs: 30 * MINUTE, from: [], reason: '', startMs: null, closeAfter: never };
  assert.deepEqual(asked.pop(), standard);

  const networks = ['--from', '203.0.113.0/24', '2001:db8::/32', '--reason', '一批 1.6.0'];
  assert.equal((await open('ota', '--for', '90s', ...networks)).code, 0);
  const from = ['203.0.113.0/24', '2001:db8::/32'];
  assert.deepEqual(asked.pop(), { ...standard, durationMs: 90_000, from, reason: '一批 1.6.0' });

  const planned = ['--at', '2026-12-01T10:00:00+08:00', '--after-devices', '20', '--when-idle', '10m'];
  assert.equal((await open('ota', '--for', '30m', ...planned)).code, 0);
  const closeAfter = { devices: 20, idleMs: 10 * MINUTE };
  assert.deepEqual(asked.pop(), { ...standard, startMs: NOW + 120 * MINUTE, closeAfter });
  assert.equal((await open('ota', '--for', '30m', '--when-idle', '1h')).code, 0);
  assert.deepEqual(asked.pop(), { ...standard, closeAfter: { devices: null, idleMs: 60 * MINUTE } });

  const wrong: [args: string[], says: RegExp][] = [
    [['--for', '30m', '--at', '2026-12-01T07:59:00+08:00'], /--at 2026-11-30T23:59:00\.000Z is over/],
    [['--for', '30m', '--at', '2026-12-01T10:00:00'], /--at "2026-12-01T10:00:00": write .* their zone, such as /],
    [['--for', '30m', '--at', 'tomorrow'], /--at "tomorrow"/],
    [['--for', '30m', '--after-devices', '0'], /--after-devices "0": write a whole number from 1 to 1000000/],
    [['--for', '30m', '--after-devices', '1.5'], /--after-devices "1\.5"/],
    [['--for', '30m', '--when-idle', '10'], /--when-idle "10" is no duration/],
    [['--for', '500ms'], /--for "500ms" is no duration/],
    [['--for', 'soon'], /--for "soon" is no duration that can be used: write 30m, 90s or 2h/],
    [['--fro', '30m'], /no option --fro; did you mean --for\?/],
    [[], /--for <duration> is missing/],
  ];
  for (const [args, says] of wrong) {
    const ran = await open('ota', ...args);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], args.join(' '));
    assert.match(ran.stderr, says);
  }
  assert.deepEqual(asked, [], 'the gate was not asked');
});

test('an opening is told with its begin, who opened it, who came, and what ends it', async (t) => {
  let answer = opening({});
  const { config } = await adminFor(t, { open: async () => answer });
  const tell = async (language: 'en' | 'zh' = 'en') =>
    (await otagate(['open', 'ota', '--for', '30m', '-c', config], { nowMs: NOW + MINUTE, language })).stdout;
  assert.equal(
    await tell(),
    `open: open-1a2b of route ota, for everyone
  from 2026-12-01 08:00:00 +08:00 until 2026-12-01 08:30:00 +08:00 (29 min left)
  by command line
  0 devices came, 0 upgraded
close it earlier with: otagate close open-1a2b
`,
  );
  answer = opening({
    from: ['203.0.113.0/24'],
    startMs: NOW + 10 * MINUTE,
    reason: 'a \u001b[31mbatch',
    openedBy: 'page',
    closeAfter: { devices: 1, idleMs: 10 * MINUTE },
  });
  assert.equal(
    await tell(),
    `planned: open-1a2b of route ota, for 203.0.113.0/24
  from 2026-12-01 08:10:00 +08:00 until 2026-12-01 08:30:00 +08:00 (20 min)
  by dashboard
  closes earlier when 1 device has upgraded, or when nobody came for 10 min
  reason: a \\x1b[31mbatch
close it earlier with: otagate close open-1a2b
`,
  );
  assert.equal(
    await tell('zh'),
    `已预定放行：open-1a2b，路由 ota，203.0.113.0/24
  2026-12-01 08:10:00 +08:00 至 2026-12-01 08:30:00 +08:00（20 分）
  操作者：管理页面
  提前关闭：1 台设备升级后，或连续 10 分 无设备使用时
  原因：a \\x1b[31mbatch
提前关闭：otagate close open-1a2b
`,
  );
});

test('openings are listed in columns', async (t) => {
  let answer: OpeningStatus[] = [];
  const { config } = await adminFor(t, { openings: () => answer });
  const list = (...args: string[]) => otagate(['openings', ...args, '-c', config], { nowMs: NOW + MINUTE });
  assert.equal((await list()).stdout, 'nothing is open: plain HTTP is let in as the routes say\n');
  answer = [
    opening({ openedMs: null, declared: true, openedBy: 'configuration', devices: 3, upgraded: 2, id: 'config-9' }),
    opening({ startMs: NOW + 20 * MINUTE, closeAfter: { devices: 5, idleMs: null }, reason: 'batch' }),
  ];
  assert.equal(
    (await list()).stdout,
    `ID         ROUTE  FOR       BEGINS               ENDS                                               BY             DEVICES  UPGRADED  REASON
config-9   ota    everyone  open                 2026-12-01 08:30:00 (29 min left)                  configuration  3        2
open-1a2b  ota    everyone  2026-12-01 08:20:00  2026-12-01 08:30:00; when 5 devices have upgraded  command line   0        0         batch
`,
  );
  const limited = await list('--limit', '5');
  assert.deepEqual([limited.code, limited.stderr.split('\n')[0]], [2, 'error: --limit goes with --history']);
});

test('close tells what it closed, and 1 where nothing was open', async (t) => {
  const { config } = await adminFor(t, { close: async (name) => (name === 'ota' ? [opening({})] : []) });
  const well = await otagate(['close', 'ota', '-c', config]);
  assert.deepEqual(well, { code: 0, stdout: 'closed: open-1a2b of route ota\n', stderr: '' });
  const nothing = await otagate(['close', 'otaa', '-c', config]);
  assert.deepEqual([nothing.code, nothing.stdout], [1, '']);
  assert.match(nothing.stderr, /^nothing is open by the name "otaa": `otagate openings` lists what is\n$/);
});

test('the history ends with the newest, in words for people; what hides in it drives no terminal', async (t) => {
  const { config } = await adminFor(t, {
    audit: (limit) =>
      [
        { id: 3, atMs: NOW + 2 * MINUTE, what: 'closed' as const, who: 'page' as const, detail: 'open-1 \u001b[2J' },
        { id: 2, atMs: NOW + MINUTE, what: 'used' as const, who: 'gate' as const, detail: 'open-1 by aa:bb' },
        { id: 1, atMs: NOW, what: 'opened' as const, who: 'command line' as const, detail: 'open-1 of route ota' },
      ].slice(0, limit),
  });
  const history = (...args: string[]) => otagate(['openings', '--history', ...args, '-c', config]);
  assert.deepEqual(await history(), {
    code: 0,
    stdout: `TIME                 WHAT        BY            DETAILS
2026-12-01 08:00:00  opened      command line  open-1 of route ota
2026-12-01 08:01:00  first used  the gate      open-1 by aa:bb
2026-12-01 08:02:00  closed      dashboard     open-1 \\x1b[2J
`,
    stderr: '',
  });
  const two = await history('--limit', '2');
  assert.equal(two.stderr, 'the last 2: --limit shows more\n');
  assert.equal(two.stdout.split('\n').length, 4);
  const json = await history('--json', '--limit', '1');
  assert.deepEqual([JSON.parse(json.stdout)[0].id, json.stderr], [3, '']);
});

// Devices by command: what is asked of the gate, the table, and what happened to one of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KNOWN_EVENTS } from '../../src/cli/device-events.ts';
import type { Device, DeviceQuery, DeviceRow } from '../../src/control/admin/device-schemas.ts';
import { adminFor, otagate } from './command-line.ts';

process.env.TZ = 'Asia/Shanghai';
const SEEN = Date.UTC(2026, 5, 1, 12, 0, 0);

const WELL: DeviceRow = {
  device: '11:22:33:44:55:66',
  board: 'bread-compact-wifi',
  version: '1.8.1',
  client: '192.168.1.7',
  scheme: 'http',
  firstSeenMs: SEEN - 86_400_000,
  lastSeenMs: SEEN,
  state: 'up-to-date',
  offered: null,
  why: null,
  failures: 0,
  proven: true,
};
const HOSTILE: DeviceRow = {
  ...WELL,
  device: 'aa\u001b]0;owned\u0007',
  board: `${'b'.repeat(70)}\u202e`,
  version: '',
  scheme: '',
  state: 'failed',
  offered: '1.9.0',
  why: 'it left\nduring the download',
  failures: 2,
  proven: false,
};

test('devices asks for those that were chosen', async (t) => {
  const asked: DeviceQuery[] = [];
  const { config } = await adminFor(t, {
    devices: {
      list: (query) => {
        asked.push(query);
        return { total: 0, devices: [], boards: [], versions: [] };
      },
      one: () => null,
      all: () => [],
    },
  });
  const standard = {
    search: '',
    board: '',
    version: '',
    state: '',
    sort: 'lastSeen',
    order: 'desc',
    offset: 0,
    limit: 100,
  };
  const none = await otagate(['devices', '-c', config]);
  assert.deepEqual(none, {
    code: 0,
    stdout: 'no device has asked yet: set its OTA address to this gate\n',
    stderr: '',
  });
  assert.deepEqual(asked.pop(), standard);
  const chosen = ['--search', 'a b&c', '--board', 'x', '--version', '1.8.1', '--state', 'failed', '--limit', '7'];
  const noneFits = await otagate(['devices', ...chosen, '-c', config]);
  assert.deepEqual(noneFits, { code: 0, stdout: 'no device fits\n', stderr: '' });
  const fits = { search: 'a b&c', board: 'x', version: '1.8.1', state: 'failed', limit: 7 };
  assert.deepEqual(asked.pop(), { ...standard, ...fits });

  const wrong: [args: string[], says: RegExp][] = [
    [['--state', 'failing'], /--state "failing": write one of seen, up-to-date, .*, withheld\n/],
    [['--limit', '1001'], /--limit "1001": write a whole number from 1 to 1000\n/],
    [['x', '--board', 'y'], /--board chooses among the devices/],
    [['--version'], /the value is missing: --version <version>/],
  ];
  for (const [args, says] of wrong) {
    const ran = await otagate(['devices', '-c', config, ...args]);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], args.join(' '));
    assert.match(ran.stderr, says);
  }
  assert.deepEqual(asked, []);
});

test('devices are listed in columns, and nothing that one sent drives a terminal', async (t) => {
  const { config } = await adminFor(t, {
    devices: {
      list: () => ({ total: 240, devices: [WELL, HOSTILE], boards: [], versions: [] }),
      one: () => null,
      all: () => [],
    },
  });
  const { code, stdout, stderr } = await otagate(['devices', '-c', config]);
  assert.deepEqual([code, stderr], [0, '2 of 240: --limit shows more, --search finds one\n']);
  const [titles = '', well = '', hostile = '', rest] = stdout.split('\n');
  assert.match(titles, /^DEVICE +BOARD +VERSION +STATE +OFFERED +LAST SEEN +FROM +WHY$/);
  assert.match(
    well,
    /^11:22:33:44:55:66 +bread-compact-wifi +1\.8\.1 +up to date +2026-06-01 20:00:00 +192\.168\.1\.7 http$/,
  );
  assert.match(
    hostile,
    /^aa\\x1b\]0;owned\\x07 +b{60}… +failed +1\.9\.0 +2026-06-01 20:00:00 +192\.168\.1\.7 +it left\\x0aduring the/,
  );
  assert.equal(rest, '');
  for (const column of ['STATE', 'LAST SEEN']) {
    const at = titles.indexOf(column);
    for (const row of [well, hostile])
      assert.match(row.slice(at - 2), /^ {2}\S/, 'the columns stand under their titles');
  }
  const chinese = await otagate(['devices', '-c', config], { language: 'zh' });
  assert.match(chinese.stdout, /^设备 +板型 +版本 +状态 +下发版本 +最近出现 +来源 +原因\n.* 已是最新 .*\n.* 失败 /);

  const json = await otagate(['devices', '--json', '-c', config]);
  assert.equal(json.stderr, '');
  assert.deepEqual(JSON.parse(json.stdout).devices[1], HOSTILE, 'whole');
  assert.doesNotMatch(json.stdout.trim(), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('one device: what is known of it, and its history with the newest last', async (t) => {
  const event = (id: number, name: string, detail: Device['events'][number]['detail']) => ({
    id,
    atMs: SEEN + id * 60_000,
    event: name,
    detail,
  });
  const events = [
    event(6, 'of-tomorrow', { some: 'thing\u001b', other: 3 }),
    event(5, 'failed', {
      version: '1.9.0',
      running: '1.8.1',
      because: 'left',
      why: 'it left',
      inARow: 2,
      tries: 1,
      bytes: 1_500_000,
      length: 3_000_000,
      proven: true,
    }),
    event(4, 'download-ended', {
      version: '1.9.0',
      bytes: 1_500_000,
      length: 3_000_000,
      complete: false,
      code: 'CLIENT_GONE',
      gapMs: 1_250,
      seconds: 65,
      sealed: true,
    }),
    event(3, 'download-ended', {
      version: '1.9.0',
      bytes: 3_000_000,
      length: 3_000_000,
      complete: true,
      code: null,
      gapMs: 0,
      seconds: 9,
      sealed: false,
    }),
    event(2, 'offered', {
      version: '1.9.0',
      running: '1.8.1',
      client: '192.168.1.7',
      scheme: 'http',
      forced: false,
      sealed: true,
    }),
    event(1, 'no-offer', { version: null, client: '192.168.1.7', scheme: '' }),
  ];
  const asked: string[] = [];
  const { config } = await adminFor(t, {
    devices: {
      list: () => ({ total: 0, devices: [], boards: [], versions: [] }),
      one: (device) => {
        asked.push(device);
        if (device === 'gone') return null;
        return { ...HOSTILE, device, board: 'a board', events: device === 'new' ? [] : events };
      },
      all: () => [],
    },
  });
  const told = await otagate(['devices', 'aa:bb/../cc', '-c', config]);
  assert.deepEqual([told.code, told.stderr, asked], [0, '', ['aa:bb/../cc']]);
  const [row, history] = told.stdout.split('\n\n');
  assert.equal(
    row,
    `device      aa:bb/../cc
board       a board
version     -
state       failed: it left\\x0aduring the download
offered     1.9.0
failures    2 in a row
first seen  2026-05-31 20:00:00 +08:00
last seen   2026-06-01 20:00:00 +08:00, from 192.168.1.7
identity    claimed: anyone can send any Device-Id, and no firmware link of its own was used yet`,
  );
  assert.equal(
    history?.replaceAll(/ {2,}/g, '  '),
    `TIME  WHAT HAPPENED  DETAILS
2026-06-01 20:01:00  asked with ?: there is nothing newer  from 192.168.1.7
2026-06-01 20:02:00  was offered 1.9.0, running 1.8.1  from 192.168.1.7, by http, sealed link
2026-06-01 20:03:00  downloaded all of 1.9.0, 3.0 MB  longest pause 0 s, took 9 s
2026-06-01 20:04:00  the download of 1.9.0 broke off after 1.5 MB of 3.0 MB  code CLIENT_GONE, longest pause 1.25 s, took 1 min 5 s, sealed link
2026-06-01 20:05:00  the upgrade to 1.9.0 failed: it left during the download  running 1.8.1, why it left, in a row 2, tries 1, got 1.5 MB, of 3.0 MB, proven
2026-06-01 20:06:00  of-tomorrow  some thing\\x1b, other 3
`,
  );
  const two = await otagate(['devices', 'x', '--limit', '2', '-c', config]);
  assert.equal(two.stderr, 'the last 2: --limit shows more\n');
  assert.match(two.stdout, /20:05:00 .*\n.*20:06:00 .*\n$/);
  assert.doesNotMatch(two.stdout, /20:04:00/);
  assert.match((await otagate(['devices', 'new', '-c', config])).stdout, /\n\nnothing was recorded yet\n$/);
  const gone = await otagate(['devices', 'gone', '-c', config]);
  assert.deepEqual([gone.code, gone.stdout], [1, '']);
  assert.match(gone.stderr, /no device of this name was ever seen here/);
  const chinese = await otagate(['devices', 'x', '-c', config], { language: 'zh' });
  assert.match(chinese.stdout, /升级到 1\.9\.0 失败：设备在下载途中离开/);
});

test('every event that the history can hold has its sentence', () => {
  const source = readFileSync(fileURLToPath(new URL('../../src/ota/outcome.ts', import.meta.url)), 'utf8');
  const written = [...source.matchAll(/event: '([a-z-]+)'/g)].map(([, name = '']) => name);
  assert.ok(written.length > 5);
  // Those that carry the name of what was observed: `event: seen.kind`, `event: told.kind`.
  for (const name of [...written, 'upgraded', 'reinstalled', 'download-begun', 'download-ended', 'fill-failed'])
    assert.ok(KNOWN_EVENTS.includes(name), name);
});

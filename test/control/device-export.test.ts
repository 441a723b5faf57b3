// An export is what RFC 4180 and RFC 8259 say, and nothing in it is a formula, whatever devices call themselves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { devicesCsv, devicesJson } from '../../src/control/device-export.ts';
import type { DeviceRow } from '../../src/ota/device-record.ts';

const row = (more: Partial<DeviceRow> = {}): DeviceRow => ({
  device: 'a4:cf:12:00:00:01',
  board: 'kevin',
  version: '2.0.0',
  client: '192.0.2.1',
  scheme: 'https',
  firstSeenMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  lastSeenMs: Date.UTC(2026, 11, 1),
  state: 'failed',
  offered: '2.0.1',
  why: 'the device left, in 2 tries',
  failures: 2,
  proven: true,
  ...more,
});

const csv = (rows: DeviceRow[]): string => [...devicesCsv(rows)].join('');
const HEAD = 'device,board,version,state,offered,why,failures,proven,client,scheme,firstSeen,lastSeen\r\n';

it('writes a header and a line for each device', () => {
  assert.equal(
    csv([row(), row({ offered: null, why: null })]),
    `${HEAD}a4:cf:12:00:00:01,kevin,2.0.0,failed,2.0.1,"the device left, in 2 tries",2,true,192.0.2.1,https,2026-01-02T03:04:05.000Z,2026-12-01T00:00:00.000Z\r\n` +
      'a4:cf:12:00:00:01,kevin,2.0.0,failed,,,2,true,192.0.2.1,https,2026-01-02T03:04:05.000Z,2026-12-01T00:00:00.000Z\r\n',
  );
});

it('writes the header alone where there are no devices', () => assert.equal(csv([]), HEAD));

it('writes no time for one that is none', () => {
  for (const lastSeenMs of [9e15, Number.NaN]) assert.match(csv([row({ lastSeenMs })]), /Z,\r\n$/);
});

describe('writes a board', () => {
  const boards: [board: string, cell: string][] = [
    ['a"b', '"a""b"'],
    ['a,b', '"a,b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['a\nb', '"a\nb"'],
    ["o'board", "o'board"],
    ['a=b', 'a=b'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    [' =1', "' =1"],
    ['"=1', '"\'""=1"'],
    ["'=1", "''=1"],
    ['\t=1', "'\t=1"],
    ['\tx', "'\tx"],
    ['\rx', '"\'\rx"'],
    ['\uff1d1', "'\uff1d1"],
    ['\uff201', "'\uff201"],
    ['', ''],
  ];
  for (const [board, cell] of boards)
    it(`${JSON.stringify(board)} as ${JSON.stringify(cell)}`, () =>
      assert.equal(
        csv([row({ device: 'd', board })])
          .split(HEAD)[1]
          ?.slice(2, 2 + cell.length + 1),
        `${cell},`,
      ));
});

it('gives back as JSON what it was given', () => {
  for (const rows of [[], [row()], [row(), row({ board: '"\u2028</script>', why: null })]])
    assert.deepEqual(JSON.parse([...devicesJson(rows)].join('')), rows);
});

it('gives a line for each device as it comes, and holds none', () => {
  const made: string[] = [];
  function* rows(): Generator<DeviceRow> {
    for (const device of ['a', 'b', 'c']) {
      made.push(device);
      yield row({ device });
    }
  }
  for (const lines of [devicesCsv(rows()), devicesJson(rows())]) {
    made.length = 0;
    lines.next();
    assert.ok(made.length <= 1);
    lines.next();
    assert.ok(made.length <= 2);
    lines.return(undefined);
  }
});

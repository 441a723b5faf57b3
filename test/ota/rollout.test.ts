// What a rollout makes of an offer: matching, shares, waves, pins, steps and stops, each with its reason.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compileRollouts,
  type Rollout,
  type RolloutDevice,
  type RolloutVerdict,
  type StoredImage,
  shareOf,
} from '../../src/ota/rollout.ts';
import { compileNetworks } from '../../src/policy/networks.ts';

const START = Date.UTC(2026, 11, 1);
const HOUR = 3_600_000;
const ELF = 'ab'.repeat(32);

function rollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    name: 'spring',
    action: 'offer',
    version: null,
    below: null,
    boards: [],
    devices: [],
    networks: [],
    versions: [],
    percent: 100,
    waves: null,
    stop: { percent: 20, least: 3, addresses: 3 },
    startedMs: START,
    held: false,
    targets: null,
    stops: [],
    ...changes,
  };
}

const image = (board: string, version: string): StoredImage => ({
  sha256: `${board} ${version}`,
  board,
  lengthBytes: 1,
  app: { chip: 'esp32s3', project: 'xiaozhi', version, elfSha256: ELF },
});
const IMAGES = ['1.9.4', '2.0.1'].flatMap((version) => [image('b', version), image('c', version)]);

function device(changes: Partial<RolloutDevice> = {}): RolloutDevice {
  return {
    device: '02:00:00:00:00:01',
    board: 'b',
    version: '2.0.0',
    elfSha256: 'cd'.repeat(32),
    client: '10.0.0.7',
    ...changes,
  };
}

function decide(rules: Rollout[], who = device(), offered: string | null = '2.1.0', nowMs = START): RolloutVerdict {
  return compileRollouts(rules, IMAGES, compileNetworks).decide(who, offered, nowMs);
}

const told = (verdict: RolloutVerdict): string =>
  verdict.action === 'send' ? `send ${verdict.image.sha256}${verdict.forced ? ' by force' : ''}` : verdict.action;

const STOPPED = [{ board: 'b', version: '2.1.0', why: '5 of 9 devices failed' }];

const cases: [what: string, rules: Rollout[], who: RolloutDevice, offered: string | null, told: string, why: RegExp][] =
  [
    ['no rollout', [], device(), '2.1.0', 'pass', /no rollout fits/],
    ['offer', [rollout()], device(), '2.1.0', 'pass', /spring lets 2\.1\.0 through/],
    [
      'offer of one version',
      [rollout({ version: '2.0.9' })],
      device(),
      '2.1.0',
      'hold',
      /lets 2\.0\.9 through, not 2\.1\.0/,
    ],
    ['nothing offered', [rollout()], device(), null, 'pass', /offers nothing/],
    ['hold', [rollout({ action: 'hold' })], device(), '2.1.0', 'hold', /holds it back/],
    ['held by command', [rollout({ held: true })], device(), '2.1.0', 'hold', /held by command/],
    ['another board', [rollout({ action: 'hold', boards: ['c'] })], device(), '2.1.0', 'pass', /no rollout/],
    ['its board', [rollout({ action: 'hold', boards: ['c', 'b'] })], device(), '2.1.0', 'hold', /./],
    ['another version', [rollout({ action: 'hold', versions: ['1.8.1'] })], device(), '2.1.0', 'pass', /no rollout/],
    ['its version', [rollout({ action: 'hold', versions: ['2.0.0'] })], device(), '2.1.0', 'hold', /./],
    ['another device', [rollout({ action: 'hold', devices: ['x'] })], device(), '2.1.0', 'pass', /no rollout/],
    [
      'no name among names',
      [rollout({ action: 'hold', devices: ['x'] })],
      device({ device: null }),
      '2.1.0',
      'pass',
      /./,
    ],
    [
      'another network',
      [rollout({ action: 'hold', networks: ['192.168.0.0/16'] })],
      device(),
      '2.1.0',
      'pass',
      /no rollout/,
    ],
    ['its network', [rollout({ action: 'hold', networks: ['10.0.0.0/8'] })], device(), '2.1.0', 'hold', /./],
    [
      'the first that fits',
      [rollout({ name: 'first' }), rollout({ action: 'hold' })],
      device(),
      '2.1.0',
      'pass',
      /first lets/,
    ],
    ['percent 0', [rollout({ percent: 0 })], device(), '2.1.0', 'hold', /for 0 % of the devices/],
    ['hold 0 percent', [rollout({ action: 'hold', percent: 0 })], device(), '2.1.0', 'pass', /./],
    [
      'pin',
      [rollout({ action: 'pin', version: '2.0.1' })],
      device(),
      '2.1.0',
      'send b 2.0.1',
      /sends 2\.0\.1 from the store/,
    ],
    [
      'pin, where nothing is offered',
      [rollout({ action: 'pin', version: '2.0.1' })],
      device(),
      null,
      'send b 2.0.1',
      /./,
    ],
    [
      'pin of an older one',
      [rollout({ action: 'pin', version: '1.9.4' })],
      device(),
      null,
      'send b 1.9.4 by force',
      /./,
    ],
    [
      'pin that runs already',
      [rollout({ action: 'pin', version: '1.9.4' })],
      device({ version: '1.9.4', elfSha256: ELF }),
      '2.1.0',
      'hold',
      /which the device runs already/,
    ],
    [
      'pin of another build of the same version',
      [rollout({ action: 'pin', version: '1.9.4' })],
      device({ version: '1.9.4' }),
      null,
      'send b 1.9.4 by force',
      /./,
    ],
    [
      'pin to a device that tells no build',
      [rollout({ action: 'pin', version: '1.9.4' })],
      device({ version: '1.9.4', elfSha256: null }),
      null,
      'hold',
      /runs already/,
    ],
    [
      'pin that the store has not',
      [rollout({ action: 'pin', version: '3.0' })],
      device(),
      '2.1.0',
      'hold',
      /does not have for board b/,
    ],
    ['via', [rollout({ action: 'via', version: '2.0.1', below: '2.0.1' })], device(), '2.1.0', 'send b 2.0.1', /./],
    [
      'via, from below on',
      [rollout({ action: 'via', version: '2.0.1', below: '2.0.0' })],
      device(),
      '2.1.0',
      'pass',
      /no rollout/,
    ],
    [
      'via, already beyond',
      [rollout({ action: 'via', version: '1.9.4', below: '9' })],
      device(),
      '2.1.0',
      'pass',
      /no rollout/,
    ],
    ['stopped', [rollout({ stops: STOPPED })], device(), '2.1.0', 'hold', /stopped for board b: 5 of 9/],
    ['stopped, with another version', [rollout({ stops: STOPPED })], device(), '2.1.1', 'pass', /./],
    ['stopped, on another board', [rollout({ stops: STOPPED })], device({ board: 'c' }), '2.1.0', 'pass', /./],
    ['rolled back', [rollout({ targets: { b: '1.9.4' } })], device(), '2.1.0', 'send b 1.9.4 by force', /./],
    [
      'rolled back, no way',
      [rollout({ targets: { b: '1.9.4' } })],
      device({ board: 'c' }),
      '2.1.0',
      'hold',
      /no version for this board/,
    ],
    [
      'a board by the name of a method',
      [rollout({ targets: {} })],
      device({ board: 'toString' }),
      '2.1.0',
      'hold',
      /./,
    ],
  ];

describe('a rollout', () => {
  for (const [what, rules, who, offered, expected, why] of cases)
    it(`${what}: ${expected}`, () => {
      const verdict = decide(rules, who, offered);
      assert.equal(told(verdict), expected);
      assert.match(verdict.why, why);
    });
});

const fleet = Array.from({ length: 2_000 }, (_, at) => device({ device: `device-${at}` }));
const offeredTo = (rules: Rollout[], nowMs = START): Set<string | null> =>
  new Set(fleet.filter((who) => decide(rules, who, '2.1.0', nowMs).action === 'pass').map((who) => who.device));

const isWithin = (few: Set<string | null> = new Set(), many: Set<string | null> = new Set()): boolean =>
  [...few].every((each) => many.has(each));

describe('a share', () => {
  it('is about as large as it says, and grows by devices that come to it', () => {
    const shares = [10, 25, 60].map((percent) => offeredTo([rollout({ percent })]));
    for (const [index, percent] of [10, 25, 60].entries()) {
      const part = (shares[index]?.size ?? 0) / fleet.length;
      assert.ok(Math.abs(part - percent / 100) < 0.03, `${percent} %: ${part}`);
    }
    assert.ok(isWithin(shares[0], shares[1]) && isWithin(shares[1], shares[2]));
  });

  it('is another one in every rollout', () => {
    assert.notEqual(shareOf('a', 'x'), shareOf('b', 'x'));
    assert.equal(shareOf('a', 'x'), shareOf('a', 'x'));
  });
});

describe('waves', () => {
  const byShare = rollout({ waves: { size: { percent: 10 }, pauseMs: HOUR } });
  it('of a share grow by their size, the same devices first, until all are in', () => {
    const sets = [0, 1, 5, 9].map((hours) => offeredTo([byShare], START + hours * HOUR));
    assert.ok(isWithin(sets[0], sets[1]));
    for (const [index, hours] of [0, 1, 5, 9].entries()) {
      const part = (sets[index]?.size ?? 0) / fleet.length;
      assert.ok(Math.abs(part - (hours + 1) / 10) < 0.04, `${hours} h: ${part}`);
    }
    assert.equal(sets[3]?.size, fleet.length);
  });

  it('last to the end of their pause, and say when the next begins', () => {
    const late = fleet.find((who) => shareOf('spring', who.device) > 0.1 && shareOf('spring', who.device) < 0.2);
    const before = decide([byShare], late, '2.1.0', START + HOUR - 1);
    assert.match(before.why, /in wave 1, without this device; the next begins 2026-12-01T01:00:00/);
    assert.equal(decide([byShare], late, '2.1.0', START + HOUR).action, 'pass');
  });

  it('of a number of devices ask whether there is room', () => {
    const counted = rollout({ waves: { size: { devices: 50 }, pauseMs: HOUR } });
    const verdict = decide([counted], device(), '2.1.0', START + 2 * HOUR);
    assert.ok(verdict.action === 'admit');
    assert.equal(verdict.limit, 150);
    assert.equal(verdict.next.action, 'pass');
  });

  it('by a clock that was set back are those of the first wave', () => {
    assert.equal(offeredTo([byShare], START - 9 * HOUR).size, offeredTo([byShare], START).size);
  });
});

it('a dry run names each rollout until one decides', () => {
  const rules = [rollout({ name: 'a', boards: ['c'] }), rollout({ name: 'b', action: 'hold' }), rollout({ name: 'c' })];
  assert.deepEqual(compileRollouts(rules, IMAGES, compileNetworks).explain(device(), '2.1.0', START), [
    { rollout: 'a', says: 'is not for board b' },
    { rollout: 'b', says: 'rollout b holds it back' },
  ]);
});

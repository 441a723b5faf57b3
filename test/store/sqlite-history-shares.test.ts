// How a version does, by the last outcome of each device that counts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CountedOutcome, MAX_NETWORKS } from '../../src/store/history.ts';
import { change, failed, freshFile, NOW, open, outcome, rows } from './histories.ts';

describe('shares', () => {
  const share = (outcomes: [device: string, CountedOutcome][]) => {
    const history = open();
    for (const [device, one] of outcomes) history.write([{ ...change(device), outcomes: [one] }]);
    return history.share('kevin', '2.0.1');
  };
  const NOTHING = { upgraded: 0, failed: 0, failedBecause: {}, upgradedNetworks: 0, failedNetworks: 0 };

  it('count devices, why they failed, and the networks that they came from', () => {
    const found = share([
      ['a', outcome()],
      ['b', outcome({ network: '192.0.2.2' })],
      ['c', failed()],
      ['d', failed({ because: 'left' })],
      ['e', failed({ network: '192.0.2.3' })],
      ['f', failed({ board: 'other' })],
      ['g', failed({ version: '2.0.2' })],
    ]);
    const failedBecause = { left: 1, refused: 2 };
    assert.deepEqual(found, { upgraded: 2, failed: 3, failedBecause, upgradedNetworks: 2, failedNetworks: 2 });
  });

  it('count a device once, by its last outcome', () => {
    const found = share([
      ['a', failed()],
      ['a', failed({ because: 'left' })],
      ['a', outcome()],
    ]);
    assert.deepEqual(found, { ...NOTHING, upgraded: 1, upgradedNetworks: 1 });
  });

  it('count what is not written yet in the place of what is, as if it were written', () => {
    const outcomes: [device: string, CountedOutcome][] = [
      ['a', failed()],
      ['b', failed({ network: '192.0.2.2' })],
      ['c', failed({ network: '192.0.2.2' })],
      ['d', outcome({ network: '192.0.2.4' })],
      ['a', outcome({ network: '192.0.2.3' })],
      ['b', failed({ network: '192.0.2.5', because: 'left' })],
      ['d', failed({ board: 'other' })],
      ['e', failed({ network: '192.0.2.6' })],
    ];
    for (let written = 0; written <= outcomes.length; written += 1) {
      const history = open();
      for (const [device, one] of outcomes.slice(0, written)) history.write([{ ...change(device), outcomes: [one] }]);
      const held = [...new Map(outcomes.slice(written))].map(([device, one]) => ({ device, outcome: one }));
      assert.deepEqual(history.share('kevin', '2.0.1', held), share(outcomes), `${written} are written`);
    }
  });

  it('are empty for what nobody knows', () => assert.deepEqual(share([]), NOTHING));

  it('count networks up to a bound', () => {
    const many = Array.from({ length: MAX_NETWORKS + 9 }, (_, at): [string, CountedOutcome] => [
      `d${at}`,
      failed({ network: `n${at}` }),
    ]);
    const found = share(many);
    assert.deepEqual([found.failed, found.failedNetworks], [MAX_NETWORKS + 9, MAX_NETWORKS]);
  });

  it('keep the newest few versions of a device', () => {
    const file = freshFile();
    const history = open({}, file);
    for (let at = 0; at < 12; at += 1)
      history.write([{ ...change('a'), outcomes: [outcome({ version: `2.0.${at}`, atMs: NOW + at })] }]);
    assert.equal(rows(file, 'outcome'), 8);
    assert.deepEqual([history.share('kevin', '2.0.3').upgraded, history.share('kevin', '2.0.4').upgraded], [0, 1]);
  });
});

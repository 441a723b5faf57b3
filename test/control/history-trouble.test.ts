// No trouble with the file of the device history reaches anything else: it is begun afresh, or done without.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { DeviceHistory } from '../../src/control/history.ts';
import type { Observation } from '../../src/ota/device-record.ts';
import { begun, check, ended, LENGTH, none, offer, START_MS } from '../ota/observations.ts';
import { smallDisk } from '../rig/tmpfs.ts';
import { devicesIn, EVERY, freshFolder, run, start } from './histories.ts';

const MINUTE = 60_000;

/** A device takes an update that was offered to it, and comes back with what it ran before. */
const failedUpgrade = (second: number, client: string): Observation[] =>
  [
    check(second, '2.0.0', offer('2.0.1')),
    begun(second + 1, '2.0.1', { id: `d${second}` }),
    ended(second + 20, '2.0.1', LENGTH, { id: `d${second}`, from: second + 1 }),
    check(second + 40, '2.0.0'),
  ].map((seen) => ({ ...seen, client }));

describe('a damaged file', () => {
  const NOISE = 'this is no database, and long enough to be looked at '.repeat(40);

  it('is moved aside, loudly, and the history begins afresh', () => {
    const stateDir = freshFolder();
    const place = join(stateDir, 'history.sqlite.damaged');
    writeFileSync(join(stateDir, 'history.sqlite'), NOISE);
    const { history, file, lines, events } = start({ stateDir });
    assert.deepEqual([events(), lines[0]?.place], [['history-damaged'], place]);
    assert.equal(readFileSync(place, 'utf8'), NOISE);
    history.see('a', check(0, '2.0.0'));
    history.flush();
    assert.equal(devicesIn(file), 1);
  });

  it('takes the place of one that was damaged before', () => {
    const stateDir = freshFolder();
    writeFileSync(join(stateDir, 'history.sqlite.damaged'), 'older');
    writeFileSync(join(stateDir, 'history.sqlite'), NOISE);
    start({ stateDir });
    assert.equal(readFileSync(join(stateDir, 'history.sqlite.damaged'), 'utf8'), NOISE);
  });

  it('is moved aside also where the damage shows while it is written', () => {
    const { history, file, events } = start();
    history.see('a', check(0, '2.0.0'));
    history.flush();
    run(file, 'DROP TABLE device');
    history.see('b', check(0, '2.0.0'));
    history.flush();
    assert.deepEqual([events(), history.dropped], [['history-damaged'], 1]);
    assert.ok(existsSync(`${file}.damaged`));
    history.see('c', check(0, '2.0.0'));
    assert.equal(history.list(EVERY).devices[0]?.device, 'c');
  });

  it('is moved aside also where the damage shows while it is read: the question is answered', () => {
    const { history, file, events } = start();
    history.see('a', check(0, '2.0.0'));
    history.flush();
    run(file, 'DROP TABLE outcome');
    assert.equal(history.share('kevin', '2.0.1').upgraded, 0);
    assert.deepEqual([events(), history.list(EVERY).total], [['history-damaged'], 0]);
  });
});

describe('trouble with the disk', () => {
  it('that has no room: what is seen is held until there is, and one line a minute says so', () => {
    let [nowMs, free] = [START_MS, 1000];
    const { history, file, lines } = start({ clock: () => nowMs, freeBytes: () => free });
    const see = (name: string): void => {
      history.see(name, check(0, '2.0.0'));
      history.flush();
    };
    see('a');
    see('b');
    assert.deepEqual([devicesIn(file), history.one('b')?.version, lines.map(({ held }) => held)], [0, '2.0.0', [1]]);
    nowMs += 61_000;
    see('c');
    assert.deepEqual(
      lines.map(({ held }) => held),
      [1, 3],
    );
    [nowMs, free] = [nowMs + 11_000, 1e9];
    history.flush();
    assert.deepEqual([devicesIn(file), history.dropped], [3, 0], 'also where nothing more is seen');
    see('d');
    assert.equal(devicesIn(file), 4);
  });

  it('that has no room: failures count at once, and in the end as if there had been room all the time', () => {
    const known = (history: DeviceHistory) => ({
      share: history.share('bread-compact', '2.0.1'),
      before: [0, 1, 2, 3].map((at) => history.failedBefore(`d${at}`, '2.0.1', `192.0.2.${at}`)?.times),
      events: [0, 1, 2, 3].map((at) => history.one(`d${at}`)?.events.map(({ event }) => event)),
    });
    const fail = (roomFrom: number) => {
      const stateDir = freshFolder();
      let [nowMs, heard] = [START_MS, 0];
      const options = {
        stateDir,
        clock: () => nowMs,
        freeBytes: () => ((nowMs - START_MS) / MINUTE > roomFrom ? 1e12 : 0),
      };
      const { history } = start({ ...options, onOutcome: () => (heard += 1) });
      for (let at = 0; at < 8; at += 1) {
        nowMs += MINUTE;
        for (const seen of failedUpgrade(at * 60, `192.0.2.${at % 4}`)) history.see(`d${at % 4}`, seen);
        history.flush();
      }
      const { share, before } = known(history);
      nowMs += MINUTE;
      history.flush();
      return { heard, share, before, inFile: known(start(options).history) };
    };
    const always = fail(0);
    assert.deepEqual(
      [always.heard, always.share.failed, always.share.failedNetworks, always.before],
      [8, 4, 4, [2, 2, 2, 2]],
    );
    for (const roomFrom of [1, 3, 6, 8]) assert.deepEqual(fail(roomFrom), always, `room after ${roomFrom} minutes`);
  });

  it('that has no room for long: so many are held that memory does not end, and who fails is the last to go', () => {
    const { history } = start({ freeBytes: () => 0 });
    for (const seen of failedUpgrade(0, '192.0.2.1')) history.see('fails', seen);
    for (let device = 0; device < 7_000; device += 1) {
      history.see(`proven-${device}`, begun(1, '2.0.1', { id: `x${device}` }));
      history.see(`claim-${device}`, check(0, '2.0.0', none));
      if (device % 500 === 0) history.flush();
    }
    history.flush();
    assert.equal(history.share('bread-compact', '2.0.1').failed, 1);
    assert.deepEqual([history.record('proven-0'), history.record('claim-5000')], [null, null]);
    assert.ok(history.record('proven-6999') !== null && history.record('claim-6999') !== null);
    assert.ok(history.dropped >= 8_000, 'and what went is counted');
  });

  it('that is full: what cannot be written is held, counts, and is written once there is room', (t) => {
    const disk = smallDisk(t, 8);
    if (disk === null) return;
    const { history, file, events } = start({ stateDir: disk.folder, freeBytes: () => 1e12 });
    history.see('a', check(0, '2.0.0'));
    history.flush();
    disk.fill('rest', 8 * 1024 * 1024);
    for (let device = 0; device < 200; device += 1)
      for (const seen of failedUpgrade(0, '192.0.2.1')) history.see(`d${device}`, seen);
    history.flush();
    assert.deepEqual(events(), ['history-failed']);
    assert.equal(history.share('bread-compact', '2.0.1').failed, 200);
    disk.free('rest');
    history.flush();
    assert.deepEqual([devicesIn(file), history.dropped], [201, 0]);
  });

  it('that cannot be used at all: the history is kept in memory', () => {
    const stateDir = freshFolder();
    mkdirSync(join(stateDir, 'history.sqlite'));
    const { history, events } = start({ stateDir });
    assert.deepEqual(events(), ['history-in-memory']);
    history.see('a', check(0, '2.0.0', none));
    assert.equal(history.one('a')?.state, 'up-to-date');
  });

  it('on which another process holds the file: what it kept from being written is written later', () => {
    const { history, file, events } = start();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    history.see('a', check(0, '2.0.0'));
    history.flush();
    other.exec('COMMIT');
    other.close();
    assert.deepEqual([events(), devicesIn(file)], [['history-failed'], 0]);
    history.see('b', check(0, '2.0.0'));
    assert.deepEqual([history.list(EVERY).total, history.dropped], [2, 0]);
  });
});

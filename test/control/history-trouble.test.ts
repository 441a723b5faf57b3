// No trouble with the file of the device history reaches anything else: it is begun afresh, or done without.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { check, none, START_MS } from '../ota/observations.ts';
import { devicesIn, EVERY, freshFolder, run, start } from './histories.ts';

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
  it('that has no room: nothing is written until there is, and one line a minute says so', () => {
    let [nowMs, free] = [START_MS, 1000];
    const { history, file, lines } = start({ clock: () => nowMs, freeBytes: () => free });
    const see = (name: string): void => {
      history.see(name, check(0, '2.0.0'));
      history.flush();
    };
    see('a');
    see('b');
    assert.deepEqual([devicesIn(file), history.dropped, lines.map(({ dropped }) => dropped)], [0, 2, [1]]);
    nowMs += 61_000;
    see('c');
    assert.deepEqual(
      lines.map(({ dropped }) => dropped),
      [1, 3],
    );
    [nowMs, free] = [nowMs + 11_000, 1e9];
    see('d');
    assert.deepEqual([devicesIn(file), history.dropped], [1, 3]);
  });

  it('that cannot be used at all: the history is kept in memory', () => {
    const stateDir = freshFolder();
    mkdirSync(join(stateDir, 'history.sqlite'));
    const { history, events } = start({ stateDir });
    assert.deepEqual(events(), ['history-in-memory']);
    history.see('a', check(0, '2.0.0', none));
    assert.equal(history.one('a')?.state, 'up-to-date');
  });

  it('on which another process holds the file: what it kept from being written is dropped, and it goes on', () => {
    const { history, file, events } = start();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    history.see('a', check(0, '2.0.0'));
    history.flush();
    other.exec('COMMIT');
    other.close();
    assert.deepEqual([events(), history.dropped], [['history-failed'], 1]);
    history.see('b', check(0, '2.0.0'));
    assert.equal(history.list(EVERY).total, 1);
  });
});

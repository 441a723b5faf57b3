// The device history is bounded in every direction: claims, proven devices, entries, age.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSqliteHistory } from '../../src/store/sqlite-history.ts';
import { CLAIM, change, devices, events, freshFile, NOW, open, outcome, rows } from './histories.ts';

describe('claims', () => {
  it('keep their newest entries only, and no room of the proven', () => {
    const history = open({ entriesOfClaim: 3 });
    history.write([change('a', [1, 2], CLAIM)]);
    history.write([change('a', [3, 4, 5], CLAIM)]);
    assert.equal(events(history, 'a'), 'e5 e4 e3');
    assert.equal(history.counts().entries, 0);
    const before = history.timeline('a', { before: null, limit: 1 })[0]?.id ?? null;
    assert.equal(events(history, 'a', { before, limit: 9 }), 'e4 e3');
  });

  it('take their history along when they prove themselves', () => {
    const history = open();
    history.write([change('a', [1, 2], CLAIM)]);
    history.write([change('a', [3])]);
    assert.equal(events(history, 'a'), 'e3 e2 e1');
    assert.deepEqual(history.counts(), { proven: 1, claims: 0, entries: 3 });
  });

  it('push out each other, the least recently seen first, and never a proven device', () => {
    const file = freshFile();
    const history = open({ claims: 2, proven: 2 }, file);
    history.write([change('p', [1])]);
    for (const name of ['a', 'b']) history.write([change(name, [1], CLAIM)]);
    history.write([change('a', [2], CLAIM)]);
    history.write([change('c', [1], CLAIM)]);
    assert.equal(devices(history), 'a c p');
    history.write([change('d', [], CLAIM), change('e', [], CLAIM)]);
    assert.equal(devices(history), 'd e p');
    assert.equal(rows(file, 'claim_entry'), 0, 'their entries go with them');
    assert.equal(rows(file, 'device'), 3);
  });

  it('make room for another when they prove themselves', () => {
    const history = open({ claims: 2 });
    history.write([change('a', [], CLAIM), change('b', [], CLAIM)]);
    history.write([change('a'), change('c', [], CLAIM)]);
    assert.equal(devices(history), 'a b c');
  });
});

it('lets the proven device go that was seen least recently, with its outcomes', () => {
  const file = freshFile();
  const history = open({ proven: 2 }, file);
  history.write([{ ...change('a', [1]), outcomes: [outcome()] }]);
  history.write([change('b')]);
  history.write([change('c', [2])]);
  assert.equal(devices(history), 'b c');
  assert.deepEqual([events(history, 'a'), history.read('a'), history.share('kevin', '2.0.1').upgraded], ['', null, 0]);
  history.write([change('a', [3])]);
  assert.equal(events(history, 'a'), 'e3', 'one that comes back begins anew');
  assert.equal(devices(history), 'a c');
});

it('holds the bound also across a restart', () => {
  const file = freshFile();
  const first = openSqliteHistory(file);
  first.write([change('a', [], { lastSeenMs: NOW + 9 }), change('b', [], { lastSeenMs: NOW + 1 })]);
  first.close();
  const history = open({ proven: 2 }, file);
  history.write([change('c')]);
  assert.equal(devices(history), 'a c');
});

describe('entries', () => {
  it('go in the order in which they came, when there are too many', () => {
    const history = open({ entries: 4 });
    for (let number = 1; number <= 7; number += 1) history.write([change(number % 2 === 0 ? 'a' : 'b', [number])]);
    assert.deepEqual([events(history, 'a'), events(history, 'b'), history.counts().entries], ['e6 e4', 'e7 e5', 4]);
  });

  it('go as fast as they come, and no faster than a small portion at a time', () => {
    const history = open({ entries: 10 });
    history.write([
      change(
        'a',
        Array.from({ length: 50 }, (_, at) => at),
      ),
    ]);
    assert.equal(history.counts().entries, 10);
    assert.equal(history.sweep(NOW, 5), 0);
  });

  it('go when they are too old, a portion at a time', () => {
    const file = freshFile();
    const history = open({ keepMs: 1000 }, file);
    history.write([change('a', [0, 1, 2, 3, 2000])]);
    assert.equal(history.sweep(NOW + 1000, 100), 0);
    assert.equal(history.sweep(NOW + 1003, 2), 2);
    assert.equal(events(history, 'a'), 'e2000 e3 e2');
    assert.equal(history.sweep(NOW + 1003, 2), 1);
    assert.deepEqual([events(history, 'a'), history.counts().entries, rows(file, 'entry')], ['e2000 e3', 2, 2]);
  });

  it('never come back as those of another device', () => {
    const history = open({ keepMs: 1000 });
    history.write([change('a', [1])]);
    assert.equal(history.sweep(NOW + 5000, 100), 1);
    history.write([change('b', [2])]);
    assert.deepEqual([events(history, 'a'), events(history, 'b')], ['', 'e2']);
  });

  it('stay where the clock stands before all of them', () => {
    const history = open({ keepMs: 1000 });
    history.write([change('a', [1])]);
    assert.equal(history.sweep(0, 100), 0);
  });
});

// A machine's copy of what all share, on a disk that takes nothing: what changes counts, and is written when it can be.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Replica } from '../../src/store/replica.ts';
import { smallDisk } from '../rig/tmpfs.ts';

/** A copy with some records, whose disk was filled then; null where none can be mounted. */
function fullReplica(t: TestContext) {
  const disk = smallDisk(t, 2);
  if (disk === null) return null;
  const stateDir = join(disk.folder, 'state');
  mkdirSync(stateDir);
  const troubles: unknown[] = [];
  const replica = new Replica(stateDir, (error) => void troubles.push(error));
  t.after(() => replica.close());
  replica.take('opening/a', { id: 'a' }, 3);
  replica.take('opening/b', { id: 'b' }, 4);
  replica.take('opening/c', { id: 'c' }, 5);
  replica.change('opening/b', null);
  replica.setNote('seq', '5');
  disk.fillUp();
  return { replica, troubles, disk, again: () => new Replica(stateDir) };
}

function standing(replica: Replica) {
  return {
    list: replica.list('opening/').map(({ name }) => name),
    all: [...replica.all()].map(({ name }) => name).sort(),
    untold: replica.untold(10).map(({ name, version, untold }) => [name, version, untold]),
    counts: replica.counts(),
    seq: replica.note('seq'),
  };
}

test('what the disk does not take counts all the same', (t) => {
  const full = fullReplica(t);
  if (full === null) return;
  const { replica, troubles, disk, again } = full;
  assert.equal(replica.change('opening/a', null), true);
  assert.equal(replica.change('opening/a', null), false, 'it says so already');
  replica.take('opening/d', { id: 'd' }, 6);
  replica.retell('opening/b', 7);
  replica.forget('opening/c');
  replica.setNote('seq', '7');
  const expected = {
    list: ['opening/d'],
    all: ['opening/a', 'opening/b', 'opening/d'],
    untold: [
      ['opening/a', 3, 1],
      ['opening/b', 7, 1],
    ],
    counts: { records: 1, untold: 2 },
    seq: '7',
  };
  const { untold, ...rest } = standing(replica);
  assert.deepEqual({ ...rest, untold: untold.sort() }, expected);
  assert.ok(troubles.length >= 5, 'each is told of');
  replica.told('opening/a', 8, 1);
  assert.deepEqual(
    replica.untold(10).map(({ name }) => name),
    ['opening/b'],
  );

  replica.writeHeld();
  const restarted = again();
  assert.equal(restarted.note('seq'), '5', 'the disk took nothing of it');
  restarted.close();
  disk.free();
  replica.writeHeld();
  const afterwards = again();
  t.after(() => afterwards.close());
  assert.deepEqual(standing(afterwards), standing(replica));
  assert.equal(afterwards.note('seq'), '7');
});

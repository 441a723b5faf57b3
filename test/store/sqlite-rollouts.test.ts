// What is kept of rollouts outlives a restart, is bounded, and lets in no more devices than it may.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type KeptRollout, MAX_FLEETS, MAX_ROLLOUTS } from '../../src/store/rollout-store.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { freshFolder } from './fresh-folder.ts';

const NOW = Date.UTC(2026, 11, 1);

function kept(name: string, changes: Partial<KeptRollout> = {}): KeptRollout {
  return {
    name,
    made: null,
    startedMs: NOW,
    held: false,
    percent: null,
    targets: null,
    stops: [],
    countedFrom: [],
    ...changes,
  };
}

it('gives back what was put, also after a restart, and forgets what was removed with who was in it', async () => {
  const folder = freshFolder();
  const spring = kept('spring', {
    stops: [{ board: 'b', version: '2.1.0', atMs: NOW, why: 'it fails' }],
    targets: { b: '2.0.0' },
  });
  const first = openSqliteState(folder, NOW);
  await first.rollouts.put(kept('spring'));
  await first.rollouts.put(spring);
  await first.rollouts.put(kept('old', { startedMs: NOW - 1 }));
  assert.equal(await first.rollouts.admit('spring', 'a', 1), true);
  await first.rollouts.putFleet({ board: 'b', from: '2.0.0', to: '2.1.0', sinceMs: NOW });
  first.close();
  const { rollouts, close } = openSqliteState(folder, NOW);
  assert.deepEqual(await rollouts.all(), [kept('old', { startedMs: NOW - 1 }), spring]);
  assert.equal(await rollouts.members('spring'), 1);
  assert.deepEqual(await rollouts.fleets(), [{ board: 'b', from: '2.0.0', to: '2.1.0', sinceMs: NOW }]);
  await rollouts.remove('spring');
  assert.deepEqual([(await rollouts.all()).length, await rollouts.members('spring')], [1, 0]);
  close();
});

it('lets in as many as the limit says, each once, and none of another rollout counts', async () => {
  const { rollouts, close } = openSqliteState(freshFolder(), NOW);
  const ask = (device: string, limit: number) => rollouts.admit('spring', device, limit);
  assert.deepEqual([await ask('a', 2), await ask('b', 2), await ask('c', 2)], [true, true, false]);
  assert.equal(await ask('a', 2), true, 'who is in stays in');
  assert.equal(await ask('a', 0), true, 'also where nobody else may come in');
  assert.equal(await ask('c', 3), true, 'the next wave');
  assert.equal(await rollouts.admit('other', 'd', 1), true);
  assert.deepEqual([await rollouts.members('spring'), await rollouts.members('other')], [3, 1]);
  close();
});

it('is bounded: the oldest go', async () => {
  const { rollouts, close } = openSqliteState(freshFolder(), NOW);
  for (let at = 0; at <= MAX_ROLLOUTS; at += 1) await rollouts.put(kept(`r${at}`, { startedMs: NOW + at }));
  const names = (await rollouts.all()).map(({ name }) => name);
  assert.deepEqual([names.length, names.includes('r0'), names.at(-1)], [MAX_ROLLOUTS, false, `r${MAX_ROLLOUTS}`]);
  for (let at = 0; at <= MAX_FLEETS; at += 1)
    await rollouts.putFleet({ board: `b${at}`, from: '1', to: '2', sinceMs: NOW + at });
  const boards = (await rollouts.fleets()).map(({ board }) => board);
  assert.deepEqual([boards.length, boards.includes('b0')], [MAX_FLEETS, false]);
  close();
});

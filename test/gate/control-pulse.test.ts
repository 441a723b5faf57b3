// Control that answers is never taken for silent, whoever asks when; and one that is silent is told at once.
import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { ControlPulse, SILENCE_MS } from '../../src/gate/control-pulse.ts';

type Rig = { pulse: ControlPulse; tick: (ms: number) => Promise<void>; silences: () => number };

/** `answersIn` says after how many ms control answers the nth question; null: never. The clock is the test's. */
function rig(t: { after: (end: () => void) => void }, answersIn: (nth: number) => number | null): Rig {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  let [silences, asked] = [0, 0];
  const send = async (): Promise<void> => {
    asked += 1;
    const afterMs = answersIn(asked);
    if (afterMs !== null) setTimeout(() => pulse.onPulse(), afterMs);
  };
  const pulse = new ControlPulse(send, () => {
    silences += 1;
  });
  const tick = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 1) {
      mock.timers.tick(1);
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    }
  };
  return { pulse, tick, silences: () => silences };
}

it('a question has its own time: what an earlier one had left of it does not count', async (t) => {
  const { pulse, tick, silences } = rig(t, () => 40);
  const first = pulse.answers();
  await tick(SILENCE_MS - 20);
  const second = pulse.answers();
  await tick(100);
  assert.deepEqual([await first, await second, silences()], [true, true, 0]);
});

it('many who wait at once for a control that answers', async (t) => {
  const { pulse, tick, silences } = rig(t, () => 2);
  let told = 0;
  const stops: { stop: () => void }[] = [];
  for (let index = 0; index < 50; index += 1) {
    stops.push(
      pulse.whenSilent(() => {
        told += 1;
      }),
    );
    await tick(7 + (index % 6));
  }
  await tick(3_000);
  for (const { stop } of stops) stop();
  assert.deepEqual([told, silences()], [0, 0]);
});

it('one that is silent is told, and at once to those who come later', async (t) => {
  const { pulse, tick, silences } = rig(t, () => null);
  const told: string[] = [];
  pulse.whenSilent(() => told.push('first'));
  await tick(2 * SILENCE_MS);
  assert.deepEqual([told, silences()], [['first'], 1]);
  pulse.whenSilent(() => told.push('second'));
  await tick(SILENCE_MS - 1);
  assert.deepEqual(told, ['first', 'second']);
});

it('one that was silent and answers now is waited for', async (t) => {
  const { pulse, tick } = rig(t, (nth) => (nth === 1 ? null : 5));
  const first = pulse.answers();
  await tick(SILENCE_MS);
  assert.equal(await first, false);
  let told = 0;
  const { stop } = pulse.whenSilent(() => {
    told += 1;
  });
  await tick(3 * SILENCE_MS);
  stop();
  assert.equal(told, 0);
});

it('who has stopped hears nothing', async (t) => {
  const { pulse, tick } = rig(t, () => null);
  let told = 0;
  pulse
    .whenSilent(() => {
      told += 1;
    })
    .stop();
  await tick(3 * SILENCE_MS);
  assert.equal(told, 0);
});

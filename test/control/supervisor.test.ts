// A gate process that hangs is replaced though nobody has anything to tell it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { GatePulse } from '../../src/control/gate-pulse.ts';
import { type GateEar, Supervisor } from '../../src/control/supervisor.ts';
import type { Snapshot } from '../../src/link/snapshot.ts';
import { bareSnapshot } from '../rig/bare-snapshot.ts';
import { until } from '../rig/bounded.ts';
import { isAlive } from '../rig/process-facts.ts';

const NOBODY: GateEar = {
  onEvents: () => {},
  onStart: () => {},
  onAsk: () => {},
  onQuestion: () => {},
  onDownloads: () => {},
  onStreams: () => {},
  onLog: () => {},
  onGone: () => {},
};
// Faster than in earnest, and slow enough for a gate that collects garbage.
const EVERY_MS = 500;

type Line = { event: string; msg: string; pid?: number; gate?: string };

/** Two gates that serve nothing, and what control logs of them. */
async function twoGates(t: TestContext) {
  const lines: Line[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  const supervisor = new Supervisor(log, NOBODY, new GatePulse(EVERY_MS));
  t.after(() => supervisor.kill());
  assert.deepEqual(await supervisor.apply(quiet(1), 2), []);
  const [first, second] = supervisor.status();
  assert.ok(first && second);
  const line = (event: string): Promise<Line> =>
    until(`a line ${event}`, () => lines.find((one) => one.event === event));
  return { supervisor, first, second, lines, line };
}

function quiet(version: number): Snapshot {
  return { ...bareSnapshot(version), log: { level: 'error', format: 'json' } };
}

test('one that hangs while nothing happens is replaced, and its neighbour stays', async (t) => {
  const { supervisor, first, second, lines, line } = await twoGates(t);
  process.kill(first.pid, 'SIGSTOP');
  const stuck = await line('gate-stuck');
  assert.deepEqual([stuck.gate, stuck.pid], [first.name, first.pid]);
  assert.match(stuck.msg, /does not answer: it is replaced, and its connections are lost/);
  const exit = await line('gate-exit');
  assert.match(exit.msg, /ended \(SIGKILL\); a new one starts/, 'nobody looks for a hand or for memory');
  const back = await line('gate-replaced');
  assert.notEqual(back.pid, first.pid);
  assert.ok(!isAlive(first.pid));
  const [now, neighbour] = supervisor.status();
  assert.deepEqual([now?.pid, now?.restarts, now?.snapshot], [back.pid, 1, 1]);
  assert.deepEqual([neighbour?.pid, neighbour?.restarts], [second.pid, 0]);
  assert.equal(lines.filter(({ event }) => event === 'gate-stuck').length, 1);
});

test('one too many that hangs is ended, and none comes in its place', async (t) => {
  const { supervisor, first, second, line } = await twoGates(t);
  process.kill(second.pid, 'SIGSTOP');
  assert.deepEqual(await supervisor.apply(quiet(2), 1), []);
  const stuck = await line('gate-stuck');
  assert.match(stuck.msg, /is ended, being one too many, and its connections are lost/);
  await until('its end', () => !isAlive(second.pid));
  assert.deepEqual(
    supervisor.status().map(({ pid, restarts }) => [pid, restarts]),
    [[first.pid, 0]],
  );
});

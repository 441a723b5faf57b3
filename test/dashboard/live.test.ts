// The line to the gate's events: it comes back from where it stopped, and says in what state it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LineState, Live } from '../../src/dashboard/base/live.ts';
import { until } from '../rig/bounded.ts';

function answer(text: string): Response {
  return new Response(text, { headers: { 'Content-Type': 'text/event-stream' } });
}

test('a line that breaks is opened anew, with the id of the last event', async (t) => {
  const asked: string[] = [];
  const heard: string[] = [];
  const states: LineState[] = [];
  const live = new Live({
    open: async (lastEventId) => {
      asked.push(lastEventId);
      if (asked.length === 2) throw new Error('refused');
      return answer(`id: e.${asked.length}\nevent: log\ndata: ${asked.length}\n\n`);
    },
    onMessage: ({ data }) => heard.push(data),
    onState: (state) => states.push(state),
  });
  t.after(() => live.stop());
  live.start();
  await until('two breaks', () => {
    live.hurry();
    return heard.length >= 2;
  });
  assert.deepEqual(asked.slice(0, 3), ['', 'e.1', 'e.1']);
  assert.deepEqual(heard.slice(0, 2), ['1', '3']);
  assert.deepEqual(states.slice(0, 4), ['live', 'silent', 'silent', 'live']);
});

test('once stopped, it opens no more, and lets go of what runs', async () => {
  let opened = 0;
  let cut = false;
  const live = new Live({
    open: (_lastEventId, signal) => {
      opened += 1;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          cut = true;
          reject(new Error('aborted'));
        });
      });
    },
    onMessage: () => {},
    onState: () => assert.fail('nobody listens any more'),
  });
  live.start();
  live.stop();
  await until('the cut', () => cut);
  live.hurry();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(opened, 1);
});

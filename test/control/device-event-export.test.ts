// An export of events has every event once, in portions, and nothing in it is a formula.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventsCsv, eventsJsonLines, type ReadEvents } from '../../src/control/device-event-export.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A device with so many events, newest first, and the largest page that it was asked for. */
function history(counts: Record<string, number>): { read: ReadEvents; asked: string[] } {
  const asked: string[] = [];
  const read: ReadEvents = (device, { before, limit }) => {
    asked.push(`${device} ${limit}`);
    const count = counts[device];
    if (count === undefined) return null;
    const ids = Array.from({ length: count }, (_, index) => count - index).filter((id) => id < (before ?? count + 1));
    const events = ids.slice(0, limit).map((id) => ({ id, atMs: AT, event: 'withheld', detail: { why: '=1,2' } }));
    return { events };
  };
  return { read, asked };
}

async function all(lines: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const line of lines) text += line;
  return text;
}

it('writes CSV whose cells no spreadsheet calculates', async () => {
  const { read } = history({ '=cmd()': 1, b: 0 });
  assert.equal(
    await all(eventsCsv(['=cmd()', 'b', 'gone'], read)),
    'device,at,event,detail\r\n\'=cmd(),2026-01-02T03:04:05.000Z,withheld,"{""why"":""=1,2""}"\r\n',
  );
});

it('writes a line of JSON for each event, each once, over many portions', async () => {
  const { read, asked } = history({ a: 1_250, b: 500, c: 1 });
  const lines = (await all(eventsJsonLines(['a', 'b', 'c'], read))).trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line) as { device: string; id: number });
  assert.equal(new Set(told.map(({ device, id }) => `${device} ${id}`)).size, 1_751);
  assert.equal(lines.length, 1_751);
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), {
    ...{ device: 'c', id: 1, atMs: AT, event: 'withheld', detail: { why: '=1,2' } },
  });
  assert.ok(asked.every((line) => line.endsWith(' 500')));
});

it('asks for no more than its reader takes', async () => {
  const { read, asked } = history({ a: 5_000 });
  const lines = eventsJsonLines(['a'], read);
  await lines.next();
  assert.equal(asked.length, 1);
  await lines.return(undefined);
});

it('ends where a reader knows no pages', async () => {
  const events = Array.from({ length: 500 }, (_, id) => ({ id, atMs: AT, event: 'seen', detail: {} }));
  assert.ok((await all(eventsJsonLines(['a'], () => ({ events })))).length > 0);
});

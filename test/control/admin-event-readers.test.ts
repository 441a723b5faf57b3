// Readers of the live feed that take nothing: ended by what waits for them, or by the time that it waits.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventReaders, MAX_WAITING_BYTES } from '../../src/control/admin/event-readers.ts';
import { LiveFeed } from '../../src/control/admin/live-feed.ts';
import { DEVICE, OPENING } from '../rig/admin-stand-ins.ts';
import { until } from '../rig/bounded.ts';

const TEXT = 'x'.repeat(7_900);

type Opened = { feed: LiveFeed; readers: EventReaders; response: ServerResponse; client: Socket };

/** One reader that takes nothing, and the other end of its connection. */
async function open(t: TestContext, beatMs: number): Promise<Opened> {
  const feed = new LiveFeed();
  const readers = new EventReaders(feed, beatMs);
  const server = createServer((_request, response) => readers.open(response, null, () => true)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  t.after(() => {
    client.destroy();
    readers.stop();
    feed.stop();
    server.close();
  });
  return { feed, readers, response, client };
}

/** A tenth of a second's worth of events. */
async function publish(feed: LiveFeed): Promise<void> {
  for (let at = 0; at < 10; at += 1) {
    feed.publish('log', { id: at, text: TEXT });
    feed.publish('device', { ...DEVICE, board: TEXT });
    feed.publish('opening', { ...OPENING, reason: TEXT });
    feed.publish('fill', { id: TEXT, fileName: '', have: 0, length: null });
  }
  await sleep(105);
}

test('one for whom too much waits is ended, however short the time', async (t) => {
  const { feed, readers, response } = await open(t, 3_600_000);
  let most = 0;
  for (let round = 0; round < 100 && !response.destroyed; round += 1) {
    await publish(feed);
    most = Math.max(most, response.writableLength);
  }
  assert.ok(response.destroyed, 'it is still told');
  assert.ok(most <= MAX_WAITING_BYTES, `${most} bytes waited`);
  await until('its leave', () => readers.size === 0);
});

test('one for whom a little waits too long is ended', async (t) => {
  const { feed, readers, response } = await open(t, 200);
  await until(
    'something that waits',
    async () => {
      await publish(feed);
      return response.destroyed || response.writableLength > 0;
    },
    20_000,
  );
  assert.ok(response.writableLength <= MAX_WAITING_BYTES);
  await until('its end', () => response.destroyed && readers.size === 0);
});

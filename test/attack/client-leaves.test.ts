// A client that leaves takes its request to the upstream with it, at whatever moment: else a few clients that come and
// go fill an upstream with work that nobody waits for.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import type { RawClient } from '../rig/raw-client.ts';

const HALF_REPLY = `HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(400)}`;
const UPGRADE = get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13');
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

const CHUNKED_HALF = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';

/** Begins a request, and resolves when it has come to the moment in question. */
type Moment = (rig: AttackRig, client: RawClient) => Promise<void>;

function waiting(request: string): Moment {
  return async (rig, client) => {
    client.send(request);
    await rig.upstream.request();
  };
}

/** The reply reaches the client as it comes. */
function replying(request: string): Moment {
  return async (rig, client) => {
    rig.upstream.answer = () => HALF_REPLY;
    client.send(request);
    await client.come(400);
  };
}

/** The gate reads the reply whole before it answers, so that nothing of it can be seen from outside. */
function readingWhole(request: string, reply: string): Moment {
  return async (rig, client) => {
    rig.upstream.answer = () => reply;
    client.send(request);
    await rig.upstream.request();
    await sleep(50);
  };
}

function uploading(head: string): Moment {
  return async (rig, client) => {
    client.send(head);
    const connection = await rig.upstream.connection();
    await until('a part of the body', () => connection.bytes().includes('part'));
  };
}

const MOMENTS: Record<string, Moment> = {
  'a page, before the reply': waiting(get('/thing')),
  'a page, in the reply': replying(get('/thing')),
  'a form, before the reply': waiting(post('/thing', 'a=b')),
  'a DELETE with a body, before the reply': waiting(
    'DELETE /thing HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ),
  'an upload with a length': uploading('POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 9000\r\n\r\npart'),
  'a chunked upload': uploading(
    'PUT /up HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
  ),
  'an OTA check, before the reply': waiting(post('/xiaozhi/ota/', '{}')),
  'an OTA check, in the reply': readingWhole(post('/xiaozhi/ota/', '{}'), HALF_REPLY),
  'an activation, in a reply without a length': readingWhole(post('/xiaozhi/ota/activate', '{}'), CHUNKED_HALF),
  'a WebSocket, before the 101': waiting(UPGRADE),
  'a WebSocket, after the 101': async (rig, client) => {
    rig.upstream.answer = () => SWITCHING;
    client.send(UPGRADE);
    assert.equal((await client.reply())?.status, 101);
  },
  'a WebSocket, in a refusal': readingWhole(UPGRADE, 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000\r\n\r\nx'),
};

describe('a client that leaves', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = () => undefined;
  });

  for (const way of ['leave', 'reset', 'finish'] as const) {
    for (const secure of [false, true]) {
      for (const [moment, begin] of Object.entries(MOMENTS)) {
        it(`${moment} (${way}, ${secure ? 'TLS' : 'plain'})`, async () => {
          const from = rig.gate.lines.length;
          const client = secure ? await rig.dialSecurely() : await rig.dial();
          await begin(rig, client);
          client[way]();
          await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
          const isRecord = ({ event }: { event?: string }) => event === 'request' || event === 'websocket';
          await until('its record', () => rig.gate.lines.slice(from).some(isRecord));
          client.leave();
        });
      }
    }
  }

  it('behind an upstream that ignores the end of a WebSocket: the gate closes its socket all the same', async () => {
    rig.upstream.answer = () => SWITCHING;
    const client = await rig.dial();
    client.send(UPGRADE);
    await client.reply();
    const { socket } = await rig.upstream.connection();
    socket.allowHalfOpen = true;
    client.reset();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // Writing is how one sees that the other side is gone for good.
    const writing = setInterval(() => socket.write('still here'), 200);
    await Promise.race([closed, new Promise((_, reject) => setTimeout(() => reject(new Error('still open')), 8_000))]);
    clearInterval(writing);
  });

  it('came through unharmed', () => rig.unharmed());
});

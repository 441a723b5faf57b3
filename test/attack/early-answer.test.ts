// An answer that comes before the upload is whole: the client reads it, and what it sends on ties nothing up.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import type { RawClient } from '../rig/raw-client.ts';

const MB = 1_000_000;
const BLOCK = Buffer.alloc(256 * 1024, 7);
const BODY = 'this is too large';
const LENGTH = `HTTP/1.1 413 Content Too Large\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const CHUNKED = `HTTP/1.1 413 Content Too Large\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

function head(path: string, bytes: number): string {
  return `POST ${path} HTTP/1.1\r\nHost: ota.test\r\nContent-Length: ${bytes}\r\n\r\n`;
}

/** Sends until all is sent or nobody takes it any more; how much left. */
async function send(client: RawClient, bytes: number): Promise<number> {
  let sent = 0;
  while (sent < bytes && client.over() === null && !client.socket.destroyed) {
    const part = BLOCK.subarray(0, Math.min(BLOCK.length, bytes - sent));
    sent += part.length;
    if (client.socket.write(part)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        client.socket.off('drain', go).off('close', go);
        resolve();
      };
      client.socket.on('drain', go).on('close', go);
    });
  }
  return sent;
}

describe('an answer before the upload is whole', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    // It refuses by the head, and reads nothing more; it keeps its connection.
    rig.upstream.onHead = (_, { socket }) => {
      socket.pause();
      socket.write(answer);
    };
  });
  let answer = LENGTH;

  for (const path of ['/upload', '/xiaozhi/ota/activate']) {
    for (const [framing, reply] of Object.entries({ length: LENGTH, chunked: CHUNKED })) {
      it(`${path}, ${framing}: a client that reads only when all is sent reads it, and the connection ends in order`, async () => {
        answer = reply;
        for (const dial of [rig.dial, rig.dialSecurely]) {
          const client = await dial();
          client.send(head(path, 20 * MB));
          assert.equal(await send(client, 20 * MB), 20 * MB);
          const got = await client.reply();
          assert.deepEqual([got?.status, got?.text, got?.header('connection')], [413, BODY, 'close']);
          assert.equal(await client.ended(), 'ended');
          // Only who reads hears that the other side is gone.
          for (const { socket } of rig.upstream.connections) socket.resume();
          await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
        }
      });
    }
  }

  for (const path of ['/upload', '/xiaozhi/config/x']) {
    it(`${path}: a client that sends on without end is cut off`, async () => {
      answer = LENGTH;
      const client = await rig.dial();
      client.send(head(path, 2_000 * MB));
      const sending = send(client, 2_000 * MB);
      const got = await client.reply();
      assert.equal(got?.header('connection'), 'close');
      await client.ended(7_000);
      client.leave();
      assert.ok((await sending) < 200 * MB);
    });

    it(`${path}: a client that stands still is cut off, and its request is over`, async () => {
      answer = LENGTH;
      const still = `${path}/still`;
      const client = await rig.dial();
      client.send(head(still, 2_000 * MB));
      await send(client, MB / 2);
      assert.equal((await client.reply())?.header('connection'), 'close');
      await client.ended();
      const record = await rig.gate.line((line) => line.event === 'request' && line.path === still);
      assert.equal(record.status, path === '/upload' ? 413 : 403);
    });
  }

  it('came through unharmed', async () => {
    rig.upstream.onHead = null;
    await rig.unharmed();
  });
});

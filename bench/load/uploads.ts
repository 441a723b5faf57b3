// The process of a client that uploads: one body after another to the console, on a connection of its own each.
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { answerCalls } from '../rig/child.ts';
import { dial, type Way } from '../rig/device-client.ts';

export type UploadPlan = { way: Way; path: string; bytes: number; withinMs: number };

export type Uploaded = { status: number; replyBytes: number; crc32: number; wallMs: number };

const BLOCK = Buffer.from(Array.from({ length: 64 * 1024 }, (_, index) => (index * 167 + (index >> 8)) & 0xff));
const MAX_REPLY_BYTES = 64 * 1024;

const calls = {
  /** Sends as fast as it is taken. @throws {Error} where no whole reply comes in time, or one before the end of the body */
  upload: async ({ way, path, bytes, withinMs }: UploadPlan): Promise<Uploaded> => {
    const startedMs = performance.now();
    const socket = await dial(way);
    const late = setTimeout(() => socket.destroy(new Error(`not done within ${withinMs} ms`)), withinMs);
    let reply = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      reply = Buffer.concat([reply, data]);
      if (reply.length > MAX_REPLY_BYTES) socket.destroy(new Error('the reply does not end'));
    });
    const ended = once(socket, 'close').then(() => {
      throw new Error(`closed after ${reply.length} bytes of a reply: ${reply.toString('latin1').slice(0, 200)}`);
    });
    ended.catch(() => {}); // heard where it is raced with
    try {
      const head = [`POST ${path} HTTP/1.1`, `Host: ${way.name}`, 'Content-Type: application/octet-stream'];
      socket.write(`${[...head, `Content-Length: ${bytes}`].join('\r\n')}\r\n\r\n`);
      let checksum = 0;
      for (let sent = 0; sent < bytes; ) {
        const part = BLOCK.subarray(0, Math.min(BLOCK.length, bytes - sent));
        checksum = crc32(part, checksum);
        sent += part.length;
        if (!socket.write(part)) await Promise.race([once(socket, 'drain'), ended]);
        if (reply.length > 0) throw new Error(`a reply after ${sent} bytes: ${reply.toString('latin1').slice(0, 200)}`);
      }
      for (;;) {
        const whole = wholeReply(reply);
        if (whole !== null) return { ...whole, crc32: checksum, wallMs: performance.now() - startedMs };
        await Promise.race([once(socket, 'data'), ended]);
      }
    } finally {
      clearTimeout(late);
      socket.destroy();
    }
  },
};

function wholeReply(reply: Buffer): { status: number; replyBytes: number } | null {
  const end = reply.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = reply.subarray(0, end).toString('latin1');
  const length = Number(/^content-length: *(\d{1,9})$/im.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`a reply without a length: ${head}`);
  const replyBytes = reply.length - end - 4;
  if (replyBytes < length) return null;
  if (replyBytes > length) throw new Error(`${replyBytes} bytes where ${length} were promised`);
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0), replyBytes };
}

export type UploadsCalls = typeof calls;

answerCalls(calls);

// The process of a lean upstream: the Python server's replies, put together once, so that its own work leaves the CPUs to
// what is measured. It answers checks, downloads with an ETag, uploads, and echoes each frame of a WebSocket.
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { answerCalls } from './child.ts';
import { BOARD, type ImageName, imageOf, RUNNING } from './firmware.ts';
import { clientFrame, serverFrame } from './lean-frames.ts';

const MAX_HEAD_BYTES = 16 * 1024;
const counts = { checks: 0, downloads: 0, uploadedBytes: 0, sessions: 0 };

export type LeanPlan = {
  image: ImageName;
  /** Whether checks are answered with an offer of it. */
  offers: boolean;
};

let reply: Buffer = Buffer.alloc(0);
let download: Buffer = Buffer.alloc(0);

const calls = {
  start: (plan: LeanPlan): Promise<number> => {
    calls.set(plan);
    const server = createServer({ noDelay: true }, serve);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0, backlog: 8192 }, () => {
        const at = server.address();
        resolve(typeof at === 'object' && at !== null ? at.port : 0);
      });
    });
  },
  set: ({ image, offers }: LeanPlan): void => {
    const bytes = imageOf(image);
    const firmware = offers
      ? { version: image.version, url: `http://192.168.1.5:8003/xiaozhi/ota/download/${BOARD}_${image.version}.bin` }
      : { version: RUNNING, url: '' };
    const body = JSON.stringify({
      server_time: { timestamp: 1_795_346_793_698, timezone_offset: 480 },
      firmware,
      websocket: { url: 'ws://192.168.1.5:8000/xiaozhi/v1/', token: '' },
    });
    reply = whole('application/json; charset=utf-8', Buffer.from(body));
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
    download = whole('application/octet-stream', bytes, `ETag: "${etag}"\r\nCache-Control: max-age=3600\r\n`);
  },
  counts: () => counts,
};

function whole(type: string, body: Buffer, more = ''): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n${more}Server: lean\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function serve(socket: Socket): void {
  let head = '';
  let bodyLeft = 0;
  socket.on('error', () => {});
  const onData = (data: Buffer): void => {
    let rest = data;
    while (rest.length > 0) {
      if (bodyLeft > 0) {
        const part = Math.min(bodyLeft, rest.length);
        bodyLeft -= part;
        rest = rest.subarray(part);
        if (bodyLeft === 0) socket.write(reply);
        continue;
      }
      head += rest.toString('latin1');
      rest = Buffer.alloc(0);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) {
        if (head.length > MAX_HEAD_BYTES) socket.destroy();
        return;
      }
      const text = head.slice(0, end);
      rest = Buffer.from(head.slice(end + 4), 'latin1');
      head = '';
      if (/^upgrade: *websocket/im.test(text)) {
        socket.off('data', onData);
        converse(socket, text);
        return;
      }
      bodyLeft = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      if (text.startsWith('GET ') && text.includes('/download/')) {
        counts.downloads += 1;
        socket.write(download);
      } else if (bodyLeft > 64 * 1024) counts.uploadedBytes += bodyLeft;
      else {
        counts.checks += 1;
        if (bodyLeft === 0) socket.write(reply);
      }
    }
  };
  socket.on('data', onData);
}

/** Each frame of the client's is answered with one of the same length. */
function converse(socket: Socket, head: string): void {
  counts.sessions += 1;
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let pending = 0;
  socket.on('data', (data) => {
    for (pending += data.length; pending >= clientFrame.length; pending -= clientFrame.length)
      socket.write(serverFrame);
  });
}

export type LeanCalls = typeof calls;

answerCalls(calls);

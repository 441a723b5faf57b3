// The process of a lean upstream: the Python server's replies, put together once, so that its own work leaves the CPUs to
// what is measured. It answers checks, downloads with an ETag, uploads, the files of a console's page, and echoes each
// frame of a WebSocket.
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { answerCalls } from './child.ts';
import { PAGE } from './console-page.ts';
import { BOARD, type ImageName, imageOf, RUNNING } from './firmware.ts';
import { clientFrame, serverFrame } from './lean-frames.ts';

const MAX_HEAD_BYTES = 16 * 1024;
/** A body past it is an upload, of which each byte is looked at. */
const CHECK_BYTES = 64 * 1024;
const counts = { checks: 0, downloads: 0, sessions: 0, files: 0 };

export type Upload = { bytes: number; crc32: number };

/** The last one that came whole. */
let lastUpload: Upload = { bytes: 0, crc32: 0 };

export type LeanPlan = {
  image: ImageName;
  /** Whether checks are answered with an offer of it. */
  offers: boolean;
};

let reply: Buffer = Buffer.alloc(0);
let download: Buffer = Buffer.alloc(0);
const files = new Map<string, Buffer>();

const calls = {
  start: (plan: LeanPlan): Promise<number> => {
    calls.set(plan);
    for (const { path, type, bytes } of PAGE) files.set(path, whole(type, Buffer.alloc(bytes, path)));
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
  lastUpload: () => lastUpload,
};

function whole(type: string, body: Buffer, more = ''): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n${more}Server: lean\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function serve(socket: Socket): void {
  let head = '';
  let bodyLeft = 0;
  let upload: Upload | null = null;
  socket.on('error', () => {});
  const onData = (data: Buffer): void => {
    let rest = data;
    while (rest.length > 0) {
      if (bodyLeft > 0) {
        const part = Math.min(bodyLeft, rest.length);
        bodyLeft -= part;
        if (upload !== null)
          upload = { bytes: upload.bytes + part, crc32: crc32(rest.subarray(0, part), upload.crc32) };
        rest = rest.subarray(part);
        if (bodyLeft > 0) continue;
        lastUpload = upload ?? lastUpload;
        socket.write(reply);
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
      upload = bodyLeft > CHECK_BYTES ? { bytes: 0, crc32: 0 } : null;
      const file = text.startsWith('GET ') ? files.get(text.slice(4, text.indexOf(' ', 4))) : undefined;
      if (file !== undefined) {
        counts.files += 1;
        socket.write(file);
      } else if (text.startsWith('GET ') && text.includes('/download/')) {
        counts.downloads += 1;
        socket.write(download);
      } else if (upload === null) {
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

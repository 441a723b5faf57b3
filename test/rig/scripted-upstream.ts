// Owns an upstream that plays a script of bytes and pauses for each request, and ends the connection behind it.
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export type Received = {
  method: string;
  path: string;
  head: string;
  /** As it came: with its chunk frames, where it was chunked. */
  body: Buffer;
};

/** Bytes that go out as one write, or a pause in milliseconds. */
export type Act = string | Buffer | number;
export type Script = (request: Received) => Act[];

export type ScriptedUpstream = {
  origin: string;
  received: Received[];
  connections: number;
  answerWith: (script: Script) => void;
};

/** Ends with the test. */
export async function scriptedUpstream(t: Pick<TestContext, 'after'>, script: Script): Promise<ScriptedUpstream> {
  let current = script;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    upstream.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let bytes: Buffer = Buffer.alloc(0);
    let answered = false;
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const request = answered ? null : parseRequest(bytes);
      if (request === null) return;
      answered = true;
      upstream.received.push(request);
      void play(socket, current(request));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const upstream: ScriptedUpstream = {
    origin: `http://127.0.0.1:${port}`,
    received: [],
    connections: 0,
    answerWith: (next) => {
      current = next;
    },
  };
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return upstream;
}

/** A reply with a length, and `Connection: close`. */
export function plainReply(body: string | Buffer, headers: Record<string, string> = {}, status = '200 OK'): Act[] {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const all = Object.entries({ ...headers, 'Content-Length': String(bytes.length), Connection: 'close' });
  const head = `HTTP/1.1 ${status}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return [Buffer.concat([Buffer.from(head, 'latin1'), bytes])];
}

/** The value of a header of a received request, or undefined. */
export function receivedHeader(request: Received, name: string): string | undefined {
  const line = request.head.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

function parseRequest(bytes: Buffer): Received | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const body = Buffer.from(bytes.subarray(end + 4));
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const chunked = /^transfer-encoding: *chunked/im.test(head);
  if (chunked ? !body.toString('latin1').endsWith('0\r\n\r\n') : body.length < length) return null;
  const [method = '', path = ''] = head.split(' ', 2);
  return { method, path, head, body };
}

async function play(socket: Socket, acts: Act[]): Promise<void> {
  for (const act of acts) {
    if (typeof act === 'number') await sleep(act);
    else await new Promise<void>((resolve) => socket.write(act, () => resolve()));
  }
  socket.end();
}

// Owns an upstream of files under test: every request is counted and answered by the test's own hand, over real HTTP.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type Asked = { method: string; url: string; headers: IncomingHttpHeaders; body: string };
export type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

export type FileServer = {
  origin: string;
  /** All requests so far, in order. */
  asked: Asked[];
  /** Bytes that were handed out, heads with them. */
  bytes: () => number;
  /** Connections that are open now. */
  open: () => number;
  answer: Answer;
  /** Resets every connection. */
  reset: () => void;
};

/** Ends with the test. */
export async function fileServer(t: Pick<TestContext, 'after'>, answer: Answer): Promise<FileServer> {
  const sockets = new Set<Socket>();
  let gone = 0;
  const server = createServer((request, response) => {
    response.on('error', () => {});
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      files.asked.push(asked);
      files.answer(asked, response, request);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      gone += socket.bytesWritten;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const files: FileServer = {
    origin: `http://127.0.0.1:${port}`,
    asked: [],
    bytes: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, gone),
    open: () => sockets.size,
    answer,
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return files;
}

/** A whole file, with its length. */
export function send(
  response: ServerResponse,
  bytes: Buffer,
  headers: Record<string, string> = {},
  status = 200,
): void {
  response.writeHead(status, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(bytes.length),
    ...headers,
  });
  response.end(bytes);
}

/** Promises the whole file, sends so many bytes of it, and ends the connection behind them, so that all of them arrive. */
export function sendCut(
  response: ServerResponse,
  bytes: Buffer,
  cutAt: number,
  headers: Record<string, string> = {},
): void {
  sendUpTo(response, bytes, cutAt, headers, () => void response.socket?.end());
}

/** The same, but stays silent then. */
export function sendUpTo(
  response: ServerResponse,
  bytes: Buffer,
  end: number,
  headers: Record<string, string> = {},
  then: () => void = () => {},
): void {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(bytes.length),
    ...headers,
  });
  response.write(bytes.subarray(0, end), () => then());
}

/** A whole file at a steady pace, in steps of 20 ms. `onBytes` hears of each. */
export function sendPaced(
  response: ServerResponse,
  bytes: Buffer,
  bytesPerSecond: number,
  headers: Record<string, string> = {},
  onBytes: (bytes: number) => void = () => {},
): void {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(bytes.length),
    ...headers,
  });
  response.flushHeaders();
  const beganMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(bytes.length, Math.ceil(((performance.now() - beganMs) / 1000) * bytesPerSecond));
    if (response.destroyed) return clearInterval(timer);
    onBytes(due - sent);
    response.write(bytes.subarray(sent, due));
    sent = due;
    if (sent < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, 20);
}

/** The routes of a gate before it: stable links below /fw/, all open by plain HTTP. */
export function filesYaml(origin: string, more = ''): string {
  return `domain: ota.test
upstreams: { main: "${origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: always }
  - { name: firmware, path: /fw/, upstream: main, role: firmware, plainHttp: always }
${more}`;
}

// Owns an upstream of bytes: records every byte that comes, reads requests strictly, and answers what it is told.
import { createServer, type Socket } from 'node:net';
import { until } from './bounded.ts';
import { type Head, readHead, takeRequest, valuesOf } from './http-text.ts';

export type SeenRequest = {
  method: string;
  target: string;
  head: Head;
  /** All values of a header, in order. */
  values: (name: string) => string[];
  body: Buffer;
};

export type SeenConnection = {
  socket: Socket;
  /** Every byte so far. */
  bytes: () => Buffer;
  requests: SeenRequest[];
  /** What came after the last whole request. */
  rest: () => Buffer;
  over: () => 'ended' | 'reset' | null;
};

/** Bytes to answer with; nothing where the handler writes by itself, or stays silent. */
export type Answer = (
  request: SeenRequest,
  connection: SeenConnection,
) => string | Buffer | undefined | Promise<string | Buffer | undefined>;

export type RawUpstream = {
  origin: string;
  port: number;
  connections: SeenConnection[];
  requests: SeenRequest[];
  /** What could not be read as requests: a strict server would have refused it. */
  faults: string[];
  /** Changes what comes back from now on. */
  answer: Answer;
  /** Called once for each head, before the body has come. */
  onHead: ((head: Head, connection: SeenConnection) => void) | null;
  /** Forgets what it has seen. */
  forget: () => void;
  /** The connection that carries the n-th request or head, once it is there. */
  connection: (index?: number) => Promise<SeenConnection>;
  request: (index?: number) => Promise<SeenRequest>;
  stop: () => Promise<void>;
};

export const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';

export async function startRawUpstream(answer: Answer = () => OK): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    accept(upstream, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const upstream: RawUpstream = {
    origin: `http://127.0.0.1:${port}`,
    port,
    connections: [],
    requests: [],
    faults: [],
    answer,
    onHead: null,
    forget: () => {
      upstream.connections.length = 0;
      upstream.requests.length = 0;
      upstream.faults.length = 0;
    },
    connection: (index = 0) => until('a connection at the upstream', () => upstream.connections[index]),
    request: (index = 0) => until('a request at the upstream', () => upstream.requests[index]),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return upstream;
}

function accept(upstream: RawUpstream, socket: Socket): void {
  let all = Buffer.alloc(0);
  let rest = Buffer.alloc(0);
  let headTold = false;
  let listed = false;
  let broken = false;
  let over: 'ended' | 'reset' | null = null;
  const connection: SeenConnection = { socket, bytes: () => all, requests: [], rest: () => rest, over: () => over };
  socket.on('error', () => {
    over ??= 'reset';
  });
  socket.on('end', () => {
    over ??= 'ended';
  });
  socket.on('close', () => {
    over ??= 'ended';
  });
  socket.on('data', (chunk: Buffer) => {
    all = Buffer.concat([all, chunk]);
    rest = Buffer.concat([rest, chunk]);
    // A connection that the gate keeps is listed anew for each test that forgets.
    if (!listed || !upstream.connections.includes(connection)) upstream.connections.push(connection);
    listed = true;
    try {
      while (!broken && read());
    } catch (error) {
      broken = true;
      upstream.faults.push(String(error));
    }
  });
  const read = (): boolean => {
    const found = readHead(rest);
    if (found === null) return false;
    if (!headTold) upstream.onHead?.(found.head, connection);
    headTold = true;
    const taken = takeRequest(rest);
    if (taken === null) return false;
    rest = rest.subarray(taken.used);
    headTold = false;
    const [method = '', target = ''] = taken.head.start.split(' ');
    const request = {
      method,
      target,
      head: taken.head,
      values: (name: string) => valuesOf(taken.head, name),
      body: taken.body,
    };
    connection.requests.push(request);
    upstream.requests.push(request);
    void Promise.resolve(upstream.answer(request, connection)).then((bytes) => {
      if (bytes !== undefined && socket.writable) socket.write(bytes, 'latin1');
    });
    // After an upgrade, bytes are no requests any more.
    return taken.head.headers.every(([name]) => name.toLowerCase() !== 'upgrade');
  };
}

// Owns the doors of the admin interface: where it listens, and what each way in has to say for itself.
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorCode, GateError } from '../../base/errors.ts';
import type { Endpoint } from '../../config/config.ts';
import { tryEndpoint } from '../ports.ts';
import { Connections } from './connections.ts';
import { problem } from './refusals.ts';
import { SECURITY_HEADERS, setSecurityHeaders } from './security-headers.ts';

/**
 * `socket`: whoever can open the file in stateDir is this machine's user, with full rights. `tcp`: plain HTTP, tokens.
 * `public`: what gates relay from a route with role admin; they have checked scheme and Host, and say who asked.
 */
export type DoorKind = 'socket' | 'tcp' | 'public';
export type Door = { kind: DoorKind; connections: Connections };
export type DoorPlace = { kind: 'socket' | 'public'; path: string } | { kind: 'tcp'; endpoint: Endpoint };
export type OpenDoor = {
  endpoint: Endpoint | null;
  /** Takes no new connections; what runs may finish for a moment. The place is free at once. */
  leave: () => void;
  close: () => Promise<void>;
};
export type DoorTimes = { headMs: number; bodyMs: number; idleMs: number };

const TIMES: DoorTimes = { headMs: 10_000, bodyMs: 15_000, idleMs: 30_000 };
const doors = new WeakMap<IncomingMessage, Door>();
const expecting = new WeakSet<IncomingMessage>();

/** By which door a request came. @throws {TypeError} for one that came by none */
export function doorOf(request: IncomingMessage): Door {
  const door = doors.get(request);
  if (door === undefined) throw new TypeError('a request that came by no door');
  return door;
}

/** Tells a client that waits with its body (`Expect: 100-continue`) to send it; only once it was let in. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (expecting.delete(request)) response.writeContinue();
}

/**
 * Listens there, and hands over what comes.
 * @throws {GateError} LISTEN_FAILED with the next step, also where another gate answers on the socket
 */
export async function openDoor(
  place: DoorPlace,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  times: DoorTimes = TIMES,
): Promise<OpenDoor> {
  const connections = new Connections(times.bodyMs);
  const door: Door = { kind: place.kind, connections };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    doors.set(request, door);
    connections.begin(request, response);
    setSecurityHeaders(response);
    handle(request, response);
  };
  const server = createServer({
    headersTimeout: times.headMs,
    requestTimeout: 0, // an upload may take long; other bodies have a time of their own
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
  });
  // All of them, 16 KiB at most: past a number, Node would forget headers in silence.
  server.maxHeadersCount = 0;
  server.setTimeout(times.idleMs, (socket: Socket) => connections.idle(socket));
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('request', onRequest);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expecting.add(request);
    onRequest(request, response);
  });
  server.on('clientError', answerGarbage);
  if (place.kind === 'tcp') await listen(server, await tryEndpoint(place.endpoint));
  else await listenOnSocket(server, place.path);
  server.on('error', () => {}); // EMFILE and the like: the listener goes on when there is room again
  return {
    endpoint: place.kind === 'tcp' ? boundTo(server) : null,
    leave: () => leave(server),
    close: () => close(server),
  };
}

const LEAVE_MS = 2_000;

function leave(server: Server): void {
  server.close();
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), LEAVE_MS).unref();
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function boundTo(server: Server): Endpoint {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (await answers(path)) {
    throw new GateError(
      'LISTEN_FAILED',
      `another otagate serves from this stateDir already (${path} answers): stop it, or give this one a stateDir of its own`,
      { fault: 'gate' },
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const umask = process.umask(0o177);
  try {
    await listen(server, { path });
    chmodSync(path, 0o600);
  } finally {
    process.umask(umask);
  }
}

/** A socket file outlives a crash; only one that answers belongs to a running gate. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const GARBAGE: Readonly<Record<string, [number, ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'HEADERS_TOO_LARGE', 'the head of this request is larger than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'REQUEST_TIMEOUT', 'the request did not come in time'],
};

/** Bytes that are no request: answered where nothing was answered yet, and closed. */
function answerGarbage(error: Error, socket: Duplex): void {
  const [status, code, detail] = GARBAGE[errorCode(error)] ?? [
    400,
    'REQUEST_INVALID',
    'these bytes are no HTTP request',
  ];
  const written = (socket as Partial<Socket>).bytesWritten ?? 0;
  if (!socket.writable || written > 0 || errorCode(error) === 'ECONNRESET') return void socket.destroy();
  const told = problem(status, code, detail);
  const body = JSON.stringify(told);
  const headers = [
    ...SECURITY_HEADERS,
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Connection', 'close'],
  ].map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${told.title}\r\n${headers.join('')}\r\n${body}`);
  setTimeout(() => socket.destroy(), 1_000).unref();
}

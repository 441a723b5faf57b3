// Owns the listening sockets of a gate: opened, changed and closed without touching a connection that is there.
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as HttpsServer } from 'node:https';
import type { ServerOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type ErrorCode, errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { RepeatedTrouble } from '../base/repeated-trouble.ts';
import type { Endpoint } from '../config/config.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { chooseCertificate } from '../tls/choose.ts';
import { HandshakeLog } from '../tls/handshake-log.ts';
import { PROBLEM_HEADERS, problemBody, writeRaw } from './answer.ts';
import { HTTP2_PROTOCOL, type Keyring, NO_KEYS, ownContext, TLS_OPTIONS } from './certificates.ts';
import type { Crowd } from './crowd.ts';
import { putInFront } from './front.ts';
import { handshakeCallbacks } from './handshake.ts';
import { Http2Front } from './http2-front.ts';
import { type Listening, listen } from './listening.ts';
import { type Gate, onRequest, onUpgrade } from './pipeline.ts';
import type { ProxiedPeers } from './proxied-peers.ts';

type Wanted = { endpoint: Endpoint; secure: boolean };
type Listener = Wanted & { server: HttpServer | HttpsServer; http2: Http2Front; listening: Listening };

// 10 s of silence in a handshake ends it on the device, too.
const HANDSHAKE_MS = 10_000;
const PROBE_AFTER_MS = 60_000;
// Browsers keep a connection about a minute; a device never does.
const KEEP_ALIVE_MS = 65_000;
const NO_DELAY = true;

export class Listeners {
  readonly #gate: Gate;
  readonly #log: Log;
  readonly #listeners = new Map<string, Listener>();
  readonly #stopped: Listener[] = [];
  readonly #peers: ProxiedPeers;
  readonly #handshakes: HandshakeLog;
  readonly #crowd: Crowd;
  readonly #acceptTrouble: RepeatedTrouble;
  #keyring: Keyring = NO_KEYS;
  #recordBytes = 4096;

  constructor(gate: Gate, log: Log, peers: ProxiedPeers, crowd: Crowd) {
    this.#gate = gate;
    this.#peers = peers;
    this.#log = log;
    this.#handshakes = new HandshakeLog(log);
    this.#crowd = crowd;
    // EMFILE and the like: the listener goes on accepting when there is room again.
    const words = 'a listener could not accept connections';
    this.#acceptTrouble = new RepeatedTrouble(log, { event: 'listener-error', words, level: 'error' });
  }

  /**
   * Listens where the snapshot says, and nowhere else. Where that fails, all is as it was before.
   * @throws {Error} with the system's code, e.g. EADDRINUSE
   */
  async apply(snapshot: Snapshot, keyring: Keyring): Promise<void> {
    const wanted = new Map<string, Wanted>();
    for (const endpoint of snapshot.listen.http) wanted.set(key(endpoint, false), { endpoint, secure: false });
    for (const endpoint of snapshot.listen.https) wanted.set(key(endpoint, true), { endpoint, secure: true });
    const leaving = [...this.#listeners].filter(([name]) => !wanted.has(name));
    const before = this.#keyring;
    // A handshake on a new listener can come before the last one is open.
    this.#keyring = keyring;
    // Without sharing, a listener that leaves can hold the very port that a new one wants.
    if (!snapshot.shareListeners) for (const [, { listening }] of leaving) listening.stop();
    const added = new Map<string, Listener>();
    try {
      for (const [name, { endpoint, secure }] of wanted) {
        if (this.#listeners.has(name)) continue;
        const http2 = new Http2Front(this.#gate, this.#log);
        const server = secure ? this.#secureServer(snapshot, http2) : createServer(serverOptions());
        setTimeouts(server, snapshot);
        this.#wire(server);
        putInFront(server, (socket, handOn) => {
          this.#peers.admit(socket, this.#gate.live(), () => this.#crowd.admit(socket, secure, handOn));
        });
        const listening = await listen(server, endpoint, snapshot.shareListeners, connectionsOf(secure));
        added.set(name, { server, http2, secure, endpoint, listening });
      }
    } catch (error) {
      this.#keyring = before;
      for (const { listening } of added.values()) listening.stop();
      if (!snapshot.shareListeners)
        for (const [, listener] of leaving) {
          const { server, endpoint, secure } = listener;
          listener.listening = await listen(server, endpoint, false, connectionsOf(secure));
        }
      throw error;
    }
    this.#recordBytes = snapshot.tls.deviceRecordBytes;
    for (const [name, { listening, http2 }] of leaving) {
      this.#listeners.delete(name);
      http2.close();
      listening.stop();
    }
    for (const { server, secure } of this.#listeners.values()) {
      setTimeouts(server, snapshot);
      if (secure) this.#renewDefault(server as HttpsServer, snapshot);
    }
    for (const [name, listener] of added) this.#listeners.set(name, listener);
  }

  /** Takes no new connections, and ends those that wait for nothing: called again, those that have become idle since. */
  stop(): void {
    for (const listener of this.#listeners.values()) {
      listener.listening.stop();
      this.#stopped.push(listener);
    }
    this.#listeners.clear();
    for (const { server, http2 } of this.#stopped) {
      server.closeIdleConnections();
      http2.close();
    }
    this.#handshakes.close();
    this.#acceptTrouble.close();
  }

  #secureServer(snapshot: Snapshot, http2: Http2Front): HttpsServer {
    const server = createSecureServer({
      ...serverOptions(),
      ...TLS_OPTIONS,
      honorCipherOrder: true,
      handshakeTimeout: HANDSHAKE_MS,
      ...handshakeCallbacks(() => this.#keyring),
    });
    this.#renewDefault(server, snapshot);
    // Node's own listener reads HTTP/1.1, whatever was agreed on.
    const readers = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
    server.removeAllListeners('secureConnection').on('secureConnection', (socket: TLSSocket) => {
      this.#peers.recognise(socket);
      this.#crowd.shookHands(socket);
      if (socket.alpnProtocol === HTTP2_PROTOCOL) {
        const given = chooseCertificate(this.#keyring.certificates, socket.servername || '');
        http2.accept(socket, given?.names ?? []);
        return;
      }
      for (const read of readers) read.call(server, socket);
      // A device buffers each record whole, in heap that it may not have; browsers speak ALPN, devices do not.
      if (socket.getProtocol() === 'TLSv1.2' && !socket.alpnProtocol) socket.setMaxSendFragment(this.#recordBytes);
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#peers.recognise(socket);
      this.#handshakes.failed(error, socket.remoteAddress);
      this.#gate.events.add({ event: 'handshake-failed', atMs: Date.now(), reason: errorCode(error) });
      socket.destroy();
    });
    return server;
  }

  #renewDefault(server: HttpsServer, snapshot: Snapshot): void {
    const context = ownContext(this.#keyring, snapshot.tls.ticketKeys);
    if (context !== undefined) server.setSecureContext(context);
  }

  #wire(server: HttpServer | HttpsServer): void {
    const gate = this.#gate;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => onRequest(gate, request, response));
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      onRequest(gate, request, response, true),
    );
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      onRequest(gate, request, response),
    );
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A device that vanished from the net leaves a WebSocket behind; the kernel's own two hours are too long for that.
      request.socket.setKeepAlive(true, PROBE_AFTER_MS);
      onUpgrade(gate, request, socket, head);
    });
    server.on('clientError', (error: Error, socket: Duplex) => this.#onGarbage(error, socket));
    server.on('error', (error: Error) => this.#acceptTrouble.again({ reason: errorCode(error) }));
  }

  /** Bytes that are no request: answered where that can still be read, told, and closed. */
  #onGarbage(error: Error, socket: Duplex): void {
    const reason = errorCode(error);
    const [status, code, detail] = GARBAGE[reason] ?? [400, 'REQUEST_INVALID', 'these bytes are no HTTP request'];
    // Gone in the middle of its request, or of its answer: there is nobody to tell.
    if (LEFT.has(reason)) return void socket.destroy();
    const client = normaliseAddress((socket as Partial<Socket>).remoteAddress);
    this.#log.warn({ event: 'bad-request', client, reason, status }, `bad request: ${detail}`);
    // In the middle of another answer these bytes would be taken for a part of it, before it for the answer itself.
    const before = [...this.#gate.running].find(({ request }) => request.socket === socket);
    const inItsBody =
      before?.outlet.kind === 'response' && !before.request.complete && !before.outlet.response.headersSent;
    if (before !== undefined && !inItsBody) return void socket.destroy();
    if (!socket.writable) return void socket.destroy();
    const body = problemBody(status, code, detail, '-');
    writeRaw(socket, status, [...PROBLEM_HEADERS, ['Content-Length', String(body.length)]], body);
  }
}

const LEFT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ETIMEDOUT',
  'HPE_INVALID_EOF_STATE',
]);

const GARBAGE: Record<string, [number, ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: [431, 'HEADERS_TOO_LARGE', 'the head of this request is larger than 16 KiB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'REQUEST_INVALID', 'the chunk extensions of this request are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'REQUEST_TIMEOUT', 'the request did not come in time'],
};

// Node's HTTP server lets a client end its side first, its HTTPS server does not.
function connectionsOf(secure: boolean): ServerOpts {
  return { allowHalfOpen: !secure, noDelay: NO_DELAY };
}

function serverOptions(): ServerOptions {
  return {
    // Every other Upgrade (h2c, TLS) is a plain request whose offer is not taken. A handshake has no body.
    shouldUpgradeCallback: (request) =>
      request.method === 'GET' &&
      request.headers.upgrade?.toLowerCase() === 'websocket' &&
      request.headers['transfer-encoding'] === undefined &&
      Number(request.headers['content-length'] ?? 0) === 0,
    requireHostHeader: false, // decided on like everything else
    requestTimeout: 0, // an upload over a slow line may take hours; what stands still is ended by limits.idle
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: NO_DELAY,
    connectionsCheckingInterval: 2_000,
  };
}

function setTimeouts(server: HttpServer | HttpsServer, snapshot: Snapshot): void {
  server.headersTimeout = snapshot.limits.headerMs;
  // All of them, 16 KiB at most: past a number, Node would forget headers in silence, and frame the body by them still.
  server.maxHeadersCount = 0;
}

function key(endpoint: Endpoint, secure: boolean): string {
  return `${secure ? 'https' : 'http'} ${endpoint.host} ${endpoint.port}`;
}

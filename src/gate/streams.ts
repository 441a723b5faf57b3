// Owns streams in a gate: TLS in front of plain TCP, such as MQTT, with the certificates of the other listeners.
import type { ServerOpts, Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { Endpoint, StreamConfig } from '../config/config.ts';
import type { EventQueue } from '../link/events.ts';
import type { ToControl } from '../link/messages.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { type AddressTest, compileNetworks, normaliseAddress } from '../policy/networks.ts';
import { HandshakeLog } from '../tls/handshake-log.ts';
import { writeProxyHeader } from '../upstream/proxy-protocol.ts';
import { type CarriedStream, carryStream, type StreamOutcome } from './carried-stream.ts';
import { type Keyring, NO_KEYS, ownContext, TLS_OPTIONS } from './certificates.ts';
import type { Crowd } from './crowd.ts';
import { putInFront } from './front.ts';
import { handshakeCallbacks } from './handshake.ts';
import { type Listening, listen } from './listening.ts';
import type { Live } from './live.ts';
import type { ProxiedPeers } from './proxied-peers.ts';

// 10 s of silence in a handshake ends it on the device, too.
const HANDSHAKE_MS = 10_000;
const PROBE_AFTER_MS = 60_000;
const CONNECTIONS: ServerOpts = { noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS };
const NOT_YET: Listening = { stop: () => {} };
const TELL_MS = 500;
const QUIET_MS = 2_000;

type Served = {
  stream: StreamConfig;
  isAllowed: AddressTest;
  server: TlsServer;
  listening: Listening;
  /** Connections that are open, those in their handshake included. */
  open: number;
};

export type StreamParts = {
  log: Log;
  events: EventQueue;
  peers: ProxiedPeers;
  /** That of the other listeners: handshakes have their turns, and connections their bounds, together. */
  crowd: Crowd;
  live: () => Live;
  tell: (message: ToControl) => Promise<void>;
};

type Running = { carried: CarriedStream; address: string; bytes: number; quietSinceMs: number };

let counter = 0;
const idPrefix = Math.random().toString(36).slice(2, 8).padEnd(6, '0');

export class Streams {
  readonly #parts: StreamParts;
  readonly #served = new Map<string, Served>();
  readonly #running = new Set<Running>();
  readonly #handshakes: HandshakeLog;
  #keyring: Keyring = NO_KEYS;
  #limits: Pick<Snapshot['limits'], 'connectMs'> = { connectMs: 5_000 };
  #recordBytes = 4096;
  #telling: NodeJS.Timeout | undefined;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#handshakes = new HandshakeLog(parts.log);
  }

  /** Connections that are carried now; a drain waits for them. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Listens where the snapshot says, and nowhere else. Connections stay, whatever became of their listener.
   * @throws {Error} with the system's code, e.g. EADDRINUSE
   */
  async apply(snapshot: Snapshot, keyring: Keyring): Promise<void> {
    this.#keyring = keyring;
    this.#limits = snapshot.limits;
    this.#recordBytes = snapshot.tls.deviceRecordBytes;
    const wanted = new Map(snapshot.streams.map((stream) => [nameOf(stream.listen), stream]));
    for (const [name, { listening }] of this.#served) {
      if (wanted.has(name)) continue;
      listening.stop();
      this.#served.delete(name);
    }
    for (const [name, stream] of wanted) {
      const served = this.#served.get(name) ?? (await this.#open(stream, snapshot));
      if (!isDeepStrictEqual(served.stream.allow, stream.allow)) served.isAllowed = allowTest(stream);
      served.stream = stream;
      const context = ownContext(keyring, snapshot.tls.ticketKeys);
      if (context !== undefined) served.server.setSecureContext(context);
    }
  }

  /** Takes no new connections. */
  stop(): void {
    for (const { listening } of this.#served.values()) listening.stop();
    this.#served.clear();
    this.#handshakes.close();
  }

  /**
   * Ends connections on which nothing has moved for two seconds: called again and again while a drain lasts. One that is
   * kept for messages to come would never end by itself, and its client comes back by a new one.
   */
  endQuiet(): void {
    const nowMs = performance.now();
    for (const running of this.#running) {
      const bytes = running.carried.bytes();
      if (bytes !== running.bytes || running.quietSinceMs === 0) Object.assign(running, { bytes, quietSinceMs: nowMs });
      else if (nowMs - running.quietSinceMs > QUIET_MS) running.carried.end('stopping');
    }
  }

  async #open(stream: StreamConfig, snapshot: Snapshot): Promise<Served> {
    const { SNICallback } = handshakeCallbacks(() => this.#keyring);
    const server = createServer({
      ...TLS_OPTIONS,
      honorCipherOrder: true,
      handshakeTimeout: HANDSHAKE_MS,
      ...CONNECTIONS,
      SNICallback,
    });
    const served: Served = { stream, isAllowed: allowTest(stream), server, listening: NOT_YET, open: 0 };
    putInFront(server, (socket, handOn) => {
      const { peers, live } = this.#parts;
      peers.admit(socket, live(), () => this.#admit(served, socket, handOn));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#parts.peers.recognise(socket);
      this.#parts.crowd.shookHands(socket);
      void this.#carry(served, socket);
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#parts.peers.recognise(socket);
      this.#handshakes.failed(error, socket.remoteAddress);
      this.#parts.events.add({ event: 'handshake-failed', atMs: Date.now(), reason: errorCode(error) });
      socket.destroy();
    });
    server.on('error', (error: Error) => {
      const reason = errorCode(error);
      this.#parts.log.error({ event: 'listener-error', reason }, 'a stream could not accept a connection');
    });
    served.listening = await listen(server, stream.listen, snapshot.shareListeners, CONNECTIONS);
    this.#served.set(nameOf(stream.listen), served);
    return served;
  }

  /** Before the handshake, which is the dear part. */
  #admit(served: Served, socket: Socket, handOn: () => void): void {
    const { stream } = served;
    const client = normaliseAddress(socket.remoteAddress);
    const because = !served.isAllowed(client) ? 'not-allowed' : served.open >= stream.connections ? 'too-many' : null;
    if (because !== null) {
      socket.on('error', () => {}).destroy();
      const startedMs = performance.now();
      this.#record(stream, { client, startedMs }, { because, server: null, reason: null, received: 0, sent: 0 });
      return;
    }
    served.open += 1;
    this.#tellSoon();
    socket.once('close', () => {
      served.open -= 1;
      this.#tellSoon();
    });
    this.#parts.crowd.admit(socket, true, handOn);
  }

  async #carry({ stream }: Served, client: TLSSocket): Promise<void> {
    // From here on: who has said all that it has to say may still be spoken to. Before, who leaves in the middle of its
    // handshake would be waited for.
    client.allowHalfOpen = true;
    // A device buffers each record whole, in heap that it may not have.
    const tls = client.getProtocol();
    if (tls === 'TLSv1.2') client.setMaxSendFragment(this.#recordBytes);
    const from = { client: normaliseAddress(client.remoteAddress), startedMs: performance.now() };
    const { upstream: servers, idleMs } = stream;
    const carried = carryStream(client, {
      servers,
      idleMs,
      connectMs: this.#limits.connectMs,
      preface: prefaceOf(stream, client),
    });
    const running: Running = { carried, address: nameOf(stream.listen), bytes: 0, quietSinceMs: 0 };
    this.#running.add(running);
    const outcome = await carried.over;
    this.#running.delete(running);
    this.#record(stream, { ...from, tls, name: client.servername }, outcome);
  }

  #record(stream: StreamConfig, from: From, { because, ...outcome }: Ended): void {
    const { received, sent } = outcome;
    counter += 1;
    const line: Record<string, unknown> = {
      event: 'stream',
      id: `${idPrefix}-s${counter.toString(36)}`,
      client: from.client || 'unknown',
      listen: nameOf(stream.listen),
      because,
      received,
      sent,
      ms: Math.round(performance.now() - from.startedMs),
    };
    if (outcome.server !== null) line.upstream = outcome.server;
    if (from.tls) line.tls = from.tls;
    if (typeof from.name === 'string' && from.name !== '') line.host = printable(from.name, 253);
    if (outcome.reason !== null) line.reason = outcome.reason;
    const troubled = TROUBLES.has(because);
    this.#parts.log[troubled ? 'warn' : 'info'](line, `stream ${nameOf(stream.listen)} ${because}`);
    this.#parts.events.add({ event: 'stream', atMs: Date.now(), because, received, sent });
  }

  /** At most twice a second. */
  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const open = Object.fromEntries([...this.#served].map(([name, served]) => [name, served.open]));
      this.#parts.tell({ kind: 'streams', open }).catch(() => {});
    }, TELL_MS).unref();
  }
}

type From = { client: string; startedMs: number; tls?: string | null; name?: string | false | null };
type Ended = Omit<StreamOutcome, 'because'> & { because: StreamOutcome['because'] | 'not-allowed' | 'too-many' };

const TROUBLES = new Set<Ended['because']>(['not-allowed', 'too-many', 'server-unreachable', 'server-broke-off']);

function allowTest({ allow }: StreamConfig): AddressTest {
  return allow.length === 0 ? () => true : compileNetworks(allow);
}

/** What the server behind hears of the client first, where it wants to. */
function prefaceOf({ proxyProtocol }: StreamConfig, client: Socket): Buffer | null {
  if (proxyProtocol === 'none') return null;
  return writeProxyHeader(proxyProtocol, {
    source: { address: normaliseAddress(client.remoteAddress), port: client.remotePort ?? 0 },
    destination: { address: normaliseAddress(client.localAddress), port: client.localPort ?? 0 },
  });
}

function nameOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

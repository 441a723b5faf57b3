// Owns how a connection to an origin is made: by TCP or a Unix socket, by TLS under which name and roots, and with what
// said before its first byte.
import { readFileSync } from 'node:fs';
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { socketPathOf } from '../config/unix-origin.ts';
import type { UpstreamConfig, UpstreamTls } from '../config/upstream-config.ts';
import { lookup } from './lookup.ts';
import { buildConnector, type Connector } from './undici-parts.ts';

// Below the keep-alive of every server in the field (Tomcat 20 s, aiohttp and nginx 75 s), so that a request does not
// meet a connection that is just being closed.
export const IDLE_SOCKET_MS = 4_000;
const PROBE_AFTER_MS = 60_000;

/** All of it fixed at a snapshot: two that are equal may share connections. */
export type Connecting = {
  origin: string;
  socketPath: string | null;
  /** Null for plain HTTP. */
  tls: { servername: string; ca?: string; cert?: string; key?: string } | null;
  proxyProtocol: UpstreamConfig['proxyProtocol'];
};

/** Reads the files that the settings name. @throws {Error} with the system's code for one that cannot be read */
export function connectingTo(origin: string, { tls, proxyProtocol }: UpstreamConfig): Connecting {
  const secure = origin.startsWith('https:');
  return { origin, socketPath: socketPathOf(origin), tls: secure ? tlsOf(origin, tls) : null, proxyProtocol };
}

function tlsOf(origin: string, { serverName, caFile, certFile, keyFile }: UpstreamTls): Connecting['tls'] {
  const host = new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1');
  // Without it, the name of ours in Host would be asked for. An address has no place in SNI.
  const servername = serverName ?? (isIP(host) === 0 ? host : '');
  const file = (path: string): string => readFileSync(path, 'utf8');
  return {
    servername,
    ...(caFile === null ? {} : { ca: file(caFile) }),
    ...(certFile === null ? {} : { cert: file(certFile) }),
    ...(keyFile === null ? {} : { key: file(keyFile) }),
  };
}

/** The connector of an undici pool. `preface` goes out before anything else. */
export function connectorFor(to: Connecting, connectMs: number, preface: Buffer | null): Connector {
  const base = buildConnector({
    timeout: connectMs,
    lookup,
    ...(to.socketPath === null ? {} : { socketPath: to.socketPath }),
    ...to.tls,
  });
  if (preface !== null) return prefaced(to, connectMs, preface);
  if (to.tls === null) return base;
  // Of itself it would take the name from Host, which is one of ours.
  const { servername } = to.tls;
  return (options, done) => base({ ...options, servername }, done);
}

function prefaced(to: Connecting, connectMs: number, preface: Buffer): Connector {
  return (_options, done) => {
    const socket = openPrefaced(to, preface);
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('error', settle);
      if (error === null) {
        done(null, socket);
        return;
      }
      // TLS over a connection that fails tells it twice, and what nobody hears ends the process.
      socket.on('error', () => {}).destroy();
      done(error, null);
    };
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ECONNECT_TIMEOUT' }));
    }, connectMs);
    socket.once('error', settle).once(to.tls === null ? 'connect' : 'secureConnect', () => settle(null));
  };
}

/** An agent for Node's own client, whose connections are kept. */
export function agentFor({ socketPath, tls }: Connecting): HttpAgent {
  const options: AgentOptions = { keepAlive: true, maxFreeSockets: 64, timeout: IDLE_SOCKET_MS };
  const place = socketPath === null ? { lookup } : { socketPath };
  return tls === null ? new HttpAgent({ ...options, ...place }) : new HttpsAgent({ ...options, ...place, ...tls });
}

/** An agent for one request of one client: nobody else may use a connection that speaks for it. */
export function agentSaying(to: Connecting, preface: Buffer): HttpAgent {
  const agent = to.tls === null ? new HttpAgent({ keepAlive: false }) : new HttpsAgent({ keepAlive: false });
  agent.createConnection = () => openPrefaced(to, preface);
  return agent;
}

function openPrefaced({ origin, socketPath, tls }: Connecting, preface: Buffer): Socket {
  const url = new URL(origin);
  const port = Number(url.port) || (tls === null ? 80 : 443);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS, noDelay: true };
  const socket =
    socketPath === null ? connectTcp({ host, port, lookup, ...keepAlive }) : connectTcp({ path: socketPath });
  socket.write(preface);
  return tls === null ? socket : connectTls({ socket, host, ...tls });
}

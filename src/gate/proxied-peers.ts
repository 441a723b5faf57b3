// Owns the clients behind proxies that speak the PROXY protocol: a connection of such a proxy carries the address of its
// client from then on, so that all who ask the socket for it, HTTP/1.1, HTTP/2, TLS and streams alike, hear the same.
import type { Socket } from 'node:net';
import type { Log } from '../base/log.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { type End, MAX_PROXY_HEADER_BYTES, type ProxyHeader, readProxyHeader } from '../upstream/proxy-protocol.ts';
import type { Live } from './live.ts';

// A proxy sends it with its first packet.
const HEADER_MS = 5_000;

// For a client that the proxy has no address for: nobody's, so never one of the LAN.
const NOBODY: End = { address: '', port: 0 };

export class ProxiedPeers {
  readonly #log: Log;
  /** The clients of TLS connections, by the two ends of the proxy's own connection. */
  readonly #byEnds = new Map<string, End>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Hands a connection on: at once, or, of a proxy that must send a header, when that is read. The rest of what came
   * with it is the first that its server reads. What is no header ends the connection, and so does silence.
   */
  admit(socket: Socket, { proxyProtocol, isTrustedProxy }: Live, handOn: () => void): void {
    const proxy = proxyProtocol ? normaliseAddress(socket.remoteAddress) : '';
    if (!proxyProtocol || !isTrustedProxy(proxy)) {
      handOn();
      return;
    }
    readHeader(socket, (header) => {
      switch (header.kind) {
        case 'local':
          handOn();
          return;
        case 'unknown':
        case 'proxied':
          this.#remember(socket, header.kind === 'unknown' ? NOBODY : header.source);
          handOn();
          return;
        default: {
          const because = header.kind === 'invalid' ? header.because : 'it did not come whole in time';
          const message = `a connection of the proxy ${proxy} is refused: each must begin with a PROXY header (trustedProxies.proxyProtocol), and ${because}`;
          this.#log.warn({ event: 'proxy-header', peer: proxy, because }, message);
          socket.destroy();
        }
      }
    });
  }

  /** A TLS connection comes into its client's address here: its socket is another one than that which was admitted. */
  recognise(socket: Socket): void {
    if (this.#byEnds.size === 0) return;
    const client = this.#byEnds.get(endsOf(socket));
    if (client !== undefined) rename(socket, client);
  }

  #remember(socket: Socket, client: End): void {
    const ends = endsOf(socket);
    this.#byEnds.set(ends, client);
    socket.once('close', () => this.#byEnds.delete(ends));
    rename(socket, client);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function rename(socket: Socket, { address, port }: End): void {
  Object.defineProperty(socket, 'remoteAddress', { value: address === '' ? undefined : address });
  Object.defineProperty(socket, 'remotePort', { value: port });
}

/** Calls back once: with the header, what is wrong with it, or `incomplete` where its time is over or the end came. */
function readHeader(socket: Socket, done: (header: ProxyHeader) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const settle = (header: ProxyHeader): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
    done(header);
    // Behind the others: whoever takes the socket has a listener of its own by now.
    socket.off('error', ignore);
  };
  const onReadable = (): void => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes.subarray(0, MAX_PROXY_HEADER_BYTES));
      if (header.kind === 'incomplete') continue;
      if ('length' in header && bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      settle(header);
      return;
    }
  };
  const onEnd = (): void => settle({ kind: 'incomplete' });
  const ignore = (): void => {};
  const timer = setTimeout(onEnd, HEADER_MS);
  socket.on('error', ignore).once('end', onEnd).once('close', onEnd).on('readable', onReadable);
}

// Owns one fresh connection of a device: name, TCP, and a full TLS 1.2 handshake as ESP-IDF makes it.

import { constants } from 'node:crypto';
import { lookup as resolve } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { Link } from './link.ts';
import { judgeChain, servedPath, type TrustBundle } from './trust.ts';

/** What `code=` on the screen means where no reply came: ESP_ERR_ESP_TLS_BASE (0x8000) and what is added to it. */
export const SCREEN_CODES = { badJson: 264, dns: 32769, connect: 32772, timeout: 32774, tls: 32794, noReply: -1 };

export type Wiring = {
  trust: TrustBundle;
  /** Silence that ends a handshake, in milliseconds. */
  handshakeMs: number;
  checksCertificate: boolean;
  toleratesCrossSign: boolean;
  /** Name to address; an empty text means that there is no such name. */
  lookup?: (host: string) => string;
  port?: (host: string, port: number) => number;
  localAddress?: string;
};

export type Dialled = { dialled: 'open'; socket: Socket } | { dialled: 'failed'; code: number; because: string };

let secureContext: SecureContext | undefined;

// What mbedTLS offers in ESP-IDF's default configuration: no ChaCha20, no session tickets, no TLS 1.3.
// The store of OpenSSL stays empty: trust.ts judges the chain by the device's own rules.
function deviceContext(): SecureContext {
  secureContext ??= createSecureContext({
    ca: [],
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: [
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ].join(':'),
    ecdhCurve: 'X25519:P-256:P-384:P-521',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  });
  return secureContext;
}

/** Opens a connection to a link's host. Never rejects; a failure carries the number that the screen shows. */
export async function dial(to: Link, wiring: Wiring): Promise<Dialled> {
  const address = await resolveHost(to.host, wiring);
  if (address === undefined) return failed(SCREEN_CODES.dns, `no address for ${to.host}`);
  const port = wiring.port?.(to.host, to.port) ?? to.port;
  const tcp = await openTcp(address, port, wiring);
  if (tcp.dialled === 'failed' || !to.secure) return tcp;
  return openTls(tcp.socket, to.host, wiring);
}

async function resolveHost(host: string, wiring: Wiring): Promise<string | undefined> {
  try {
    if (wiring.lookup !== undefined) return wiring.lookup(host) || undefined;
    return isIP(host) > 0 ? host : (await resolve(host, { family: 4 })).address;
  } catch {
    return undefined;
  }
}

function openTcp(host: string, port: number, wiring: Wiring): Promise<Dialled> {
  return new Promise((settle) => {
    const options: TcpNetConnectOpts = { host, port, noDelay: true };
    if (wiring.localAddress !== undefined) options.localAddress = wiring.localAddress;
    const socket = connectTcp(options);
    const timer = setTimeout(
      () => end(SCREEN_CODES.timeout, `no connection within ${wiring.handshakeMs} ms`),
      wiring.handshakeMs,
    );
    const onError = (error: Error) => end(SCREEN_CODES.connect, error.message);
    function end(code: number, because: string): void {
      clearTimeout(timer);
      socket.destroy();
      settle(failed(code, because));
    }
    socket.on('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      settle({ dialled: 'open', socket });
    });
  });
}

function openTls(tcp: Socket, host: string, wiring: Wiring): Promise<Dialled> {
  return new Promise((settle) => {
    const socket: TLSSocket = connectTls({
      socket: tcp,
      secureContext: deviceContext(),
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const silence = watchSilence(tcp, wiring.handshakeMs, () =>
      end(`nothing came for ${wiring.handshakeMs} ms within the handshake`),
    );
    const onError = (error: Error) => end(error.message);
    const onClose = () => end('the server closed the connection within the handshake');
    function end(because: string): void {
      silence.stop();
      socket.destroy();
      settle(failed(SCREEN_CODES.tls, because));
    }
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.once('secureConnect', () => {
      silence.stop();
      if (wiring.checksCertificate) {
        const path = servedPath(socket.getPeerCertificate(true));
        const verdict = judgeChain(path, host, wiring.trust, wiring.toleratesCrossSign);
        if (verdict.chain === 'refused') return end(verdict.because);
      }
      socket.off('error', onError);
      socket.off('close', onClose);
      settle({ dialled: 'open', socket });
    });
  });
}

// A TLS socket tells nothing of handshake bytes that come in, so they are counted on the TCP socket below it.
function watchSilence(tcp: Socket, limitMs: number, onSilence: () => void): { stop: () => void } {
  let seen = tcp.bytesRead;
  let since = Date.now();
  const timer = setInterval(
    () => {
      if (tcp.bytesRead !== seen) {
        seen = tcp.bytesRead;
        since = Date.now();
      } else if (Date.now() - since >= limitMs) {
        onSilence();
      }
    },
    Math.max(5, Math.min(100, limitMs / 10)),
  );
  return { stop: () => clearInterval(timer) };
}

function failed(code: number, because: string): Dialled {
  return { dialled: 'failed', code, because };
}

// Owns one connection as a device makes it, through a wire tap, with every certificate taken: it is judged afterwards.
import type { Socket } from 'node:net';
import { dial, SCREEN_CODES } from '../../device/connection.ts';
import type { Link } from '../../device/link.ts';
import { trustBundle } from '../../device/trust.ts';
import type { Handshake, Opening } from '../facts.ts';
import { pemOf, readServerFlight } from './server-flight.ts';
import { tapWire } from './wire-tap.ts';

export type Times = {
  /** For a TCP connection. */
  connectMs: number;
  /** Silence that ends a handshake, a reply, and the wait for a hello. */
  replyMs: number;
  /** The console’s patience with each of its two checks. */
  consoleMs: number;
};

/** What a device and the console have. */
export const REAL_TIMES: Times = { connectMs: 10_000, replyMs: 10_000, consoleMs: 5_000 };

export type Connection = {
  socket: Socket;
  /** What came over the wire so far, encrypted as it was. */
  seen: () => Buffer;
  close: () => void;
};

export type Connected = { opening: Opening; connection: Connection | null; handshake: Handshake | null };

const NO_TRUST = trustBundle([]);

/** Connects to the link’s port on this address. Never rejects. */
export async function connectAsDevice(to: Link, address: string, times: Times): Promise<Connected> {
  const tap = await tapWire({ address, port: to.port }, times.connectMs);
  const dialled = await dial(to, {
    trust: NO_TRUST,
    handshakeMs: times.connectMs + times.replyMs,
    checksCertificate: false,
    toleratesCrossSign: true,
    lookup: () => '127.0.0.1',
    port: () => tap.port,
  });
  if (dialled.dialled === 'failed') {
    const unreached = await tap.reached;
    tap.close();
    const at = unreached?.at ?? (dialled.code === SCREEN_CODES.tls ? 'tls' : 'refused');
    return failed({ opened: 'no', at, because: unreached?.because ?? dialled.because });
  }
  const { socket } = dialled;
  socket.on('error', () => {});
  const close = (): void => {
    socket.destroy();
    tap.close();
  };
  // Over plain HTTP, the connection to the tap stands before the one behind it does.
  const unreached = await tap.reached;
  if (unreached !== null) {
    close();
    return failed({ opened: 'no', ...unreached });
  }
  const flight = to.secure ? readServerFlight(tap.seen()) : null;
  return {
    opening: { opened: 'yes' },
    connection: { socket, seen: tap.seen, close },
    handshake:
      flight === null ? null : { chainPem: flight.certificates.map(pemOf).join(''), bytes: flight.handshakeBytes },
  };
}

function failed(opening: Opening): Connected {
  return { opening, connection: null, handshake: null };
}

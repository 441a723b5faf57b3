// Owns the wire tap: a relay on loopback through which a device connects, and which keeps what the server sent.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { errorCode, errorText } from '../../base/errors.ts';

export type Unreached = { at: 'refused' | 'silent'; because: string };

export type WireTap = {
  /** On 127.0.0.1. */
  port: number;
  /** What came from the server so far, the first `MAX_KEPT_BYTES` of it. */
  seen: () => Buffer;
  /** Settles once the server has taken the connection, or has not: then with the reason. */
  reached: Promise<Unreached | null>;
  close: () => void;
};

const MAX_KEPT_BYTES = 512 * 1024;

/** Takes one connection, and relays it to this address. Nobody is asked before that. */
export async function tapWire(to: { address: string; port: number }, connectMs: number): Promise<WireTap> {
  const kept: Buffer[] = [];
  let bytes = 0;
  let settle: (failure: Unreached | null) => void = () => {};
  const reached = new Promise<Unreached | null>((resolve) => {
    settle = resolve;
  });
  const sockets: Socket[] = [];
  const listener = createServer((near) => {
    listener.close();
    const far = connect({ host: to.address, port: to.port, noDelay: true });
    sockets.push(near, far);
    near.setNoDelay(true);
    const timer = setTimeout(() => {
      settle({ at: 'silent', because: `no connection within ${connectMs / 1000} s` });
      far.destroy();
    }, connectMs);
    far.once('connect', () => {
      clearTimeout(timer);
      settle(null);
    });
    far.on('data', (data: Buffer) => {
      if (bytes < MAX_KEPT_BYTES) kept.push(data);
      bytes += data.length;
    });
    far.on('error', (error) => {
      const silent = ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(errorCode(error) ?? '');
      settle({ at: silent ? 'silent' : 'refused', because: errorText(error) });
    });
    near.on('error', () => {});
    far.once('close', () => {
      clearTimeout(timer);
      settle({ at: 'refused', because: 'the connection ended at once' });
      near.destroySoon();
    });
    near.once('close', () => far.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    seen: () => Buffer.concat(kept),
    reached,
    close: () => {
      listener.close();
      settle({ at: 'refused', because: 'nobody connected' });
      for (const socket of sockets) socket.destroy();
    },
  };
}

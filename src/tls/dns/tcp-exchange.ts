// Owns one question and one answer over TCP (RFC 7766): length, message; length, message; bounded in bytes and time.
import { connect } from 'node:net';

export type DnsServer = { host: string; port: number };

/** What came of it. `why` is a system code: ECONNREFUSED, ENOTFOUND, ETIMEDOUT. */
export type Exchanged = { kind: 'answer'; bytes: Buffer } | { kind: 'timeout' } | { kind: 'failed'; why: string };

/**
 * Sends a message and waits for the one that answers it, on a connection of its own.
 * @throws the signal's reason where it is aborted
 */
export function exchange(
  message: Buffer,
  server: DnsServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect(server);
    let received = Buffer.alloc(0);
    const finish = (outcome: Exchanged): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(outcome);
    };
    const abort = (): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(signal.reason);
    };
    const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ kind: 'failed', why: error.code ?? error.message }));
    socket.on('close', () => finish({ kind: 'failed', why: 'it closed the connection without an answer' }));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      // The length is 16 bits wide, so 64 KiB is the most that is ever kept.
      const end = received.length >= 2 ? 2 + received.readUInt16BE(0) : Number.POSITIVE_INFINITY;
      if (received.length >= end) finish({ kind: 'answer', bytes: received.subarray(2, end) });
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message])); // in one write: some servers wait for nothing more (RFC 7766, 8)
  });
}

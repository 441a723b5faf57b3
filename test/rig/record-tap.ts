// Owns a tap on a TCP line: passes everything on, and notes the TLS records that the server sends.
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type TlsRecord = {
  /** 20 change cipher spec, 21 alert, 22 handshake, 23 application data (RFC 5246 section 6.2.1). */
  type: number;
  /** Of what follows the five bytes of the record's head. */
  bytes: number;
};

export type Tap = { port: number; records: TlsRecord[] };

/** A port that leads to `port`; ends with the test. */
export async function tapRecords(t: Pick<TestContext, 'after'>, port: number): Promise<Tap> {
  const tap: Tap = { port: 0, records: [] };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const gate = connect(port, '127.0.0.1');
    let held: Buffer = Buffer.alloc(0);
    gate.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 5 && held.length >= 5 + held.readUInt16BE(3)) {
        const bytes = held.readUInt16BE(3);
        tap.records.push({ type: held.readUInt8(0), bytes });
        held = held.subarray(5 + bytes);
      }
    });
    for (const socket of [client, gate]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(gate).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  tap.port = typeof address === 'object' && address !== null ? address.port : 0;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return tap;
}

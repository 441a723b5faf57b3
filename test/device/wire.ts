// Owns the raw servers of the device tests: they record every byte that comes, and answer with exact bytes.

import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Bytes to send as one segment, a pause in ms, the end of the connection, or a reset. */
export type Act = string | Buffer | number | 'END' | 'RESET';
export type Script = Act[] | ((request: string, nth: number) => Act[]);

export type Wire = {
  port: number;
  /** What came, request by request, as latin1. */
  requests: string[];
  /** The address that each connection came from. */
  peers: string[];
};

/** A server that runs `script` once the head and the announced body of a request have come. */
export async function serve(t: TestContext, script: Script, tls?: TlsOptions): Promise<Wire> {
  const wire: Wire = { port: 0, requests: [], peers: [] };
  const open = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    wire.peers.push(socket.remoteAddress ?? '');
    let text = '';
    let answered = false;
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      if (answered || !isWhole(text)) return;
      answered = true;
      const nth = wire.requests.push(text);
      void play(socket, typeof script === 'function' ? script(text, nth) : script);
    });
  };
  const server: Server = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
  server.on('tlsClientError', () => {});
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const address = server.address();
  wire.port = typeof address === 'object' && address !== null ? address.port : 0;
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return wire;
}

/** A reply with canonical headers, its length, and the connection's end. */
export function reply(body: string | Buffer, status = '200 OK'): Act[] {
  const bytes = Buffer.from(body);
  return [Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]), 'END'];
}

/** The same text, one byte to a segment as far as TCP lets it be. */
export function byteByByte(text: string): Act[] {
  return [...text];
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = Number(/\r\nContent-Length: ([0-9]+)\r\n/.exec(text)?.[1] ?? 0);
  return text.length >= headEnd + 4 + length;
}

async function play(socket: Socket, acts: Act[]): Promise<void> {
  for (const act of acts) {
    if (typeof act === 'number') await wait(act);
    else if (act === 'END') socket.end();
    else if (act === 'RESET') socket.resetAndDestroy();
    else await new Promise<void>((settle) => socket.write(act, () => settle()));
  }
}

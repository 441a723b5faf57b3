// A client that writes bytes to a socket and reads the reply as it is: the order and the case of headers included.
import { connect } from 'node:net';

export interface RawReply {
  statusLine: string;
  headers: [name: string, value: string][];
  body: Buffer;
}

/** Sends `request` as it stands and reads until the server ends the connection, 5 s at most. */
export function rawExchange(origin: string, request: string): Promise<RawReply> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setTimeout(5000, () => socket.destroy(new Error('no end of the reply within 5 s')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(parseReply(Buffer.concat(chunks))));
  });
}

/** Head and body of a recorded or received reply. */
export function parseReply(bytes: Buffer): RawReply {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return { statusLine, headers, body: bytes.subarray(end + 4) };
}

/** A request with `Connection: close` and the body's length, in a device's header style. */
export function rawRequest(method: string, path: string, headers: Record<string, string> = {}, body = ''): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 192.168.1.5:8003', 'Connection: close'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function headerOf(reply: RawReply, name: string): string | undefined {
  return reply.headers.find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
}

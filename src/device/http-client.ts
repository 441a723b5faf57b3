// Owns one HTTP exchange of a device: the bytes of the request, and how long it waits for those of the reply.

import type { Socket } from 'node:net';
import { dial, SCREEN_CODES, type Wiring } from './connection.ts';
import type { Generation, Quirks } from './generation.ts';
import { type Link, parseLink } from './link.ts';
import { ReplyReader } from './reply.ts';

export type Request = {
  method: 'GET' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
};

export type Head = { status: number; contentLength: number; chunked: boolean };

/** What reads the reply. Either function may end the exchange; the connection is then dropped. */
export type Listener = {
  onHead: (head: Head) => 'go-on' | 'stop';
  onBody: (part: Buffer) => 'go-on' | 'stop';
};

export type BodyEnd = 'complete' | 'stopped' | 'cut-short' | 'gap';

export type Exchange =
  | { exchange: 'no-reply'; code: number; because: string }
  | { exchange: 'reply'; head: Head; end: BodyEnd };

/** The firmware's own client reads 1500 bytes at a time: a border like one between TCP segments. */
const OWN_READ_BYTES = 1500;

/**
 * The bytes of a request. The own client writes Host, then its headers sorted by name (a std::map), then
 * Content-Length, then Connection. ESP-IDF's puts User-Agent before Host, since both are set when it is made.
 */
export function requestBytes(generation: Generation, request: Request, to: Link): Buffer {
  const isDefaultPort = to.port === (to.secure ? 443 : 80);
  const lines = [`${request.method} ${to.path} HTTP/1.1`];
  const own = Object.entries(request.headers).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const first = generation === 'legacy' ? own.filter(([name]) => name === 'User-Agent') : [];
  for (const [name, value] of first) lines.push(`${name}: ${value}`);
  lines.push(`Host: ${to.host}${isDefaultPort ? '' : `:${to.port}`}`);
  for (const [name, value] of own) {
    if (!first.some(([done]) => done === name)) lines.push(`${name}: ${value}`);
  }
  if (request.method === 'POST') lines.push(`Content-Length: ${request.body.length}`);
  lines.push('Connection: close', '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'utf8'), request.body]);
}

/** One request on a fresh connection. Never rejects: what went wrong is in the outcome, with the code on the screen. */
export async function exchange(
  request: Request,
  quirks: Quirks,
  wiring: Wiring,
  listener: Listener,
): Promise<Exchange> {
  const parsed = parseLink(request.url, request.method, quirks.generation);
  if (parsed.link === 'bad') return { exchange: 'no-reply', code: SCREEN_CODES.noReply, because: parsed.because };
  const dialled = await dial(parsed.at, wiring);
  if (dialled.dialled === 'failed') return { exchange: 'no-reply', code: dialled.code, because: dialled.because };
  dialled.socket.write(requestBytes(quirks.generation, request, parsed.at));
  return readReply(dialled.socket, quirks, listener);
}

function readReply(socket: Socket, quirks: Quirks, listener: Listener): Promise<Exchange> {
  return new Promise((settle) => {
    const reader = new ReplyReader(quirks);
    let head: Head | undefined;
    let settled = false;

    const finish = (outcome: Exchange) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      settle(outcome);
    };
    const noReply = (because: string) => finish({ exchange: 'no-reply', code: SCREEN_CODES.noReply, because });
    const endWith = (end: BodyEnd, because: string) =>
      head === undefined ? noReply(because) : finish({ exchange: 'reply', head, end });
    const timer = setTimeout(() => endWith('gap', `no header of a reply within ${quirks.gapMs} ms`), quirks.gapMs);

    const takeRead = (read: Buffer) => {
      const body = reader.push(read);
      if (reader.state === 'error') return noReply(reader.because);
      if (head === undefined && reader.headRead) {
        head = { status: reader.status, contentLength: reader.contentLength, chunked: reader.chunked };
        // esp_http_client_fetch_headers gives no length for such a reply, and EspHttp::Open then fails.
        if (quirks.generation === 'legacy' && head.contentLength === 0 && head.status === 200) {
          return noReply(head.chunked ? 'the reply is chunked' : 'the reply has no Content-Length above 0');
        }
        if (listener.onHead(head) === 'stop') return endWith('stopped', '');
      }
      if (body.length > 0 && listener.onBody(body) === 'stop') return endWith('stopped', '');
      if (reader.state === 'complete') endWith('complete', '');
    };
    socket.on('data', (data: Buffer) => {
      timer.refresh();
      for (let at = 0; at < data.length && !settled; at += OWN_READ_BYTES) {
        takeRead(data.subarray(at, at + OWN_READ_BYTES));
      }
    });
    const onEnd = () => endWith(reader.whole ? 'complete' : 'cut-short', 'the connection ended before a reply');
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    socket.on('error', onEnd);
  });
}

// Owns the frame that aiohttp 3.8 puts around a reply: which headers, in which order, in which case.
import type { Header, Reply } from './reply.ts';

const CORS: readonly Header[] = [
  ['Access-Control-Allow-Headers', 'client-id, content-type, device-id, authorization'],
  ['Access-Control-Allow-Credentials', 'true'],
  ['Access-Control-Allow-Origin', '*'],
];

export const JSON_TYPE = 'application/json; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** A reply of one of the server's own handlers: type, CORS, what the handler adds, length, date, server. */
export function handlerReply(status: number, type: string, text: string, extra: readonly Header[] = []): Reply {
  const body = Buffer.from(text);
  const headers: Header[] = [['Content-Type', type], ...CORS, ...extra, ['Content-Length', String(body.length)]];
  return { status, headers: [...headers, ...signature()], body };
}

/** A reply of aiohttp's own router, which knows nothing of CORS: `404: Not Found`. */
export function routerReply(status: 404 | 405, extra: readonly Header[] = []): Reply {
  const body = Buffer.from(status === 404 ? '404: Not Found' : '405: Method Not Allowed');
  const headers: Header[] = [['Content-Type', TEXT_TYPE], ...extra, ['Content-Length', String(body.length)]];
  return { status, headers: [...headers, ...signature()], body };
}

/** A reply of aiohttp's file sender: CORS goes first, and it names its own headers. */
export function fileReply(status: number, headers: readonly Header[], body: Buffer): Reply {
  return { status, headers: [...CORS, ...headers, ...signature()], body };
}

function signature(): Header[] {
  return [
    ['Date', new Date().toUTCString()],
    ['Server', 'Python/3.11 aiohttp/3.8.4'],
  ];
}

// Owns the frame around a reply of the full module's port 8002: the container's nginx before Spring.
import type { Header, Reply } from './reply.ts';

const NOTHING = Buffer.alloc(0);

/** A document that says `code` inside: the status is 200 even where the request failed. */
export function resultReply(code: number, msg: string, data: unknown = null, extra: object = {}): Reply {
  return jsonReply(JSON.stringify({ code, msg, data, ...extra }));
}

export function jsonReply(json: string): Reply {
  return framed(200, [['Content-Type', 'application/json']], Buffer.from(json));
}

export function textReply(status: number, text: string, type = 'text/plain;charset=UTF-8'): Reply {
  return framed(status, [['Content-Type', type]], Buffer.from(text));
}

/** A status without a body: `ResponseEntity.notFound().build()`. */
export function bareReply(status: number, extra: readonly Header[] = []): Reply {
  return framed(status, extra, NOTHING);
}

/** No Range, ETag, Last-Modified or Cache-Control: a byte array, named as an attachment. */
export function attachmentReply(file: string, bytes: Buffer): Reply {
  const safe = file.replace(/[^a-zA-Z0-9._-]/g, '_');
  return framed(
    200,
    [
      ['Content-Type', 'application/octet-stream'],
      ['Content-Disposition', `attachment; filename="${safe}"`],
    ],
    bytes,
  );
}

function framed(status: number, headers: readonly Header[], body: Buffer): Reply {
  const frame: Header[] = [
    ['Server', 'nginx'],
    ['Date', new Date().toUTCString()],
  ];
  return { status, headers: [...frame, ...headers, ['Content-Length', String(body.length)]], body };
}

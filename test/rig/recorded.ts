// Owns the recorded replies of the Python server, and the ways in which they may be sent.
import { readdirSync, readFileSync } from 'node:fs';
import { parseReply, type RawReply } from './wire.ts';

const FOLDER = new URL('../fixtures/python-server/', import.meta.url);

/** Name → the bytes of a reply, head and body. */
export function recordedReplies(prefix: string): Map<string, Buffer> {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(prefix) && name.endsWith('.http'));
  return new Map(names.map((name) => [name.replace(/\.http$/, ''), readFileSync(new URL(name, FOLDER))]));
}

/** One recorded reply, read. @throws {Error} where it is none */
export function readRecorded(bytes: Buffer): RawReply {
  const reply = parseReply(bytes);
  if (reply === null) throw new Error('a recorded reply without a head');
  return reply;
}

/** The same reply in other clothes: chunked, with names in lower case, behind an interim reply. */
export function dressed(bytes: Buffer, how: 'as recorded' | 'chunked' | 'lower case' | 'behind 103' | 'bare'): Buffer {
  const { statusLine, headers, body } = readRecorded(bytes);
  const withHead = (lines: [string, string][], rest: Buffer): Buffer => {
    const head = [statusLine, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), rest]);
  };
  const lengthless = headers.filter(([name]) => name.toLowerCase() !== 'content-length');
  switch (how) {
    case 'as recorded':
      return bytes;
    case 'chunked': {
      const parts = [body.subarray(0, 7), body.subarray(7)].filter((part) => part.length > 0);
      const chunks = parts.flatMap((part) => [
        Buffer.from(`${part.length.toString(16)}\r\n`),
        part,
        Buffer.from('\r\n'),
      ]);
      return withHead(
        [...lengthless, ['Transfer-Encoding', 'chunked']],
        Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]),
      );
    }
    case 'lower case':
      return withHead(
        headers.map(([name, value]) => [name.toLowerCase(), value]),
        body,
      );
    case 'behind 103':
      return Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'), bytes]);
    case 'bare':
      return withHead(lengthless, body);
  }
}

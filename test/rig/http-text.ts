// Owns the strict reading of HTTP/1.1 messages from bytes, by RFC 9112 section 6.3 and nothing else: what a test says
// that a peer saw must not depend on the parser that the gate uses.

export type Head = {
  /** The request line or status line. */
  start: string;
  headers: [string, string][];
  /** All of it, in Latin-1, without the empty line. */
  text: string;
};

export type Taken = { head: Head; body: Buffer; used: number };

/** A header's values in order, whatever the case of its name. */
export function valuesOf(head: Head, name: string): string[] {
  return head.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);
}

export function readHead(bytes: Buffer): { head: Head; used: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const text = bytes.toString('latin1', 0, end);
  const [start = '', ...lines] = text.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { head: { start, headers, text }, used: end + 4 };
}

/** The first request in the bytes, or null where it is not whole. @throws {Error} for framing that is not clear */
export function takeRequest(bytes: Buffer): Taken | null {
  const found = readHead(bytes);
  if (found === null) return null;
  const { head, used } = found;
  const lengths = valuesOf(head, 'content-length');
  const codings = valuesOf(head, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Error(`a request framed twice:\n${head.text}`);
  if (codings.length === 1) {
    if (codings[0] !== 'chunked') throw new Error(`a coding that is not chunked: ${codings[0]}`);
    const chunked = takeChunks(bytes.subarray(used));
    return chunked && { head, body: chunked.body, used: used + chunked.used };
  }
  const length = lengths[0] ?? '0';
  if (!/^\d+$/.test(length)) throw new Error(`a length that is none: ${length}`);
  if (bytes.length < used + Number(length)) return null;
  return { head, body: bytes.subarray(used, used + Number(length)), used: used + Number(length) };
}

/** A chunked body, or null where it is not whole. @throws {Error} where it is none */
export function takeChunks(bytes: Buffer): { body: Buffer; used: number } | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(size)) throw new Error(`a chunk's size that is none: ${JSON.stringify(size)}`);
    const length = Number.parseInt(size, 16);
    const next = lineEnd + 2 + length + 2;
    if (bytes.length < next) return null;
    if (bytes.toString('latin1', next - 2, next) !== '\r\n') throw new Error('a chunk longer than its size');
    if (length === 0) return { body: Buffer.concat(parts), used: next };
    parts.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}

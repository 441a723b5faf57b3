// Owns the names of firmware files: read from an upstream's Content-Disposition, made safe, and written into ours.

const DEFAULT_NAME = 'firmware.bin';
// Well under the 255 bytes of a file system, and short enough for a device that keeps a header in a small buffer.
const MAX_NAME_BYTES = 128;
const MAX_FIELD_LENGTH = 8192;

// Quotes, what ends a parameter to a careless client, what Windows forbids, and all that does not print: controls, bidirectional marks, lone surrogates.
const UNSAFE = /["'`;<>:|?*/\\\p{C}\p{Zl}\p{Zp}]/gu;
// Windows opens a device for these, whatever the extension.
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:[. ]|$)/i;
const EXTENSION = /\.[A-Za-z0-9]{1,16}$/;

/**
 * A name fit for a file system and for a header: the last part of a path, without quotes, controls, or dots and spaces
 * at its ends, of 128 bytes at most (the extension survives the cut). `firmware.bin` where nothing is left. Never throws.
 */
export function cleanFileName(text: string): string {
  const last = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1);
  const bare = trimEnds(last.replace(UNSAFE, '_'));
  const name = trimEnds(cut(RESERVED.test(bare) ? `_${bare}` : bare));
  return name === '' ? DEFAULT_NAME : name;
}

/**
 * The name that a Content-Disposition gives, as it was sent: show or store it only through `cleanFileName`. `filename*`
 * wins over `filename` (RFC 6266 section 4.3). Null where there is none, or the field is longer than 8 KiB. Never throws.
 */
export function readFileName(contentDisposition: string | undefined): string | null {
  if (contentDisposition === undefined || contentDisposition.length > MAX_FIELD_LENGTH) return null;
  let plain: string | null = null;
  let extended: string | null = null;
  for (const parameter of splitParameters(contentDisposition)) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const name = parameter.slice(0, equals).trim().toLowerCase();
    const value = unquote(parameter.slice(equals + 1).trim());
    if (name === 'filename') plain ??= fromUtf8Bytes(value);
    if (name === 'filename*') extended ??= readExtended(value);
  }
  return extended || plain || null;
}

/**
 * `attachment` with the cleaned name: in ASCII for every client, and beside it in UTF-8 where that says more (RFC 6266
 * section 5 and appendix D, which also keeps `%` out of the plain form: some clients decode it there).
 */
export function contentDisposition(name: string): string {
  const clean = cleanFileName(name);
  const plain = clean.replace(/[^\x20-\x7e]|%/gu, '_');
  const disposition = `attachment; filename="${plain}"`;
  return plain === clean ? disposition : `${disposition}; filename*=UTF-8''${encodeExtended(clean)}`;
}

/** Not by a pattern: one that looks for the end takes quadratic time over dots that lead nowhere. */
function trimEnds(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isEdge(text[start])) start += 1;
  while (end > start && isEdge(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isEdge(character: string | undefined): boolean {
  return character === '.' || character === ' ';
}

function cut(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = EXTENSION.exec(name.slice(-17))?.[0] ?? '';
  let stem = '';
  let bytes = extension.length;
  for (const character of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_NAME_BYTES) break;
    stem += character;
  }
  return stem + extension;
}

/** Cuts at the semicolons that no quotes enclose. A quote that is never closed encloses all that follows. */
function splitParameters(text: string): string[] {
  const parameters: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) index += 1;
    else if (character === ';' && !quoted) {
      parameters.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parameters, text.slice(start)];
}

/** A quoted-string's content (RFC 9110 section 5.6.4); other text as it is. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const [, content = ''] = /^"((?:[^"\\]|\\.)*)/s.exec(value) ?? [];
  return content.replace(/\\(.)/gs, '$1');
}

/** Many servers put UTF-8 into the plain form, whose bytes arrive here as Latin-1, one character each. */
function fromUtf8Bytes(value: string): string {
  if (!/^[^\u0100-\uffff]*$/.test(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

/** An ext-value (RFC 8187 section 3.2.1), or null where its charset or its escapes cannot be read. */
function readExtended(value: string): string | null {
  const [, charset = '', text = ''] = /^([^']*)'[^']*'(.*)$/s.exec(value) ?? [];
  try {
    if (charset.toLowerCase() === 'utf-8') return decodeURIComponent(text);
  } catch {
    return null;
  }
  if (charset.toLowerCase() !== 'iso-8859-1') return null;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Leaves nothing but attr-char of RFC 8187 unescaped. A cleaned name holds no lone surrogate, so this never throws. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

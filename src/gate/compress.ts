// Owns compression: which answers are sent by brotli or gzip, and the stream that does it.
import { pipeline, type Readable } from 'node:stream';
import { type BrotliCompress, constants, createBrotliCompress, createGzip, type Gzip } from 'node:zlib';
import type { RouteConfig } from '../config/config.ts';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';

export type Coding = 'br' | 'gzip';

const TEXTS =
  /^(text\/|application\/([\w.-]+\+)?(json|xml|javascript|ecmascript|manifest\+json|wasm)\b|image\/svg\+xml)/i;
const MESSAGES = /^(text\/event-stream|application\/x-ndjson)\b/i;
// Below it, the coding saves no packet.
const LEAST_BYTES = 860;
// What a server has said and then pauses must not wait in here.
const PAUSE_MS = 100;

/**
 * What becomes of an answer: the coding, or none, and its headers. Never coded twice, nor where a part was asked for, nor
 * against `no-transform` (RFC 9110 section 7.7).
 */
export function chooseCoding(
  exchange: Exchange,
  route: RouteConfig,
  status: number,
  headers: HeaderList,
): { coding: Coding | null; headers: HeaderList } {
  const plain = { coding: null, headers };
  if (route.compress !== true || route.role !== 'web') return plain;
  const all = (name: string): string =>
    headers
      .filter(([one]) => one.toLowerCase() === name)
      .map(([, value]) => value)
      .join(', ');
  const length = all('content-length');
  if (!TEXTS.test(all('content-type')) || all('content-encoding') !== '' || status === 204 || status === 206)
    return plain;
  if (/\bno-transform\b/i.test(all('cache-control')) || (length !== '' && Number(length) < LEAST_BYTES)) return plain;
  // Both forms are told apart by this, also the one that is sent as it is.
  const vary = all('vary');
  const varied: HeaderList = /(^|,)\s*(\*|accept-encoding)\s*(,|$)/i.test(vary)
    ? headers
    : [
        ...headers.filter(([name]) => name.toLowerCase() !== 'vary'),
        ['Vary', vary === '' ? 'Accept-Encoding' : `${vary}, Accept-Encoding`],
      ];
  const coding = status === 304 ? null : acceptedCoding(exchange.request.headers['accept-encoding']);
  if (coding === null) return { coding, headers: varied };
  const coded = varied.flatMap(([name, value]): HeaderList => {
    const lower = name.toLowerCase();
    // They speak of other bytes than those that are sent now.
    if (['content-length', 'accept-ranges', 'content-md5', 'digest', 'content-digest'].includes(lower)) return [];
    return [[name, lower === 'etag' && !value.startsWith('W/') ? `W/${value}` : value]];
  });
  return { coding, headers: [...coded, ['Content-Encoding', coding]] };
}

/** RFC 9110 section 12.5.3: the coding that the client likes most; brotli of two that it likes the same. */
export function acceptedCoding(text: string | string[] | undefined): Coding | null {
  const liked = new Map<string, number>();
  for (const part of String(text ?? '')
    .slice(0, 1000)
    .split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const q = parameters.map((each) => /^q=([01](?:\.\d{0,3})?)$/.exec(each)?.[1]).find((each) => each !== undefined);
    if (name !== '') liked.set(name === 'x-gzip' ? 'gzip' : name, parameters.length === 0 ? 1 : Number(q ?? 0));
  }
  const value = (coding: Coding): number => liked.get(coding) ?? liked.get('*') ?? 0;
  const best: Coding = value('br') >= value('gzip') ? 'br' : 'gzip';
  const identity = liked.get('identity') ?? 0;
  return value(best) > 0 && value(best) >= identity ? best : null;
}

/** The coded bytes of a source. One that breaks off breaks the stream off, too. */
export function compressed(source: Readable, coding: Coding, contentType: string): Readable {
  const coder = coding === 'br' ? brotli() : createGzip({ level: 5 });
  const eachMessage = MESSAGES.test(contentType);
  let flushing: NodeJS.Timeout | undefined;
  source.on('data', () => {
    clearTimeout(flushing);
    flushing = setTimeout(() => coder.flush(), eachMessage ? 0 : PAUSE_MS).unref();
  });
  // Its errors are seen where the coder is read: it is destroyed with them.
  pipeline(source, coder, () => clearTimeout(flushing));
  return coder;
}

function brotli(): BrotliCompress | Gzip {
  // Quality 4 costs about what gzip does, and saves more; a window of 256 KiB keeps a stream below 1 MiB of memory.
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants;
  return createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_LGWIN]: 18 } });
}

// Composes the Python server's reply to a firmware download: conditions and ranges as aiohttp 3.8 understands them.
import type { IncomingHttpHeaders } from 'node:http';
import type { ShelvedFirmware } from './firmware-shelf.ts';
import { entityTag, lastModifiedSeconds, modifiedNs } from './firmware-shelf.ts';
import { fileReply } from './python-reply.ts';
import type { Header, Reply } from './reply.ts';

const NOTHING = Buffer.alloc(0);
const EMPTY: readonly Header[] = [
  ['Content-Type', 'application/octet-stream'],
  ['Content-Length', '0'],
];

/** 200, 206, 304, 412 or 416 (RFC 9110, sections 13 and 14), with aiohttp's two departures noted below. */
export function pythonDownloadReply(headers: IncomingHttpHeaders, firmware: ShelvedFirmware): Reply {
  const tag = entityTag(firmware);
  const modified = Number(modifiedNs(firmware)) / 1e9;
  const validators: Header[] = [
    ['Etag', tag],
    ['Last-Modified', new Date(lastModifiedSeconds(firmware) * 1000).toUTCString()],
  ];

  const ifMatch = headers['if-match'];
  const unmodifiedSince = seconds(headers['if-unmodified-since']);
  if (ifMatch !== undefined ? !matches(ifMatch, tag) : unmodifiedSince !== undefined && modified > unmodifiedSince) {
    return fileReply(412, EMPTY, NOTHING);
  }
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = seconds(headers['if-modified-since']);
  if (
    ifNoneMatch !== undefined ? matches(ifNoneMatch, tag) : modifiedSince !== undefined && modified <= modifiedSince
  ) {
    return fileReply(304, validators, NOTHING);
  }

  const size = firmware.bytes.length;
  // aiohttp 3.8 reads If-Range as a date only: with an ETag in it, the range is served whether the tag fits or not.
  const ifRange = seconds(first(headers['if-range']));
  const asked = ifRange === undefined || modified <= ifRange ? span(headers.range, size) : 'whole';
  if (asked === 'unsatisfiable') {
    return fileReply(416, [...EMPTY, ['Content-Range', `bytes */${size}`]], NOTHING);
  }
  const body = asked === 'whole' ? firmware.bytes : firmware.bytes.subarray(asked.from, asked.to);
  const entity: Header[] = [
    ['Content-Type', 'application/octet-stream'],
    ...validators,
    ['Content-Length', String(body.length)],
    ['Accept-Ranges', 'bytes'],
  ];
  if (asked === 'whole') return fileReply(200, entity, body);
  return fileReply(206, [...entity, ['Content-Range', `bytes ${asked.from}-${asked.to - 1}/${size}`]], body);
}

type Span = 'whole' | 'unsatisfiable' | { from: number; to: number };

/** One range only: aiohttp answers 416 to several, and to whatever else it cannot read, where RFC 9110 says 200. */
function span(range: string | undefined, size: number): Span {
  if (range === undefined) return 'whole';
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  const [, start = '', end = ''] = match ?? [];
  if (start === '' && end === '') return 'unsatisfiable';
  const from = start === '' ? Math.max(size - Number(end), 0) : Number(start);
  const to = start === '' || end === '' ? size : Math.min(Number(end) + 1, size);
  return from >= size || to <= from ? 'unsatisfiable' : { from, to };
}

function matches(header: string, tag: string): boolean {
  return header.split(',').some((candidate) => {
    const bare = candidate.trim().replace(/^W\//, '');
    return bare === '*' || bare === tag;
  });
}

function seconds(header: string | undefined): number | undefined {
  if (header === undefined || header.startsWith('"') || header.startsWith('W/')) return undefined;
  const parsed = Date.parse(header);
  return Number.isNaN(parsed) ? undefined : parsed / 1000;
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

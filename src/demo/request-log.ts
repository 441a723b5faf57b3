// Owns what a sample upstream remembers of its requests: counts by kind, and the last hundred of them.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface RecordedRequest {
  readonly kind: string;
  readonly method: string;
  /** The request target as it came, unparsed. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, in the order and case in which they came. */
  readonly rawHeaders: readonly string[];
  /** The body's first 64 KiB. Empty until it has come. */
  body: Buffer;
  /** All bytes of the body that came, kept or not. */
  bodyBytes: number;
}

export interface RequestLog {
  readonly hits: Map<string, number>;
  /** Oldest first, a hundred at most. */
  readonly requests: RecordedRequest[];
  record(request: IncomingMessage, kind: string): RecordedRequest;
}

const REMEMBERED_REQUESTS = 100;

export function createRequestLog(): RequestLog {
  const hits = new Map<string, number>();
  const requests: RecordedRequest[] = [];
  return {
    hits,
    requests,
    record(request, kind) {
      hits.set(kind, (hits.get(kind) ?? 0) + 1);
      const recorded: RecordedRequest = {
        kind,
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.alloc(0),
        bodyBytes: 0,
      };
      requests.push(recorded);
      if (requests.length > REMEMBERED_REQUESTS) requests.shift();
      return recorded;
    },
  };
}

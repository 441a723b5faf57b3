// Takes a request's body in as a stream: counts it, digests it, keeps its beginning and its end, never the whole of it.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RecordedRequest } from './request-log.ts';

export interface ReceivedBody {
  /** `too-large` once more than `maxBytes` came: the rest is thrown away unread. */
  outcome: 'whole' | 'too-large' | 'cut-short';
  bytes: number;
  /** The first 64 KiB. */
  head: Buffer;
  /** The last 256 bytes. */
  tail: Buffer;
  /** Of all bytes, in hex. */
  md5: string;
}

const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 256;

/** Reads to the end or to `maxBytes`, noting in `recorded` what comes. Never rejects. */
export function receiveBody(
  request: IncomingMessage,
  recorded: RecordedRequest,
  maxBytes: number,
): Promise<ReceivedBody> {
  return new Promise((resolve) => {
    const head: Buffer[] = [];
    const digest = createHash('md5');
    let headBytes = 0;
    let tail = Buffer.alloc(0);

    const finish = (outcome: ReceivedBody['outcome']) => {
      request.off('data', take);
      request.off('end', ended);
      request.off('close', gone);
      recorded.body = Buffer.concat(head);
      resolve({ outcome, bytes: recorded.bodyBytes, head: recorded.body, tail, md5: digest.digest('hex') });
    };
    const take = (chunk: Buffer) => {
      recorded.bodyBytes += chunk.length;
      if (recorded.bodyBytes > maxBytes) {
        finish('too-large');
        request.resume();
        return;
      }
      digest.update(chunk);
      if (headBytes < HEAD_BYTES) {
        const kept = Buffer.from(chunk.subarray(0, HEAD_BYTES - headBytes));
        head.push(kept);
        headBytes += kept.length;
      }
      tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    };
    const ended = () => finish('whole');
    const gone = () => finish('cut-short');
    request.on('data', take);
    request.on('end', ended);
    request.on('close', gone);
    // The error of an aborted body is told by 'close' as well.
    request.on('error', () => {});
  });
}

/**
 * Whether a body is a form that came whole: its type names a boundary, and its last bytes are the closing one.
 * A proxy that loses or adds bytes at the end is found out here.
 */
export function isWholeForm(request: IncomingMessage, body: ReceivedBody): boolean {
  const match = /^multipart\/form-data;.*\bboundary="?([^";]{1,70})"?/i.exec(request.headers['content-type'] ?? '');
  const closing = match?.[1] === undefined ? undefined : `--${match[1]}--`;
  const end = body.tail.toString('latin1');
  return closing !== undefined && (end.endsWith(closing) || end.endsWith(`${closing}\r\n`));
}

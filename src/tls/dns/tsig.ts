// Owns transaction signatures (TSIG, RFC 8945): signing a message, and judging the signature of its answer.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { CLASS, encodeName, encodeRecord, type ReadMessage, readName, TYPE, words } from './message.ts';

export type TsigAlgorithm = 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
export type TsigKey = { name: string; algorithm: TsigAlgorithm; secret: Buffer };

/** Error codes in a TSIG record (RFC 8945 section 3). */
export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** What an answer's signature is worth. `refused`: the server itself did not accept ours. */
export type Verdict =
  | { kind: 'verified' }
  | { kind: 'refused'; error: number; serverSeconds: number | null }
  | { kind: 'unsigned' }
  | { kind: 'wrong'; because: string };

// The window that RFC 8945 section 10 recommends.
const FUDGE_SECONDS = 300;

type Signed = { seconds: number; fudge: number; error: number; other: Buffer };

/** Appends a signature. The MAC is needed to judge the answer. `seconds` since the epoch. */
export function sign(message: Buffer, key: TsigKey, seconds: number): { message: Buffer; mac: Buffer } {
  const signed: Signed = { seconds, fudge: FUDGE_SECONDS, error: 0, other: Buffer.alloc(0) };
  const mac = macOf(key, [message], signed);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    sixBytes(seconds),
    words(FUDGE_SECONDS, mac.length),
    mac,
    words(message.readUInt16BE(0), 0, 0),
  ]);
  const record = encodeRecord({ name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  const withCount = Buffer.from(message);
  withCount.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { message: Buffer.concat([withCount, record]), mac };
}

/**
 * Judges the signature of an answer to a request whose signature was `requestMac`.
 * @throws {RangeError} where the TSIG record is cut off
 */
export function judge(
  bytes: Buffer,
  answer: ReadMessage,
  key: TsigKey,
  requestMac: Buffer,
  nowSeconds: number,
): Verdict {
  const record = answer.additionals.at(-1);
  if (record?.type !== TYPE.TSIG) return { kind: 'unsigned' };
  const algorithm = readName(bytes, record.dataStart);
  const { signed, mac, originalId } = readData(bytes, algorithm.end, record.dataStart + record.data.length);
  // BADKEY and BADSIG come unsigned, by RFC 8945 section 5.2: there is nothing to check before they are believed.
  if (signed.error !== 0) {
    const hasTime = signed.error === TSIG_ERROR.BADTIME && signed.other.length === 6;
    return { kind: 'refused', error: signed.error, serverSeconds: hasTime ? signed.other.readUIntBE(0, 6) : null };
  }
  if (record.name !== key.name.toLowerCase().replace(/\.$/, '') || algorithm.name !== key.algorithm) {
    return { kind: 'wrong', because: 'it was made with another key' };
  }
  const unsigned = Buffer.from(bytes.subarray(0, record.start));
  unsigned.writeUInt16BE(originalId, 0);
  unsigned.writeUInt16BE(bytes.readUInt16BE(10) - 1, 10);
  const expected = macOf(key, [words(requestMac.length), requestMac, unsigned], signed);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
    return { kind: 'wrong', because: 'the answer was changed on its way, or comes from another server' };
  }
  if (Math.abs(nowSeconds - signed.seconds) > signed.fudge) {
    return { kind: 'wrong', because: 'it is too old: an earlier answer was played again, or the clocks differ' };
  }
  return { kind: 'verified' };
}

function readData(bytes: Buffer, start: number, end: number): { signed: Signed; mac: Buffer; originalId: number } {
  const macStart = start + 10;
  const macEnd = macStart + bytes.readUInt16BE(start + 8);
  const otherStart = macEnd + 6;
  const otherEnd = otherStart + bytes.readUInt16BE(macEnd + 4);
  if (otherEnd > end) throw new RangeError('the TSIG record is cut off');
  const signed: Signed = {
    seconds: bytes.readUIntBE(start, 6),
    fudge: bytes.readUInt16BE(start + 6),
    error: bytes.readUInt16BE(macEnd + 2),
    other: bytes.subarray(otherStart, otherEnd),
  };
  return { signed, mac: bytes.subarray(macStart, macEnd), originalId: bytes.readUInt16BE(macEnd) };
}

// RFC 8945 section 4.3: the message without its TSIG record, then the record's variables in canonical form.
function macOf(key: TsigKey, before: readonly Buffer[], { seconds, fudge, error, other }: Signed): Buffer {
  const hmac = createHmac(key.algorithm.slice('hmac-'.length), key.secret);
  for (const part of before) hmac.update(part);
  hmac
    .update(encodeName(key.name))
    .update(words(CLASS.ANY, 0, 0))
    .update(encodeName(key.algorithm));
  hmac
    .update(sixBytes(seconds))
    .update(words(fudge, error, other.length))
    .update(other);
  return hmac.digest();
}

function sixBytes(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
}

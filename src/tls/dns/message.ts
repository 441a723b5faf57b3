// Owns DNS messages on the wire (RFC 1035 section 4): just what updates and zone queries need.

export const TYPE = { NS: 2, CNAME: 5, SOA: 6, TXT: 16, TSIG: 250 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
/** Header flags with the opcode in place: a query without recursion, and an update (RFC 2136 section 2.2). */
export const FLAGS = { query: 0, update: 5 << 11, answer: 0x8000 } as const;
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
  NOTZONE: 10,
};

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;

export type Question = { name: string; type: number; class: number };
export type ResourceRecord = Question & { ttl: number; data: Buffer };
export type Message = {
  id: number;
  flags: number;
  /** The zone section of an update. */
  questions: Question[];
  /** The prerequisites of an update. */
  answers: ResourceRecord[];
  /** The changes of an update. */
  authorities: ResourceRecord[];
  additionals: ResourceRecord[];
};
/** With the places of each record and its data in the message. */
export type ReadRecord = ResourceRecord & { start: number; dataStart: number };
export type ReadMessage = Omit<Message, 'answers' | 'authorities' | 'additionals'> & {
  rcode: number;
  answers: ReadRecord[];
  authorities: ReadRecord[];
  additionals: ReadRecord[];
};

/**
 * Writes a name without compression; lower case, which is the canonical form that signatures need.
 * @throws {RangeError} for a label that is empty, not ASCII or over 63 bytes, and for a name over 255 bytes
 */
export function encodeName(name: string): Buffer {
  const labels = name === '' || name === '.' ? [] : name.toLowerCase().replace(/\.$/, '').split('.');
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > 63 || /[^!-~]/.test(label))
      throw new RangeError(`not a DNS name: ${name}`);
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  const encoded = Buffer.concat([...parts, Buffer.of(0)]);
  if (encoded.length > MAX_NAME_BYTES) throw new RangeError(`not a DNS name: ${name}`);
  return encoded;
}

/** TXT data: strings of up to 255 bytes each (RFC 1035 section 3.3.14). */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const count = Math.max(1, Math.ceil(bytes.length / 255));
  const strings = Array.from({ length: count }, (_, index) => bytes.subarray(index * 255, (index + 1) * 255));
  return Buffer.concat(strings.flatMap((string) => [Buffer.of(string.length), string]));
}

export function encodeMessage(message: Message): Buffer {
  const { questions, answers, authorities, additionals } = message;
  const header = words(
    message.id,
    message.flags,
    questions.length,
    answers.length,
    authorities.length,
    additionals.length,
  );
  return Buffer.concat([
    header,
    ...questions.map(encodeQuestion),
    ...[...answers, ...authorities, ...additionals].map(encodeRecord),
  ]);
}

export function encodeRecord(record: ResourceRecord): Buffer {
  const ttl = Buffer.alloc(4);
  ttl.writeUInt32BE(record.ttl);
  return Buffer.concat([encodeQuestion(record), ttl, words(record.data.length), record.data]);
}

/** 16-bit numbers in network order. */
export function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number, index * 2);
  return bytes;
}

/**
 * Reads a message.
 * @throws {RangeError} where it ends too early or a name in it has no end
 */
export function decodeMessage(bytes: Buffer): ReadMessage {
  const [id, flags, questionCount, answerCount, authorityCount, additionalCount] = [0, 2, 4, 6, 8, 10].map((at) =>
    bytes.readUInt16BE(at),
  ) as [number, number, number, number, number, number];
  let at = HEADER_BYTES;
  const question = (): Question => {
    const { name, end } = readName(bytes, at);
    const read = { name, type: bytes.readUInt16BE(end), class: bytes.readUInt16BE(end + 2) };
    at = end + 4;
    return read;
  };
  const record = (): ReadRecord => {
    const start = at;
    const owner = question();
    const ttl = bytes.readUInt32BE(at);
    const dataStart = at + 6;
    at = dataStart + bytes.readUInt16BE(at + 4);
    if (at > bytes.length) throw new RangeError('a record goes beyond the end of its message');
    return { ...owner, ttl, data: bytes.subarray(dataStart, at), start, dataStart };
  };
  const section = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  return {
    id,
    flags,
    rcode: flags & 15,
    questions: section(questionCount, question),
    answers: section(answerCount, record),
    authorities: section(authorityCount, record),
    additionals: section(additionalCount, record),
  };
}

/**
 * Reads a name, compressed or not, in lower case and without a trailing dot.
 * @throws {RangeError} where it has no end: each pointer must lead further back than the one before
 */
export function readName(bytes: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let length = 0;
  let limit = start;
  for (;;) {
    const size = bytes.readUInt8(at);
    if (size >= 0xc0) {
      const target = bytes.readUInt16BE(at) & 0x3fff;
      if (target >= limit) throw new RangeError('a name in the message points forwards');
      if (end < 0) end = at + 2;
      limit = target;
      at = target;
      continue;
    }
    if (size === 0) return { name: labels.join('.').toLowerCase(), end: end < 0 ? at + 1 : end };
    length += size + 1;
    if (size > 63 || length > MAX_NAME_BYTES || at + 1 + size > bytes.length) {
      throw new RangeError('a name in the message is too long');
    }
    labels.push(bytes.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
}

function encodeQuestion(question: Question): Buffer {
  return Buffer.concat([encodeName(question.name), words(question.type, question.class)]);
}

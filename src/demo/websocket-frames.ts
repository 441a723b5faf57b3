// Reads and writes WebSocket frames (RFC 6455, section 5) as a server does: no extensions, each one bounded.

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  final: boolean;
  opcode: number;
  /** Unmasked. */
  payload: Buffer;
}

/** A peer that does not keep to the protocol, and the close code that tells it so (section 7.4.1). */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly closeCode: number;

  constructor(message: string, closeCode: number) {
    super(message);
    this.closeCode = closeCode;
  }
}

const MAX_PAYLOAD = 1024 * 1024;
const KNOWN_OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE));

export interface FrameReader {
  /**
   * Gives the frames that these bytes complete; holds at most one incomplete frame.
   * @throws {FrameError} for a frame that a client may not send, or one above 1 MiB.
   */
  push(chunk: Buffer): Frame[];
}

export function createFrameReader(): FrameReader {
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const frames: Frame[] = [];
      for (let next = readFrame(held); next !== undefined; next = readFrame(held)) {
        frames.push(next.frame);
        held = held.subarray(next.bytes);
      }
      return frames;
    },
  };
}

/** One frame from the server's side: unmasked. */
export function encodeFrame(frame: Frame): Buffer {
  const { length } = frame.payload;
  const extended = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended);
  head.writeUInt8((frame.final ? 0x80 : 0) | frame.opcode, 0);
  head.writeUInt8(extended === 8 ? 127 : extended === 2 ? 126 : length, 1);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (extended === 2) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, frame.payload]);
}

function readFrame(bytes: Buffer): { frame: Frame; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const final = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) throw new FrameError('a reserved bit is set, and no extension was agreed', 1002);
  if (!KNOWN_OPCODES.has(opcode)) throw new FrameError(`opcode ${opcode} is not known`, 1002);
  if ((second & 0x80) === 0) throw new FrameError('a client masks its frames', 1002);
  const short = second & 0x7f;
  if (opcode >= OPCODE.close && (!final || short > 125)) throw new FrameError('a control frame is one and short', 1002);

  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (bytes.length < 2 + extended) return undefined;
  const length = extended === 8 ? Number(bytes.readBigUInt64BE(2)) : extended === 2 ? bytes.readUInt16BE(2) : short;
  if (length > MAX_PAYLOAD) throw new FrameError(`a frame of ${length} bytes`, 1009);
  const start = 2 + extended + 4;
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return { frame: { final, opcode, payload }, bytes: start + length };
}

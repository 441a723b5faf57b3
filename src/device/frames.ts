// Owns the WebSocket frames of a device: masked ones out, up to 65535 bytes; whatever the server sends in.

/** RFC 6455 opcodes that the firmware knows (section 5.2). */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export type Frame = { final: boolean; opcode: number; payload: Buffer };

/** The largest payload that the firmware sends, and the largest that its heap takes in comfort. */
export const MAX_PAYLOAD_BYTES = 65535;

/**
 * A frame as a client sends it (RFC 6455 section 5.3). `mask` is 4 bytes.
 * @throws {RangeError} where the payload is larger than the firmware sends
 */
export function encodeFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError(`payload of ${payload.length} bytes`);
  const header =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** Takes whole frames off the front of `bytes`; `rest` is what is not whole yet, `tooLarge` ends the connection. */
export function decodeFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer; tooLarge: boolean } {
  const frames: Frame[] = [];
  let rest = bytes;
  while (rest.length >= 2) {
    const short = rest.readUInt8(1) & 0x7f;
    const masked = (rest.readUInt8(1) & 0x80) !== 0;
    const lengthEnd = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (rest.length < lengthEnd) break;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (length > MAX_PAYLOAD_BYTES) return { frames, rest, tooLarge: true };
    const start = lengthEnd + (masked ? 4 : 0);
    if (rest.length < start + length) break;
    const mask = masked ? rest.subarray(lengthEnd, start) : Buffer.alloc(4);
    frames.push({
      final: (rest.readUInt8(0) & 0x80) !== 0,
      opcode: rest.readUInt8(0) & 0x0f,
      payload: rest.subarray(start, start + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0)) as Buffer,
    });
    rest = rest.subarray(start + length);
  }
  return { frames, rest, tooLarge: false };
}

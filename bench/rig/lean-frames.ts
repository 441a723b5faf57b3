// Owns the frames of the lean voice sessions: binary, of one length, so that both ends count them by their bytes.

/** An Opus frame of 60 ms. */
const PAYLOAD_BYTES = 200;

/** RFC 6455 section 5.2: FIN, binary; lengths from 126 on take two more bytes; the client's with a mask. */
function frame(masked: boolean): Buffer {
  const head = [0x82, (masked ? 0x80 : 0) | 126, PAYLOAD_BYTES >> 8, PAYLOAD_BYTES & 255];
  return Buffer.concat([Buffer.from(masked ? [...head, 1, 2, 3, 4] : head), Buffer.alloc(PAYLOAD_BYTES, 0x5a)]);
}

export const clientFrame = frame(true);
export const serverFrame = frame(false);

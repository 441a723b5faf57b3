// Owns the frames of a measured conversation: each carries the moment that it was due, on the clock that all processes of
// this machine share, and is heard so much later.

/** Opus frames of 60 ms, 100 to 300 bytes. */
export const FRAME_MS = 60;
const FRAME_BYTES = 200;

/**
 * Sends a frame when each is due. One that cannot be sent in time goes late, and is counted as late: nobody speaks
 * faster because the line was slow. Gives the way to stop it.
 */
export function speak(send: (frame: Buffer) => void): () => void {
  const startNs = process.hrtime.bigint();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Number((process.hrtime.bigint() - startNs) / 1_000_000n) / FRAME_MS;
    for (; sent <= due; sent += 1) {
      const frame = Buffer.alloc(FRAME_BYTES);
      frame.writeBigUInt64BE(startNs + BigInt(sent * FRAME_MS) * 1_000_000n);
      send(frame);
    }
  }, 1);
  return () => clearInterval(timer);
}

/** How long after its moment this frame is here, in ms. */
export function latenessOf(frame: Buffer): number {
  return Number(process.hrtime.bigint() - frame.readBigUInt64BE()) / 1e6;
}

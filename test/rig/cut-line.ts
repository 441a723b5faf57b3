// Owns a line to a server that can be cut as a network is: nothing is refused and nothing comes through, until it is healed.
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type CutLine = {
  port: number;
  /** From here on bytes wait on their way, and who connects anew hears nothing. */
  cut: () => void;
  /** What waited arrives, as a network sends again what was lost. */
  heal: () => void;
};

/** Ends with the test. */
export async function cutLineFor(t: Pick<TestContext, 'after'>, to: number): Promise<CutLine> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    carry(near, far);
    carry(far, near);
  });
  const carry = (from: Socket, other: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => other.write(chunk));
    from.on('end', () => other.end());
    from.on('error', () => other.destroy());
    from.on('close', () => sockets.delete(from));
    if (!whole) from.pause();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: () => {
      whole = false;
      for (const socket of sockets) socket.pause();
    },
    heal: () => {
      whole = true;
      for (const socket of sockets) socket.resume();
    },
  };
}

// Owns a TCP line in front of a port: it counts who comes, holds them back, and can be cut and mended.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type Line = {
  port: number;
  /** Connections so far. */
  count: () => number;
  /** Whoever comes from now on waits. */
  hold: () => void;
  /** Whoever waits goes on. */
  release: () => void;
  /** Ends what is open, and refuses what comes, until `mend`. */
  cut: () => Promise<void>;
  mend: () => Promise<void>;
};

/** A line to `port` on 127.0.0.1, held from the start where `held`; ends with the test. */
export async function lineTo(t: Pick<TestContext, 'after'>, port: number, { held = false } = {}): Promise<Line> {
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let holding = held;
  let count = 0;
  const onClient = (client: Socket): void => {
    count += 1;
    const goOn = (): void => {
      const server = keep(connect(port, '127.0.0.1'));
      client.pipe(server).pipe(client);
    };
    keep(client);
    if (holding) waiting.push(goOn);
    else goOn();
  };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  let server = await listen(0, onClient);
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  t.after(close);
  return {
    port: own,
    count: () => count,
    hold: () => {
      holding = true;
    },
    release: () => {
      holding = false;
      for (const goOn of waiting.splice(0)) goOn();
    },
    cut: close,
    mend: async () => {
      server = await listen(own, onClient);
    },
  };
}

function listen(port: number, onClient: (client: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onClient);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

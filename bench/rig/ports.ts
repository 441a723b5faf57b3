// Owns ports that nobody listens on, and that the kernel gives to no outgoing connection.
import { createServer } from 'node:net';

// Below 32768, where Linux begins to take source ports from: a server that is started again must find its port free, and
// a client that knocks meanwhile must not be given it, or it would be connected to itself.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 200;

/** A port that is free now; whoever wants it should take it soon. @throws {Error} where 200 tries find none */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${LOWEST} to ${HIGHEST} in ${TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0' }, () => server.close(() => resolve(true)));
  });
}

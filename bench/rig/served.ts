// Owns what every measured server has, whatever program it is; and measuring several of them in turns.

export type Served = {
  name: string;
  http: number;
  https: number;
  /** The process that all others of it descend from. */
  pid: () => number;
  /** Those that carry the bytes. */
  workers: () => number[];
  stop: () => Promise<void>;
};

/**
 * A B A B: one measurement of each in turns, so that what the machine does meanwhile hits all alike. Gives the values by
 * server, in the order of the rounds.
 */
export async function inTurns<S, T>(
  servers: readonly S[],
  rounds: number,
  measure: (server: S, round: number) => Promise<T>,
): Promise<Map<S, T[]>> {
  const values = new Map<S, T[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) values.get(server)?.push(await measure(server, round));
  }
  return values;
}

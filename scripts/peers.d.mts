// The types of peers.mjs, for tests.
export type Peer = {
  name: string;
  package: string;
  proof: { binary: string; file?: undefined } | { file: string; binary?: undefined };
  use: string;
};
export const peers: Peer[];
export const MISSING: string;
export function findBinary(name: string, path?: string): string | null;
export function isThere(peer: Peer): boolean;
export function missingPeers(): Peer[];
export function installLine(missing: readonly Peer[]): string;
export function isCi(env?: NodeJS.ProcessEnv): boolean;

// Owns the question of a test for its peers: is this program or library of the system here, or must the test be skipped?
import { installLine, isCi, isThere, MISSING, type Peer, peers } from '../scripts/peers.mjs';

/** `skip` goes straight into a test's options: `test('…', { skip: peer('mbedtls').skip }, …)`. */
export type PeerState = { available: true; skip: false } | { available: false; skip: string };

/**
 * Says whether all of these peers (names from `scripts/peers.mjs`) are here.
 * @throws {Error} for a name that is not on that list; and under CI for a peer that is missing, so that the file fails
 */
export function peer(...names: string[]): PeerState {
  const missing = names.map(find).filter((candidate) => !isHere(candidate));
  if (missing.length === 0) return { available: true, skip: false };
  const text = `${MISSING}${missing.map(({ name }) => name).join(', ')} (${installLine(missing)})`;
  if (isCi()) throw new Error(text);
  return { available: false, skip: text };
}

function find(name: string): Peer {
  const found = peers.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no peer is called ${name}: scripts/peers.mjs has the list`);
  return found;
}

/** `npm test` has looked already, and says so; a file that is run alone looks for itself. */
function isHere(candidate: Peer): boolean {
  const told = process.env.OTAGATE_MISSING_PEERS;
  return told === undefined ? isThere(candidate) : !told.split(',').includes(candidate.name);
}

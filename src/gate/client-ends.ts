// Owns the two ends of a client's connection, for servers that are told of it by the PROXY protocol.
import { isIP, type Socket } from 'node:net';
import { normaliseAddress } from '../policy/networks.ts';
import type { Ends } from '../upstream/proxy-protocol.ts';
import type { Exchange } from './exchange.ts';

/** Null where nobody knows who the client is. By HTTP/2 a stream has no ports of its own. */
export function clientEnds({ facts, request }: Exchange): Ends | null {
  if (facts.client === '') return null;
  const { remotePort = 0, localAddress, localPort = 0 } = request.socket as Partial<Socket>;
  const local = normaliseAddress(localAddress) || (isIP(facts.client) === 6 ? '::' : '0.0.0.0');
  const port = facts.clientFrom === 'peer' ? remotePort : 0; // a forwarded header names an address alone
  return { source: { address: facts.client, port }, destination: { address: local, port: localPort } };
}

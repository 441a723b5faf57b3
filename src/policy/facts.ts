// Owns Facts: all that a decision may know about a request, read once, and never changed.
import type { Target } from './target.ts';

export type Scheme = 'http' | 'https';

/** What a firmware link of ours was sealed with that a decision needs: the rest is the firmware action's. */
export type SealedPermit =
  | { kind: 'none' }
  | { kind: 'damaged' }
  | { kind: 'expired' }
  | { kind: 'sealed'; route: string; opening: string | null; openingEndsMs: number };

export type Facts = {
  /** The address at the other end of the socket, normalised. */
  peer: string;
  /** The address that policy judges: the peer's, or the one that a trusted proxy vouches for; empty where unknown. */
  client: string;
  clientFrom: 'peer' | 'forwarded' | 'unknown';
  scheme: Scheme;
  method: string;
  /** Whether this is a WebSocket handshake. */
  websocket: boolean;
  /** Lower case, without port or brackets; empty where the request names none. */
  host: string;
  /**
   * Where the Host header is missing, sent twice, or not a host at all; `misdirected`: it came on an HTTP/2 connection
   * whose certificate is for other names.
   */
  hostFault: 'none' | 'missing' | 'ambiguous' | 'misdirected';
  target: Target;
  seal: SealedPermit;
};

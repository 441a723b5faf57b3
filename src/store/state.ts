// Owns the state interface: what control keeps across restarts. One interface, however it is kept.
import type { SealKey } from '../ota/seal.ts';

export type State = {
  /** The keys of firmware links, newest first; made at first use. */
  sealKeys(): SealKey[];
  close(): void;
};

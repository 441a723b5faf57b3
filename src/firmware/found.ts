// Owns what a link is taken for while its bytes are looked for, and what is found.
import type { CacheHow } from '../link/firmware.ts';
import type { Place } from './fetch.ts';
import type { Fill } from './fill.ts';
import type { PromiseHint } from './link-identity.ts';
import type { PassingImage } from './passing.ts';

export type Found =
  | { kind: 'image'; sha256: string; how: CacheHow }
  | { kind: 'passing'; image: PassingImage; how: CacheHow }
  | { kind: 'fill'; fill: Fill; how: CacheHow };

/** `promise` is null where the name needs no confirmation by the reply. */
export type Link = {
  name: string;
  place: Place;
  oneTime: boolean;
  promise: { made: PromiseHint; link: string } | null;
  /** Whether few asked for this name lately. */
  quiet: boolean;
};
/** `shared` is false where what was found is for this link only. */
export type Opened = { found: Found; shared: boolean };

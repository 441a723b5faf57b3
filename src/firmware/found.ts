// Owns what a link is taken for while its bytes are looked for, and what is found.
import type { CacheHow } from '../link/firmware.ts';
import type { Place } from './fetch.ts';
import type { Fill } from './fill.ts';
import type { PromiseHint } from './link-identity.ts';
import type { PassingImage } from './passing.ts';

/** A link that led to an image leads to it for so long: a herd that comes by one link is looked up once a second. */
export const HOLDS_MS = 1_000;

/** `holdsMs`: for how long there is nothing to look for anew; absent: not at all. */
export type Found =
  | { kind: 'image'; sha256: string; how: CacheHow; holdsMs?: number }
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

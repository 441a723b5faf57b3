// Owns the interface of the catalogue: which images are kept, and which names stand for them.

export const IMAGE_KINDS = ['app', 'merged', 'assets', 'other'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Times are milliseconds since the epoch. */
export type KeptImage = {
  /** Of the whole file; 64 hexadecimal digits in lower case. */
  sha256: string;
  kind: ImageKind;
  /** In bytes. */
  length: number;
  /** As the upstream gave it, cleaned. */
  fileName: string;
  contentType: string;
  /** What the image says of itself. */
  facts: Record<string, string | number | boolean | null>;
  pinned: boolean;
  addedMs: number;
  /** When it was last offered or asked for. */
  offeredMs: number;
};

/** What the name of a link stands for: a stable URL, or what one-time links have in common. */
export type KeptName = {
  name: string;
  sha256: string;
  /** When the upstream was last asked. */
  checkedMs: number;
  usedMs: number;
  /** Validators and the HTTP cache policy, as JSON can hold them; opaque here. */
  memo: unknown;
};

export const MAX_NAMES = 10_000;

/** Every name stands for an image that is kept: it goes with the image. Rows that cannot be read are left out. */
export type Catalogue = {
  /** In the order in which they came. */
  images(): KeptImage[];
  /** Replaces one of the same hash, and leaves its names as they are. */
  putImage(image: KeptImage): void;
  /** Removes the names that stand for it, too. */
  removeImage(sha256: string): void;
  /** Whether there is such an image. */
  pin(sha256: string, pinned: boolean): boolean;
  /** Notes that an image was offered or asked for. */
  offered(sha256: string, nowMs: number): void;
  /** The least recently used first. */
  names(): KeptName[];
  /**
   * Replaces one of the same name. Past `MAX_NAMES` the least recently used of the others goes. One whose image is not
   * kept is forgotten: the image may have gone while its upstream was asked.
   */
  putName(name: KeptName): void;
  removeName(name: string): void;
};

// Owns what a check of an image is: fed with the bytes as they come, asked for its verdict at the end.

/** What is wrong with an image. `expected` is what the image (or its reply) says of itself, `found` what came. */
export type ImageFault = {
  what: 'length' | 'segments' | 'checksum' | 'sha256' | 'head';
  expected: string;
  found: string;
};

export type ImageCheck = {
  /** Offsets at which the SHA-256 of everything before is needed. Each is there before its byte comes. */
  readonly marks: readonly number[];
  /** The next bytes; they may be overwritten afterwards. */
  update(chunk: Uint8Array): void;
  /** `length` is that of the whole file in bytes. Null where nothing is wrong. */
  finish(length: number, digestAt: (offset: number) => Buffer | undefined): ImageFault | null;
};

/** The fault of a file that has not the length that it should have. */
export function wrongLength(expected: string, length: number): ImageFault {
  return { what: 'length', expected, found: `${length} bytes` };
}

// Owns the images of the measurements: whole and bootable, the same in every process that names them alike.
import { buildImage } from '../../src/demo/image.ts';

export const BOARD = 'bench-board';
/** What every device runs, and goes on running: no download here is booted. */
export const RUNNING = '1.8.1';

export type ImageName = { version: string; bytes: number };

const made = new Map<string, Buffer>();

/** The bytes of this image; the size is rounded up to a multiple of 16. */
export function imageOf({ version, bytes }: ImageName): Buffer {
  const key = `${version} ${bytes}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const image = buildImage({ version, size: bytes, seed: version });
  made.set(key, image);
  return image;
}

/** Whether this chunk is what the image has at `offset`. */
export function isPartOf(image: Buffer, chunk: Buffer, offset: number): boolean {
  const end = offset + chunk.length;
  return end <= image.length && image.compare(chunk, 0, chunk.length, offset, end) === 0;
}

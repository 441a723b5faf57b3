// Owns which boards an image of the store is for, as far as its names say it.
import type { StoredImage } from '../ota/rollout.ts';
import type { KeptImage } from '../store/catalogue.ts';
import { appOfImage } from './image-app.ts';

/**
 * The apps of the store by board: from the file name (`<board>_<version>.bin`), as both servers give it, and from what
 * one-time links had promised and their replies confirmed.
 */
export function storedImages(
  images: readonly KeptImage[],
  namesOf: (sha256: string) => readonly string[],
): StoredImage[] {
  const found = images.flatMap((image) => {
    const app = appOfImage(image);
    if (app === null) return [];
    const boards = new Set([boardOfFile(image.fileName, app.version), ...namesOf(image.sha256).map(promisedBoard)]);
    return [...boards].flatMap((board) => (board === null ? [] : [{ image, board, app }]));
  });
  // Of two files of the same board and version, the one that was offered last.
  return found
    .sort((a, b) => a.image.offeredMs - b.image.offeredMs)
    .map(({ image: { sha256, length }, board, app }) => ({ sha256, board, lengthBytes: length, app }));
}

function boardOfFile(fileName: string, version: string): string | null {
  const stem = fileName.replace(/\.[A-Za-z]{1,8}$/, '');
  const end = `_${version}`;
  return stem.endsWith(end) && stem.length > end.length ? stem.slice(0, -end.length) : null;
}

function promisedBoard(name: string): string | null {
  const parts: unknown = JSON.parse(name);
  if (!Array.isArray(parts) || parts[0] !== 'promise') return null;
  const board: unknown = parts[4];
  return typeof board === 'string' ? board : null;
}

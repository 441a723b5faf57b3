// Owns the recognition of an image by its first bytes, where neither its link nor its file name says which it is.
import { HEAD_BYTES } from '../ota/image.ts';
import { peek, type Reply } from './fetch.ts';
import type { Fill } from './fill.ts';
import type { Library } from './library.ts';

/**
 * The app that a reply brings, where it is here already or on its way: of the same length and with the same head, in
 * which the program's hash stands.
 */
export async function findTwin(
  reply: Reply,
  fills: readonly Fill[],
  library: Library,
): Promise<{ fill: Fill } | { sha256: string } | null> {
  const { length } = reply;
  if (length === null) return null;
  const head = (await peek(reply, HEAD_BYTES)).toString('hex');
  const fill = fills.find((running) => running.appHead === head && running.length === length);
  if (fill !== undefined) return { fill };
  const sha256 = library.findApp(head, length);
  return sha256 !== null && (await library.check(sha256)) ? { sha256 } : null;
}

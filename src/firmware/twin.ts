// Owns the recognition of an image by its first bytes, where neither its link nor its file name says which it is.
import { HEAD_BYTES } from '../ota/image.ts';
import { peek, type Reply } from './fetch.ts';
import type { Library } from './library.ts';

/** `head`: the first bytes, hexadecimal; null where the length is not known, and nothing can be recognised. */
export type Twin = { head: string | null; sha256: string | null };

/**
 * The app that a reply brings, where it is here already: of the same length and with the same head, in which the
 * program's hash stands.
 */
export async function findTwin(reply: Reply, library: Library): Promise<Twin> {
  const { length } = reply;
  if (length === null) return { head: null, sha256: null };
  const head = (await peek(reply, HEAD_BYTES)).toString('hex');
  const sha256 = library.findApp(head, length);
  return { head, sha256: sha256 !== null && (await library.check(sha256)) ? sha256 : null };
}

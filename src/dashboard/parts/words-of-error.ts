// Owns what the reader is told of an error: the gate's own words where it answered, ours where it did not.
import { ApiError } from '../base/client.ts';
import { notify } from '../base/notices.ts';
import { visible } from '../base/visible.ts';
import type { Words } from '../words.ts';

export function wordsOfError(error: unknown, words: Words['frame']): string {
  if (!(error instanceof ApiError)) return words.broken;
  if (error.code === 'UNREACHABLE') return words.unreachable;
  if (error.status === 429) return words.tooOften;
  if (error.code === 'READ_ONLY') return words.mayNot;
  return visible(error.message, 600);
}

/** Does something, and tells of its failure; of its success with `well`, where that is given. */
export async function attempt(words: Words['frame'], work: () => Promise<unknown>, well?: string): Promise<boolean> {
  try {
    await work();
    if (well !== undefined) notify('well', well);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'ABORTED') notify('failed', wordsOfError(error, words));
    return false;
  }
}

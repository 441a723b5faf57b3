// Owns the ids of openings that the file holds.
import { createHash } from 'node:crypto';

/** The same for the same content, whatever the order of the networks, so that a reload does not make a new opening. */
export function openingId(route: string, from: readonly string[], untilMs: number, startMs: number | null): string {
  const content = JSON.stringify([route, from.toSorted(), untilMs, ...(startMs === null ? [] : [startMs])]);
  return `yaml-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
}

// Owns the download links of the Java server: a UUID that lives 24 hours and is good for three GETs.
import { randomUUID } from 'node:crypto';

export interface OneTimeLinks {
  /** A new UUID, on every call. */
  issue(board: string): string;
  /** The board whose firmware this GET gets, or undefined: unknown, too old, or the fourth. Every call counts. */
  take(uuid: string): string | undefined;
  readonly size: number;
}

const MAX_GETS = 3;
const LIFE_MS = 24 * 60 * 60 * 1000;
const CAPACITY = 10_000;

interface Link {
  board: string;
  issuedAt: number;
  gets: number;
}

/** `now` in milliseconds. Past 10,000 links the oldest one goes. */
export function createOneTimeLinks(now: () => number = Date.now): OneTimeLinks {
  const links = new Map<string, Link>();
  return {
    issue(board) {
      const uuid = randomUUID();
      links.set(uuid, { board, issuedAt: now(), gets: 0 });
      for (const oldest of links.keys()) {
        if (links.size <= CAPACITY) break;
        links.delete(oldest);
      }
      return uuid;
    },
    take(uuid) {
      const link = links.get(uuid);
      if (link === undefined) return undefined;
      if (link.gets >= MAX_GETS || now() - link.issuedAt >= LIFE_MS) {
        links.delete(uuid);
        return undefined;
      }
      link.gets += 1;
      return link.board;
    },
    get size() {
      return links.size;
    },
  };
}

// Owns short notices: what went well, what failed, and what a screen reader is told without being shown.
import { Cell } from './cell.ts';

export type Notice = { number: number; kind: 'well' | 'failed'; text: string };

const SHOWN_MS = 6_000;
const MAX_SHOWN = 4;

export const notices = new Cell<readonly Notice[]>([]);
/** The newest thing to say; read out politely. */
export const spoken = new Cell('');

let next = 0;

/** What failed stays until it is put away. */
export function notify(kind: Notice['kind'], text: string): void {
  next += 1;
  const notice = { number: next, kind, text };
  notices.set([...notices.value, notice].slice(-MAX_SHOWN));
  if (kind === 'well') setTimeout(() => putAway(notice.number), SHOWN_MS);
}

export function putAway(number: number): void {
  notices.set(notices.value.filter((notice) => notice.number !== number));
}

export function say(text: string): void {
  spoken.set(text);
}

// Owns the last lines of the log, for the dashboard to show.
import { TextRing } from './text-ring.ts';

/** A line as it was logged. Its own `id`, where it has one, is kept as `loggedId`. */
export type LogLine = Record<string, unknown>;
export type KeptLine = LogLine & { id: number };

export const MAX_LINES = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 8 * 1024;
const HEAD_KEYS = ['level', 'time', 'process', 'event', 'msg'];

export class LogRing {
  readonly #ring = new TextRing(MAX_LINES, MAX_BYTES);

  /** Takes a line, and gives it back as it is kept. Of one past 8,192 characters only the usual keys stay, cut short. */
  add(line: LogLine): KeptLine {
    let kept: KeptLine = { id: 0 };
    this.#ring.add((id) => {
      kept = numbered(line, id);
      const text = JSON.stringify(kept);
      if (text.length <= MAX_LINE_CHARACTERS) return text;
      kept = { ...cutShort(line), id };
      return JSON.stringify(kept);
    });
    return kept;
  }

  /** The last so many lines as one JSON array, oldest first. */
  tail(count: number): string {
    return `[${this.#ring
      .last(count)
      .map(({ text }) => text)
      .join(',')}]`;
  }
}

function numbered({ id: loggedId, ...line }: LogLine, id: number): KeptLine {
  return loggedId === undefined ? { ...line, id } : { ...line, loggedId, id };
}

function cutShort(line: LogLine): LogLine {
  const kept = HEAD_KEYS.flatMap((key) => {
    const value = line[key];
    return typeof value === 'string' ? [[key, value.slice(0, 1_000)]] : [];
  });
  return { ...Object.fromEntries(kept), cut: true };
}

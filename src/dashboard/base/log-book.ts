// Owns the lines of the log that the page keeps: a bounded number, in order, each once; and which of them fit a filter.
import type { LogLine } from '../api.ts';
import { visible, visibleValue } from './visible.ts';

export const MAX_LINES = 2_000;
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** `number` counts up as lines come, and names a line among those that are kept. */
export type KeptLine = { number: number; line: LogLine; level: Level; search: string };

export type LogFilter = { level: Level; text: string };

const SHOWN_APART = new Set(['level', 'time', 'process', 'event', 'msg', 'pid', 'hostname']);

export class LogBook {
  #lines: KeptLine[] = [];
  #next = 0;

  lines(): readonly KeptLine[] {
    return this.#lines;
  }

  /** Past `MAX_LINES`, the oldest go. */
  add(lines: readonly LogLine[]): void {
    this.#lines = [...this.#lines, ...lines.slice(-MAX_LINES).map((line) => this.#kept(line))].slice(-MAX_LINES);
  }

  /** Takes what the gate has kept: what is among both stays once, and all stands in the order of its time. */
  merge(lines: readonly LogLine[]): void {
    const known = new Set(this.#lines.map(({ search }) => search));
    const missed = lines.map((line) => this.#kept(line)).filter(({ search }) => !known.has(search));
    const time = ({ line }: KeptLine): string => line.time ?? '';
    // ISO 8601 sorts as text, and the sort keeps the order of what has one time.
    const all = [...missed, ...this.#lines].sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0));
    this.#lines = all.slice(-MAX_LINES);
  }

  #kept(line: LogLine): KeptLine {
    this.#next += 1;
    return { number: this.#next, line, level: levelOf(line), search: JSON.stringify(line).toLowerCase() };
  }
}

/** Whether a line is of this level or a graver one, and holds every word of the text. */
export function fits({ level, search }: KeptLine, filter: LogFilter): boolean {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(filter.level)) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => search.includes(word));
}

/** What a line says beside its message, name by name. */
export function fieldsOf(line: LogLine): [name: string, value: string][] {
  return Object.entries(line)
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => [visible(name, 60), visibleValue(value, 2_000)]);
}

function levelOf({ level }: LogLine): Level {
  return LEVELS.find((one) => one === level) ?? 'info';
}

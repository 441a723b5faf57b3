// Owns the text of an OTA reply: reads fields, and replaces values in place, so that all the rest stays byte for byte.
import { type Member, membersAt, skipSpaces } from './json-members.ts';

export type ReplyText = {
  /** Whether there is such a key at the top. */
  has(key: string): boolean;
  /** The string at the path, or null. */
  string(...path: string[]): string | null;
  /** The number at the path, or null. */
  number(...path: string[]): number | null;
  /** Puts a value in the place of the one at the path, wherever the path occurs. */
  replace(path: readonly string[], value: unknown): void;
  /** The same at the top, and adds the key where it is not there. */
  put(key: string, value: unknown): void;
  write(): Buffer;
};

type Value = Pick<Member, 'start' | 'end'>;
type Edit = Value & { put: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A reply as text with places, or null where it is not one JSON object in UTF-8. Never throws. */
export function parseReply(reply: Buffer): ReplyText | null {
  try {
    const text = UTF8.decode(reply);
    // cJSON on the device skips a byte order mark, so we must read what comes after it as well.
    const begin = skipSpaces(text, text.startsWith('\ufeff') ? 1 : 0);
    JSON.parse(begin === 0 ? text : text.slice(begin));
    return text[begin] === '{' ? new Reply(text, begin) : null;
  } catch {
    return null; // broken UTF-8, or no JSON
  }
}

class Reply implements ReplyText {
  readonly #text: string;
  readonly #begin: number;
  readonly #members = new Map<number, Member[]>();
  readonly #edits: Edit[] = [];

  constructor(text: string, begin: number) {
    this.#text = text;
    this.#begin = begin;
  }

  has(key: string): boolean {
    return this.#valuesAt([key]).length > 0;
  }

  string(...path: string[]): string | null {
    const value = this.#first(path);
    return typeof value === 'string' ? value : null;
  }

  number(...path: string[]): number | null {
    const value = this.#first(path);
    return typeof value === 'number' ? value : null;
  }

  replace(path: readonly string[], value: unknown): void {
    for (const { start, end } of this.#valuesAt(path)) this.#edits.push({ start, end, put: JSON.stringify(value) });
  }

  put(key: string, value: unknown): void {
    if (this.has(key)) {
      this.replace([key], value);
      return;
    }
    const member = `${JSON.stringify(key)}:${JSON.stringify(value)}${this.#membersAt(this.#begin).length > 0 ? ',' : ''}`;
    this.#edits.push({ start: this.#begin + 1, end: this.#begin + 1, put: member });
  }

  write(): Buffer {
    let written = this.#text;
    for (const { start, end, put } of this.#edits.toSorted((a, b) => b.start - a.start))
      written = written.slice(0, start) + put + written.slice(end);
    return Buffer.from(written);
  }

  /** The value at a path where it is neither object nor array: cJSON on the device takes the first of two equal keys. */
  #first(path: readonly string[]): unknown {
    const [value] = this.#valuesAt(path);
    if (value === undefined || this.#text[value.start] === '{' || this.#text[value.start] === '[') return null;
    return JSON.parse(this.#text.slice(value.start, value.end));
  }

  /** All values at a path, since other parsers take the last of two equal keys. */
  #valuesAt(path: readonly string[], depth = 0, start = this.#begin, values: Value[] = []): Value[] {
    for (const member of this.#membersAt(start)) {
      if (member.key !== path[depth]) continue;
      if (depth === path.length - 1) values.push(member);
      else this.#valuesAt(path, depth + 1, member.start, values);
    }
    return values;
  }

  #membersAt(start: number): Member[] {
    const known = this.#members.get(start);
    if (known !== undefined) return known;
    const members = this.#text[start] === '{' ? membersAt(this.#text, start) : [];
    this.#members.set(start, members);
    return members;
  }
}

// Owns the places of an object's members in a JSON text that is known to be well-formed: what a parser reads and forgets.

/**
 * A member as it stands in the text; `start` and `end` are those of its value. Its key is in lower case: cJSON compares
 * without regard to case, so `URL` is the device's `url` too.
 */
export type Member = { key: string; start: number; end: number };

const SPACES = new Set([' ', '\t', '\n', '\r']);
const ENDS_LITERAL = /[\s,\]}]/g;
const OPENS_OR_CLOSES = /["[\]{}]/g;

/** The members of the object that begins at `at`, in their order, equal names included. */
export function membersAt(text: string, at: number): Member[] {
  const members: Member[] = [];
  let next = skipSpaces(text, at + 1);
  while (text[next] === '"') {
    const nameEnd = stringEnd(text, next);
    const name: unknown = JSON.parse(text.slice(next, nameEnd));
    const start = skipSpaces(text, skipSpaces(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    members.push({ key: String(name).toLowerCase(), start, end });
    next = skipSpaces(text, end);
    if (text[next] === ',') next = skipSpaces(text, next + 1);
  }
  return members;
}

/** Where the text goes on behind spaces. */
export function skipSpaces(text: string, from: number): number {
  let at = from;
  while (SPACES.has(text[at] ?? '')) at += 1;
  return at;
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first === '{' || first === '[') return nestedEnd(text, start);
  ENDS_LITERAL.lastIndex = start;
  return ENDS_LITERAL.test(text) ? ENDS_LITERAL.lastIndex - 1 : text.length;
}

function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}

function nestedEnd(text: string, start: number): number {
  let depth = 0;
  OPENS_OR_CLOSES.lastIndex = start;
  while (OPENS_OR_CLOSES.test(text)) {
    const at = OPENS_OR_CLOSES.lastIndex - 1;
    const mark = text[at];
    if (mark === '"') OPENS_OR_CLOSES.lastIndex = stringEnd(text, at);
    else depth += mark === '{' || mark === '[' ? 1 : -1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

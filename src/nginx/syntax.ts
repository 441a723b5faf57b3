// Owns the syntax of nginx's files: directives with their arguments, blocks and places. What parsers there are for it
// keep no place of a directive, and every line has to be accounted for here.
export type Place = { file: string; line: number };

export type Directive = {
  name: string;
  args: string[];
  /** What stands within its braces; null where it ends in `;`. */
  block: Directive[] | null;
  place: Place;
};

export type Parsed = { ok: true; directives: Directive[] } | { ok: false; place: Place; problem: string };

type Token = { kind: 'word'; text: string; line: number } | { kind: '{' | '}' | ';'; line: number };

const MAX_DEPTH = 20;

/** Reads a file's text. Never throws. */
export function parseNginx(text: string, file: string): Parsed {
  const tokens = tokenise(text);
  if ('problem' in tokens) return { ok: false, place: { file, line: tokens.line }, problem: tokens.problem };
  let at = 0;
  let fault: { line: number; problem: string } | null = null;
  const fail = (line: number, problem: string): void => {
    fault ??= { line, problem };
  };
  const readBlock = (depth: number): Directive[] => {
    const found: Directive[] = [];
    while (fault === null) {
      const token = tokens.list[at];
      if (token === undefined) {
        if (depth > 0) fail(tokens.lines, 'a block has no end: "}" is missing');
        break;
      }
      at += 1;
      if (token.kind === '}') {
        if (depth === 0) fail(token.line, 'a "}" ends no block');
        break;
      }
      if (token.kind !== 'word') {
        if (token.kind === '{') fail(token.line, 'a block has no name');
        continue; // a lone semicolon says nothing
      }
      const args: string[] = [];
      let next = tokens.list[at];
      for (; next?.kind === 'word'; next = tokens.list[at]) {
        args.push(next.text);
        at += 1;
      }
      const directive = { name: token.text.toLowerCase(), args, place: { file, line: token.line } };
      at += 1;
      if (next?.kind === ';') found.push({ ...directive, block: null });
      else if (next?.kind === '{' && depth < MAX_DEPTH) found.push({ ...directive, block: readBlock(depth + 1) });
      else fail(token.line, `"${token.text}" ends neither in ";" nor in a block`);
    }
    return found;
  };
  const directives = readBlock(0);
  const found = fault as { line: number; problem: string } | null;
  return found === null
    ? { ok: true, directives }
    : { ok: false, place: { file, line: found.line }, problem: found.problem };
}

const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'/y;
// `${name}` is a part of a word, and so is a brace within a regular expression that was escaped or counted.
const BARE = /(?:\$\{\w+\}|\\[\s\S]|\{\d+(?:,\d*)?\}|[^\s;{}\\])+/y;

function tokenise(text: string): { list: Token[]; lines: number } | { problem: string; line: number } {
  const list: Token[] = [];
  let line = 1;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '\n') line += 1;
    if (/\s/.test(character)) at += 1;
    else if (character === '#') while (at < text.length && text[at] !== '\n') at += 1;
    else if (character === ';' || character === '{' || character === '}') {
      list.push({ kind: character, line });
      at += 1;
    } else {
      const quoted = character === '"' || character === "'";
      const match = take(quoted ? QUOTED : BARE);
      if (match === null) return { problem: quoted ? 'a quote has no end' : 'a character has no place here', line };
      const inner = match[1] ?? match[2];
      const word = inner === undefined ? match[0] : inner.replace(/\\(["'\\])/g, '$1');
      list.push({ kind: 'word', text: word, line });
      line += match[0].split('\n').length - 1;
      at += match[0].length;
    }
  }
  return { list, lines: line };
}

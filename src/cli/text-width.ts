// Owns the width of text on a terminal: Chinese characters take two columns, colours none.
import { stripVTControlCharacters } from 'node:util';

// UAX 11, the ranges that are in use: CJK, kana, hangul, full-width forms, and pictures.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const WIDTHLESS = /\p{Mark}|\p{Format}/u;
// Kinsoku: what no line begins with, and what none ends with.
const NOT_FIRST = /[，。；：、！？）》」』】…%]/u;
const NOT_LAST = /[（《「『【]/u;

/** Columns that a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (!WIDTHLESS.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** The text, with spaces up to this width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Breaks lines at spaces, and between Chinese characters as a printer would. A word that is too long stays whole. */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const piece of piecesOf(line)) {
    if (current !== '' && displayWidth(current + piece.trimEnd()) > width) {
      lines.push(current.trimEnd());
      current = '';
    }
    current += current === '' && lines.length > 0 ? piece.trimStart() : piece;
  }
  return [...lines, current.trimEnd()];
}

/** What must not be torn apart, each with the spaces behind it. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  let before = '';
  for (const character of line) {
    const begins =
      before === '' ||
      (before === ' ' && character !== ' ') ||
      ((WIDE.test(before) || (WIDE.test(character) && before !== ' ')) &&
        character !== ' ' &&
        !NOT_FIRST.test(character) &&
        !NOT_LAST.test(before));
    if (begins) pieces.push(character);
    else pieces[pieces.length - 1] += character;
    before = character;
  }
  return pieces;
}

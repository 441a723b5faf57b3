// Owns the reading of imports: every module that a source file names, and the line that names it.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

export type Import = { line: number; specifier: string; typeOnly: boolean };

/** `file` is the path from the root of the project, with `/`. */
export type SourceFile = { file: string; text: string; imports: Import[] };

// Between the keyword and `from` a declaration has names, braces, commas and stars: no quote, no bracket, no equals sign.
const DECLARATION =
  /^[ \t]*(import|export)\b((?:\s+type\b(?!\s*(?:,|from\b)))?)[\w\s{},*$]*?\bfrom\s*(['"])([^'"\n]+)\3/gm;
const SIDE_EFFECT = /^[ \t]*import\s*(['"])([^'"\n]+)\1/gm;
const CALL = /\bimport\(\s*(?:(['"`])([^'"`\n]*)\1\s*[,)])?/g;

/** Every import and re-export of this text, `import type` and `import('…')` included; comments are left out. */
export function readImports(text: string): Import[] {
  const code = withoutComments(text);
  const found = (index: number, specifier: string, typeOnly: boolean): Import => ({
    line: code.slice(0, index).split('\n').length,
    specifier,
    typeOnly,
  });
  return [
    ...[...code.matchAll(DECLARATION)].map((match) =>
      // The specifier's own line, as an editor wants it.
      found(match.index + match[0].length, match[4] ?? '', (match[2] ?? '') !== ''),
    ),
    ...[...code.matchAll(SIDE_EFFECT)].map((match) => found(match.index + match[0].length, match[2] ?? '', false)),
    ...[...code.matchAll(CALL)].map((match) => found(match.index, match[2] ?? '', false)),
  ].sort((a, b) => a.line - b.line);
}

/**
 * The text with whole-line comments and block comments emptied, line by line. A comment behind code stays: telling it
 * from `//` inside a string takes a parser, and no import begins there.
 */
export function withoutComments(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/^[ \t]*\/\/.*$/gm, '');
}

/** The files under this folder whose names end in one of these, as paths from the root of the project. */
export function filesUnder(root: string, folder: string, ...endings: string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

export function readSources(root: string, folder = 'src'): SourceFile[] {
  return filesUnder(root, folder, '.ts', '.tsx').map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, imports: readImports(text) };
  });
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

/** The file that a relative import leads to, as a path from the root of the project. */
export function resolveImport(file: string, specifier: string): string {
  return relative(resolve('/'), resolve('/', dirname(file), specifier))
    .split(sep)
    .join('/');
}

/** The npm package of a bare import: `a/b` is of `a`, `@a/b/c` of `@a/b`; null for Node's own and for relative ones. */
export function packageOf(specifier: string): string | null {
  if (isRelative(specifier) || specifier.startsWith('node:')) return null;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

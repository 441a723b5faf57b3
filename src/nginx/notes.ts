// Owns the account of every line: what was not carried over and why, and what the gate does by itself.
import { relative } from 'node:path';
import type { Directive, Place } from './syntax.ts';

export type Note = { place: Place; text: string; why: string };

export class Notes {
  readonly left: Note[] = [];
  readonly byItself: Note[] = [];

  /** A line that has no counterpart, or another meaning here. */
  leave(directive: Directive, why: string): void {
    this.left.push({ place: directive.place, text: written(directive), why });
  }

  /** A line that needs no counterpart. */
  needless(directive: Directive, why: string): void {
    this.byItself.push({ place: directive.place, text: written(directive), why });
  }
}

/** A directive on one line, its block left out. */
export function written({ name, args, block }: Directive): string {
  const quoted = args.map((arg) => (/[\s;{}"']/.test(arg) || arg === '' ? JSON.stringify(arg) : arg));
  const text = [name, ...quoted].join(' ');
  return `${text.length > 160 ? `${text.slice(0, 159)}…` : text}${block === null ? ';' : ' { … }'}`;
}

/** `FILE:LINE`, in order, with the text and the reason. Files are named from `root`. */
export function listed(notes: readonly Note[], root: string): string[] {
  // A line that holds in several locations is looked at in each of them.
  const once = new Map(notes.map((note) => [`${note.place.file}:${note.place.line} ${note.text} ${note.why}`, note]));
  return [...once.values()]
    .sort((a, b) => a.place.file.localeCompare(b.place.file) || a.place.line - b.place.line)
    .map(({ place, text, why }) => `${relative(root, place.file)}:${place.line}: ${text}  # ${why}`);
}

// Owns what the reader of the page chose: language and colours, kept in the browser.
import { firstLanguage, type Language, tagOf } from '../words.ts';
import { Cell } from './cell.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const language = new Cell<Language>(firstLanguage(read('language'), navigator.languages));
export const theme = new Cell<Theme>(THEMES.find((one) => one === read('theme')) ?? 'auto');
/** Counts up when the colours change, by choice or by the system. */
export const colours = new Cell(0);

export function chooseLanguage(next: Language): void {
  language.set(next);
  write('language', next);
  apply();
}

export function chooseTheme(next: Theme): void {
  theme.set(next);
  write('theme', next);
  apply();
}

/** Puts both on the document. */
export function apply(): void {
  const { documentElement } = document;
  documentElement.lang = tagOf(language.value);
  documentElement.dataset.theme = theme.value;
  colours.set(colours.value + 1);
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);

// A browser may refuse to keep anything; then the choice lasts as long as the page.
function read(name: string): string | null {
  try {
    return localStorage.getItem(`otagate.${name}`);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`otagate.${name}`, value);
  } catch {
    // see above
  }
}

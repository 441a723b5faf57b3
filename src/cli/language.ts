// Owns the language that the command line speaks, by the locale of whoever asks.
import type { Words } from './words.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * As POSIX has it: the first of LC_ALL, LC_MESSAGES and LANG that says anything. Any kind of Chinese is Chinese, but for
 * a terminal that says it cannot read UTF-8 (`zh_CN.GBK`): what is printed is UTF-8.
 */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value !== undefined && value !== '');
  const [, codeset = 'UTF-8'] = /\.([^@]*)/.exec(locale ?? '') ?? [];
  return /^zh(?![a-z])/i.test(locale ?? '') && /^utf-?8$/i.test(codeset) ? 'zh' : 'en';
}

/**
 * The words of the command line itself. Findings about the configuration file, log lines, the reasons of decisions and
 * whatever the gate answers as an error stay English in every language: people search the web for them, and paste them
 * into reports.
 */
export async function wordsOf(language: Language): Promise<Words> {
  return language === 'zh' ? (await import('./words-zh.ts')).chinese : (await import('./words.ts')).english;
}

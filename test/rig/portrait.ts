// Owns the pictures of the dashboard in the READMEs: how they are taken, and what is told apart of them. Times and pace
// differ from run to run, so two pictures are alike where they have one size and show the same parts.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import type { Language } from '../../src/dashboard/words.ts';
import { visit, WIDE } from './browser.ts';
import { loaded, signIn } from './dashboard-walk.ts';

export type Portrait = { png: Buffer; parts: string[] };

export const PICTURES: Readonly<Record<Language, string>> = { en: 'overview.png', zh: 'overview-zh.png' };
/** Beside the pictures: the parts that they show. */
export const PARTS_FILE = 'overview.parts.json';

/** The overview, once the fleet has upgraded and its traffic is drawn. */
export async function takePortrait(
  browser: Browser,
  at: { base: string; token: string },
  language: Language,
): Promise<Portrait> {
  const sight = { ...WIDE, height: 1_000, language: language === 'zh' ? 'zh-CN' : 'en-GB' } as const;
  const visitor = await visit(browser, at.base, sight);
  try {
    const { page } = visitor;
    await signIn(page, at.base, at.token);
    await loaded(page);
    await page
      .getByRole('main')
      .getByText(/\d MiB/)
      .first()
      .waitFor();
    const parts = await page.getByRole('heading').allTextContents();
    return { png: await page.screenshot({ animations: 'disabled' }), parts };
  } finally {
    await visitor.close();
  }
}

/** Width and height of a PNG, in pixels (PNG section 11.2.1). */
export function sizeOf(png: Buffer): [width: number, height: number] {
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

export function readParts(file: string): Record<Language, string[]> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<Language, string[]>;
}

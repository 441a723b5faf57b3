// Owns a headless Chromium for walks through the page, and notes everything that must not happen there.
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findBinary } from '../../scripts/peers.mjs';

export type Sight = { width: number; height: number; colours: 'light' | 'dark'; language: 'en-GB' | 'zh-CN' };

export const WIDE: Sight = { width: 1366, height: 900, colours: 'light', language: 'en-GB' };
export const NARROW: Sight = { width: 390, height: 844, colours: 'light', language: 'en-GB' };

export type Visit = {
  page: Page;
  context: BrowserContext;
  /** Errors of the console and the page, breaches of the policy, dialogs, requests to other hosts; empty is well. */
  faults: string[];
  close: () => Promise<void>;
};

/** @throws {Error} where there is no Chromium: ask for the peer first */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findBinary('chromium');
  if (executablePath === null) throw new Error('there is no chromium on PATH');
  const root = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    // Chromium's sandbox refuses root, and containers seldom have a large /dev/shm.
    args: [...(root ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--disable-gpu'],
  });
}

/** A fresh visitor, without cookies. `base` is the one host that may be spoken to. */
export async function visit(browser: Browser, base: string, sight: Sight): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: sight.width, height: sight.height },
    colorScheme: sight.colours,
    locale: sight.language,
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
    isMobile: sight.width < 600,
    hasTouch: sight.width < 600,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // Chromium tells of every 4xx and broken connection itself; what the page makes of these is looked at apart.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(`console: ${text}`);
    if (message.type() === 'warning') faults.push(`console: ${text}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== base && protocol !== 'data:' && protocol !== 'blob:') faults.push(`other host: ${request.url()}`);
  });
  await page.exposeFunction('noteBreach', (text: string) => faults.push(`policy: ${text}`));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    noteBreach(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
  });`);
  return { page, context, faults, close: () => context.close() };
}

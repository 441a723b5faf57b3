// Owns the steps of a walk through the dashboard, as a visitor takes them: by the names that people and screen readers
// hear. They work on any gate; `base` is where its admin interface listens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Locator, Page } from 'playwright-core';
import type { Words } from '../../src/dashboard/words.ts';
import { until } from './bounded.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PAGES = ['Overview', 'Openings', 'Devices', 'Firmware', 'Certificates', 'Doctor', 'Log'] as const;
export type PageName = (typeof PAGES)[number];

/** Resolves once the locator's text fits. */
export function textOf(locator: Locator, fits: RegExp, withinMs = 15_000): Promise<string> {
  return until(
    `a text like ${fits}`,
    async () => {
      const text = (await locator.textContent({ timeout: 1_000 }).catch(() => null)) ?? '';
      return fits.test(text) && text;
    },
    withinMs,
  );
}

export async function signIn(page: Page, base: string, token: string): Promise<void> {
  await page.goto(base);
  await page.getByLabel(/Admin token|管理令牌/).fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: /^(Pages|页面)$/ }).waitFor();
}

/** A wrong token is told as such, and its field is ready for the right one. */
export async function failToSignIn(page: Page, base: string): Promise<void> {
  await page.goto(base);
  await page.getByLabel('Admin token').fill('wrong-token-that-is-long-enough-to-be-one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await textOf(page.getByRole('alert').filter({ hasText: 'token' }), /not the token/);
  assert.ok(await page.getByLabel('Admin token').evaluate((field) => field === field.ownerDocument.activeElement));
}

/** By the link in the navigation, without loading the document anew; nothing where it is there already. */
export async function goTo(page: Page, name: PageName): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name });
  if (
    (await link.getAttribute('aria-current')) === 'page' &&
    (await page.getByRole('heading', { name, level: 1 }).count()) > 0
  )
    return;
  await link.click();
  const heading = page.getByRole('heading', { level: 1 });
  await textOf(heading, new RegExp(`^${name}$`));
  await until('the heading has the focus', () => heading.evaluate((one) => one === one.ownerDocument.activeElement));
  assert.equal(await page.title(), `${name} · otagate`);
}

/** Two clicks from anywhere; then it runs down, and is counted in the navigation. Ends it with Close. */
export async function openInTwoClicks(page: Page): Promise<void> {
  await goTo(page, 'Openings');
  const before = await openings(page).count();
  await page.getByRole('button', { name: /^Open ota for 10 minutes$/ }).click();
  await until('the opening is listed', async () => (await openings(page).count()) === before + 1);
  const mine = openings(page).filter({ hasText: 'from everywhere' }).last();
  const clock = mine.getByRole('timer');
  const first = await textOf(clock, /^(10:00|9:5\d)/);
  await until('the clock runs', async () => (await clock.textContent()) !== first);
  await page.getByRole('link', { name: new RegExp(`Openings.*${before + 1}`) }).waitFor();
  await mine.getByRole('button', { name: 'Close now: ota' }).click();
  await until('it is closed', async () => (await openings(page).count()) === before);
  await textOf(page.getByRole('status').filter({ hasText: 'closed' }), /ota is closed/);
  await textOf(page.getByRole('table').getByRole('row').nth(1), /Closed.*this page/s);
}

/** With a network and a reason, for so many seconds; it ends by itself. */
export async function openUntilItEnds(page: Page, seconds: number): Promise<void> {
  await goTo(page, 'Openings');
  const before = await openings(page).count();
  await page.getByText('Networks, reason, another duration').click();
  await page.getByLabel('Only from these networks').fill('198.51.100.7 2001:db8::/32');
  await page.getByLabel('Reason').fill('a walk <b>through</b>');
  await page.getByLabel('Another duration, in minutes').fill(String(seconds / 60));
  await page.keyboard.press('Enter');
  const mine = openings(page).filter({ hasText: 'a walk <b>through</b>' });
  await textOf(mine, /from 198\.51\.100\.7(\/32)?, 2001:db8::\/32/);
  await textOf(mine.getByRole('timer'), /^0:0\d/);
  await until('it has ended', async () => (await openings(page).count()) === before, (seconds + 5) * 1_000);
  await textOf(page.getByRole('table').getByRole('row').nth(1), /Ended by itself.*the gate/s);
}

export function openings(page: Page): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Close now/ }) });
}

/** Types into the search, and waits until the list says so. Gives the rows, without the head. */
export async function findDevices(page: Page, text: string, found: RegExp): Promise<Locator> {
  await page.getByLabel('Search').fill(text);
  await textOf(page.getByRole('main'), found);
  return page
    .getByRole('table')
    .getByRole('row')
    .filter({ has: page.getByRole('cell') });
}

/** Uploads a file by the button, and waits for what the page says of it. */
export async function uploadImage(page: Page, name: string, buffer: Buffer, answer: RegExp): Promise<void> {
  await page.getByLabel('Choose a file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await textOf(page.locator('.notices'), answer, 15_000);
}

export function image(page: Page, name: string): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true, level: 3 }) });
}

/** Asks before it removes: Escape keeps the image and gives the focus back. */
export async function purgeImage(page: Page, name: string): Promise<void> {
  const button = image(page, name).getByRole('button', { name: /^Remove/ });
  const dialog = page.getByRole('dialog', { name: 'Remove this image?' });
  await button.click();
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok(await button.evaluate((one) => one === one.ownerDocument.activeElement), 'the focus is back');
  await button.click();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await image(page, name).waitFor({ state: 'detached' });
}

/** Lines come by themselves; what is filtered out is gone; while it is paused, none comes. */
export async function readLog(page: Page, text: string): Promise<void> {
  await goTo(page, 'Log');
  const lines = page.getByRole('region', { name: 'Log' }).getByRole('listitem');
  const count = (): Promise<number> => lines.count();
  await until('lines', async () => (await count()) > 0);
  await page.getByLabel('Text').fill(text);
  await until('only what fits', async () => {
    const shown = await lines.allTextContents();
    return shown.length > 0 && shown.every((line) => line.toLowerCase().includes(text.toLowerCase()));
  });
  await page.getByLabel('Text').fill('no line has these words');
  await textOf(page.getByRole('region', { name: 'Log' }), /No line fits/);
  await page.getByLabel('Text').fill('');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('paused: new lines wait').waitFor();
  await lines.last().locator('summary').click();
  await lines.last().locator('dl').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await goTo(page, 'Overview');
  await goTo(page, 'Log');
  await until('the lines are there again', async () => (await count()) > 0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await lines.last().locator('summary').click();
  await lines.last().locator('dl').waitFor();
}

/** Saves the local CA's root; gives its text. */
export async function saveRoot(page: Page): Promise<string> {
  await goTo(page, 'Certificates');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the root' }).click();
  const download = await saved;
  assert.equal(download.suggestedFilename(), 'otagate-root.pem');
  return readFileSync(await download.path(), 'utf8');
}

/** Every page in Chinese, and back. Nothing of ours may be left in English. */
export async function changeLanguage(page: Page): Promise<void> {
  await openSettings(page);
  const main = page.getByRole('radio', { name: '中文' });
  await main.check({ force: true });
  await textOf(page.getByRole('heading', { level: 1 }), /\p{Script=Han}/u);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  await page.reload();
  await textOf(page.getByRole('heading', { level: 1 }), /\p{Script=Han}/u);
  await openSettings(page);
  await page.getByRole('radio', { name: 'English' }).check({ force: true });
  await textOf(page.getByRole('heading', { level: 1 }), /^[A-Z][a-z]+$/);
}

/** By the link in the navigation, in the visitor's own language. */
export async function follow(page: Page, { frame }: Words, way: keyof Words['frame']['ways']): Promise<void> {
  const link = page.getByRole('navigation', { name: frame.pages }).getByRole('link', { name: frame.ways[way] });
  await link.click();
  await textOf(page.getByRole('heading', { level: 1 }), new RegExp(`^${frame.ways[way]}$`));
}

/** Opens a route for so many seconds by the form; gives the moment, of the monotonic clock. */
export async function openFor(page: Page, { openings: words }: Words, route: string, seconds: number): Promise<number> {
  await page.getByLabel(words.route, { exact: true }).selectOption(route);
  await page.getByText(words.options, { exact: true }).click();
  await page.getByLabel(words.minutes).fill(String(seconds / 60));
  const openedMs = performance.now();
  await page.keyboard.press('Enter');
  return openedMs;
}

export async function signOut(page: Page, { frame }: Words): Promise<void> {
  await openSettings(page);
  await page.getByRole('button', { name: frame.signOut }).locator('visible=true').click();
  await page.getByLabel(frame.token).waitFor();
}

/** On a narrow screen they are behind a button. */
async function openSettings(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /^(Settings|设置)$/ });
  if (await button.isVisible()) await button.click();
}

export async function chooseColours(page: Page, colours: 'Light' | 'Dark'): Promise<string> {
  await page.getByRole('radio', { name: colours }).check({ force: true });
  return page.evaluate('getComputedStyle(document.body).backgroundColor');
}

/** Resolves once nothing is being loaded. */
export function loaded(page: Page): Promise<boolean> {
  return until('all is loaded', async () => (await page.getByText('Loading …').count()) === 0);
}

/** The page is never wider than the screen. */
export async function fitsTheScreen(page: Page): Promise<void> {
  // A mobile browser widens its own idea of the window to what there is: the screen is what we made it.
  const screen = page.viewportSize()?.width ?? 0;
  const content = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(content <= screen, `${page.url()} is ${content} px wide on ${screen} px`);
}

/** Faults that axe-core calls serious or critical, one a line. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`);
}

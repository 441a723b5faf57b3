// The dashboard on the running gate, by two visitors at once: log in, watch the demo's fleet upgrade, let an outside
// device in for ten seconds, see it close by itself, and be refused after. English and wide; Chinese, dark and 390 px.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { DICTIONARIES, LANGUAGES, type Words } from '../../src/dashboard/words.ts';
import { DOMAINS } from '../../src/demo/scene.ts';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { NARROW, startBrowser, type Visit, visit, WIDE } from '../rig/browser.ts';
import * as walk from '../rig/dashboard-walk.ts';
import { type DemoScene, type Server, startDemoScene } from '../rig/demo-scene.ts';
import { PARTS_FILE, PICTURES, readParts, sizeOf, takePortrait } from '../rig/portrait.ts';
import { CHECK_HEADERS, checkBody } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

// Without a space: a board that has one is not believed at all.
const HOSTILE_BOARD = '<img/src=x/onerror=alert(1)>';
const SECONDS = 10;
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

type Visitor = Visit & { words: Words; server: Server };

describe('the dashboard of a running gate', { skip: peer('chromium').skip }, () => {
  let scene: DemoScene;
  let browser: Browser;
  const visitors: Visitor[] = [];
  /** The same steps for both, at once; a fault tells which of the two met it. */
  const both = async (steps: (visitor: Visitor) => Promise<void>): Promise<void> => {
    await Promise.all(
      visitors.map((visitor) =>
        steps(visitor).catch((error: unknown) => {
          throw new Error(`${visitor.words.frame.ways.overview}, at ${visitor.page.url()}`, { cause: error });
        }),
      ),
    );
  };

  before(async () => {
    [scene, browser] = await Promise.all([startDemoScene(), startBrowser()]);
    visitors.push(
      { ...(await visit(browser, scene.base, WIDE)), words: DICTIONARIES.en, server: 'full' },
      {
        ...(await visit(browser, scene.base, { ...NARROW, colours: 'dark', language: 'zh-CN' })),
        words: DICTIONARIES.zh,
        server: 'python',
      },
    );
  });
  after(async () => {
    await browser?.close();
    await scene?.stop();
  });

  test('the fleet is seen to upgrade, while it does', async () => {
    await both(async ({ page, words }) => {
      await walk.signIn(page, scene.base, scene.token);
      await walk.follow(page, words, 'devices');
      await page.getByText(words.devices.none).waitFor();
    });
    const upgrading = scene.upgradeFleet();
    await both(async ({ page, words }) => {
      const states = words.devices.states;
      const inState = (state: string): Promise<number> =>
        page.getByRole('cell').getByText(state, { exact: true }).count();
      await until('downloads that run', async () => (await inState(states.downloading)) > 0, 30_000);
      await until('all upgraded', async () => (await inState(states.upgraded)) === scene.members, 30_000);
    });
    await upgrading;
  });

  test('a board name that is markup is text', async () => {
    const headers = { ...CHECK_HEADERS, 'Device-Id': '02:00:00:00:00:66', 'User-Agent': `${HOSTILE_BOARD}/1.0.0` };
    const asked = { path: '/xiaozhi/ota/', host: DOMAINS.full, headers, body: checkBody('1.0.0', HOSTILE_BOARD) };
    await ask({ port: scene.gate.http, from: '127.0.0.1' }, asked);
    await both(async ({ page }) => {
      const row = page.getByRole('row').filter({ hasText: '02:00:00:00:00:66' });
      await walk.textOf(row, /<img\/src=x\/onerror=alert\(1\)>/);
      await row.getByRole('link').click();
      await walk.textOf(page.getByRole('heading', { level: 1 }), /^02:00:00:00:00:66$/);
      await walk.textOf(page.getByRole('main'), /<img\/src=x\/onerror=alert\(1\)>/);
      assert.equal(await page.locator('main img').count(), 0);
    });
  });

  test('an outside device is let in from the page for ten seconds, and refused before and after', () =>
    both(async ({ page, words, server }) => {
      const { device, url } = scene.outsider(server);
      const refused = async (): Promise<boolean> => {
        const check = await device.check(url);
        return check.outcome === 'failed' && check.code === 426;
      };
      assert.ok(await refused(), 'before');
      await walk.follow(page, words, 'openings');
      const openedMs = await walk.openFor(page, words, `${server}-ota`, SECONDS);
      const mine = page
        .getByRole('main')
        .getByRole('listitem')
        .filter({ hasText: `${server}-ota` });
      await mine.getByRole('timer').waitFor();
      const outcome = await device.upgrade(url);
      assert.equal(outcome.outcome, 'upgraded', JSON.stringify(outcome));
      await until('the page to tell that it ended', async () => (await mine.count()) === 0, 30_000);
      assert.ok(performance.now() - openedMs > SECONDS * 1_000 - 1_500, 'by itself, and not before its time');
      for (const what of [words.openings.whats.used, words.openings.whats.ended]) {
        const rows = page.getByRole('row').filter({ hasText: what });
        await rows.first().waitFor();
      }
      await until('the end', refused, 5_000);
      await walk.follow(page, words, 'devices');
      const row = page.getByRole('row').filter({ hasText: device.mac });
      await walk.textOf(row, new RegExp(words.devices.states.upgraded));
    }));

  test('no page has a barrier, or is wider than the screen', () =>
    both(async ({ page, words }) => {
      const paths = ['/', '/openings', '/devices', '/devices/02%3A00%3A00%3A00%3A00%3A66', '/firmware'];
      for (const path of [...paths, '/certificates', '/doctor', '/log', '/no-such-page']) {
        await page.goto(new URL(path, scene.base).href);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await until('all is loaded', async () => (await page.getByText(words.frame.loading).count()) === 0);
        await walk.fitsTheScreen(page);
        assert.deepEqual(await walk.barriers(page), [], path);
      }
    }));

  test("the READMEs' pictures show what the page shows", async () => {
    const committed = readParts(join(IMAGES, PARTS_FILE));
    for (const language of LANGUAGES) {
      const { png, parts } = await takePortrait(browser, scene, language);
      const hint = `docs/images/${PICTURES[language]} is of another time: npm run screenshot`;
      assert.deepEqual(sizeOf(readFileSync(join(IMAGES, PICTURES[language]))), sizeOf(png), hint);
      assert.deepEqual(committed[language], parts, hint);
    }
  });

  test('who signs out is out, and nothing happened that must not', () =>
    both(async ({ page, words, faults }) => {
      await walk.signOut(page, words);
      assert.deepEqual(await walk.barriers(page), []);
      await page.goto(new URL('/devices', scene.base).href);
      await page.getByLabel(words.frame.token).waitFor();
      assert.deepEqual(faults, [], 'no error, no breach of the policy, no other host');
    }));
});

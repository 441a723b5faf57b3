// Every page of the dashboard, wide and narrow, light and dark, in both languages: nobody is kept out, nothing is cut off.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { peer } from '../peer.ts';
import { NARROW, WIDE } from '../rig/browser.ts';
import { dashboardWalks } from '../rig/dashboard-visit.ts';
import * as walk from '../rig/dashboard-walk.ts';

describe('the pages', { skip: peer('chromium').skip, concurrency: 2 }, () => {
  const { visiting, walking } = dashboardWalks();

  for (const [name, sight] of [
    ['wide and light', WIDE],
    ['390 px and dark', { ...NARROW, colours: 'dark' }],
  ] as const) {
    test(`no page has a barrier or is too wide, ${name}`, () =>
      walking(sight, async ({ page }, rig) => {
        const failed = rig.api.fleet.page(new URLSearchParams('state=failed')).devices[0]?.device ?? '';
        for (const path of [
          '/openings',
          '/devices',
          `/devices/${encodeURIComponent(failed)}`,
          '/firmware',
          '/certificates',
          '/doctor',
          '/log',
          '/',
        ]) {
          await page.goto(rig.base + path);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await walk.loaded(page);
          if (path === '/log') await page.getByLabel('Text').fill('broke off');
          if (path === '/openings') await page.getByText('Networks, reason').click();
          await walk.fitsTheScreen(page);
          assert.deepEqual(await walk.barriers(page), [], path);
        }
        await walk.changeLanguage(page);
        assert.notEqual(await walk.chooseColours(page, 'Dark'), await walk.chooseColours(page, 'Light'));
      }));
  }

  test('neither has the login', () =>
    visiting(NARROW, async ({ page }, rig) => {
      await walk.failToSignIn(page, rig.base);
      await walk.fitsTheScreen(page);
      assert.deepEqual(await walk.barriers(page), []);
    }));
});

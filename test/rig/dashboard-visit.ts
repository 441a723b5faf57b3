// Owns visits to the dashboard in a test file: one build and one browser for all, a stand-in and a visitor for each.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { type Sight, startBrowser, type Visit, visit } from './browser.ts';
import { buildDashboard } from './dashboard-build.ts';
import { type DashboardRig, startDashboard } from './dashboard-server.ts';
import { signIn } from './dashboard-walk.ts';

type Walk = (visit: Visit, rig: DashboardRig) => Promise<void>;

/** To be called in a `describe`. At the end of each walk, nothing may have happened that must not. */
export function dashboardWalks() {
  let browser: Browser;
  let built: { folder: string; remove: () => void };

  before(async () => {
    [built, browser] = await Promise.all([buildDashboard(), startBrowser()]);
  });
  after(async () => {
    await browser?.close();
    built?.remove();
  });

  async function visiting(sight: Sight, steps: Walk): Promise<void> {
    const rig = await startDashboard(built.folder);
    const visitor = await visit(browser, rig.base, sight);
    try {
      await steps(visitor, rig);
      assert.deepEqual(visitor.faults, []);
    } finally {
      await visitor.close();
      await rig.close();
    }
  }

  return {
    visiting,
    /** The same, signed in. */
    walking: (sight: Sight, steps: Walk): Promise<void> =>
      visiting(sight, async (visitor, rig) => {
        await signIn(visitor.page, rig.base, rig.token);
        await steps(visitor, rig);
      }),
  };
}

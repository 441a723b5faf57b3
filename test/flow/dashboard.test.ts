// The dashboard in a real browser, under its real policy, beside a stand-in for the gate that changes as it is told to.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { NARROW, WIDE } from '../rig/browser.ts';
import { HOSTILE_BOARD, HOSTILE_DEVICE } from '../rig/dashboard-fleet.ts';
import { dashboardWalks } from '../rig/dashboard-visit.ts';
import * as walk from '../rig/dashboard-walk.ts';

describe('the dashboard', { skip: peer('chromium').skip, concurrency: 3 }, () => {
  const { visiting, walking } = dashboardWalks();

  test('a wrong token stays outside; the session outlives a reload and ends at the gate', () =>
    visiting(WIDE, async ({ page, context }, rig) => {
      await walk.failToSignIn(page, `${rig.base}/devices`);
      await walk.signIn(page, `${rig.base}/devices?state=failed`, rig.token);
      await walk.textOf(page.getByRole('heading', { level: 1 }), /^Devices$/);
      assert.equal(await page.getByLabel('State').inputValue(), 'failed', 'the address that was asked for');
      await page.reload();
      await walk.textOf(page.getByRole('heading', { level: 1 }), /^Devices$/);
      await context.clearCookies();
      rig.events.add('status', {});
      await page.getByText('Your session has ended').waitFor();
    }));

  test('who may only look is offered nothing to change', () =>
    visiting(WIDE, async ({ page }, rig) => {
      await walk.signIn(page, rig.base, rig.readToken);
      await page.getByText('Read only').waitFor();
      for (const name of ['Openings', 'Firmware', 'Certificates'] as const) {
        await walk.goTo(page, name);
        await walk.loaded(page);
        await page.getByRole('heading', { level: 2 }).first().waitFor();
        const change = /Open|Close now|Pin|Remove|Verify|Cut|Fetch|Renew/;
        assert.equal(await page.getByRole('main').getByRole('button', { name: change }).count(), 0, name);
      }
    }));

  test('the overview tells what needs somebody, as soon as it does', () =>
    walking(WIDE, async ({ page }, rig) => {
      await walk.textOf(page.getByRole('main'), /\d things need you/);
      await walk.textOf(page.getByRole('main'), /6 devices fail to update/);
      rig.api.status.uncovered = ['new.example.com'];
      rig.events.add('status', {});
      await walk.textOf(page.getByRole('main'), /No certificate for new\.example\.com/);
      rig.api.status.uncovered = [];
      const sent = page.getByRole('figure', { name: 'Downloads' });
      const summary = await walk.textOf(sent, /KiB\/s/);
      rig.api.tellPoint(3_333_333);
      assert.notEqual(await walk.textOf(sent, /651 KiB\/s/), summary);
      await page.getByRole('link', { name: /Look: 6 devices fail/ }).click();
      await walk.textOf(page.getByRole('main'), /1–6 of 6/);
    }));

  test('an opening takes two clicks, runs down, is closed, or ends by itself', () =>
    walking(WIDE, async ({ page }) => {
      await walk.openInTwoClicks(page);
      await walk.openUntilItEnds(page, 3);
      const routes = page.getByLabel('Route');
      assert.deepEqual(await routes.locator('option').allTextContents(), [
        'ota · OTA check',
        'firmware · firmware links',
      ]);
      await routes.selectOption('firmware');
      await page.getByRole('button', { name: 'Open firmware for 30 minutes' }).click();
      await walk.textOf(page.getByRole('status').filter({ hasText: 'open for' }), /firmware is open for 30 minutes/);
    }));

  test('ten thousand devices are searched, narrowed, sorted and paged; each name is only text', () =>
    walking(WIDE, async ({ page }, rig) => {
      await walk.goTo(page, 'Devices');
      await walk.textOf(page.getByRole('main'), /1–50 of 10,002/);
      assert.equal(await page.getByRole('row').count(), 51, 'the page holds no more than it shows');
      await page.getByRole('button', { name: 'Next page' }).click();
      await walk.textOf(page.getByRole('main'), /51–100 of 10,002/);
      await page.getByRole('button', { name: 'Device', exact: true }).click();
      await page
        .getByRole('columnheader', { name: 'Device', exact: true })
        .and(page.locator('[aria-sort=ascending]'))
        .waitFor();
      await walk.textOf(page.getByRole('main'), /1–50 of 10,002/);
      await page.getByLabel('State').selectOption('Withheld');
      await walk.textOf(page.getByRole('main'), /1–4 of 4/);
      await page.goBack();
      await walk.goTo(page, 'Devices');

      const rows = await walk.findDevices(page, 'ONERROR', /1–1 of 1/);
      await walk.textOf(rows, new RegExp(HOSTILE_BOARD.replace(/[()]/g, '\\$&')));
      await walk.textOf(rows, /\\u202egnp\.exe/);
      await rows.getByRole('link').click();
      await walk.textOf(page.getByRole('heading', { level: 1 }), /^"><script>alert\(1\)<\/script>\\u202egnp\.exe$/);
      await walk.textOf(page.getByRole('list').last(), /Runs version 1\.0\.0<\/td> now; it was 2\.0\.0/);
      assert.equal(await page.locator('main img, main script, main b').count(), 0);
      await page.goto(`${rig.base}/devices/${encodeURIComponent('nobody')}`);
      await page.getByText('No such device has asked here.').waitFor();
    }));

  test('a device is seen to move, in the list and on its own page', () =>
    walking(WIDE, async ({ page }, rig) => {
      const name = rig.api.fleet.page(new URLSearchParams('state=offered')).devices[0]?.device ?? '';
      await walk.goTo(page, 'Devices');
      const rows = await walk.findDevices(page, name, /1–1 of 1/);
      await walk.textOf(rows, /Offered/);
      rig.api.moveDevice(name, { state: 'downloading', lastSeenMs: Date.now() });
      await walk.textOf(rows, /Downloading/);
      await rows.getByRole('link').click();
      await page.locator('.page-head').getByText('Downloading').waitFor();
      rig.api.moveDevice(name, { state: 'failed', why: HOSTILE_BOARD });
      await page.locator('.page-head').getByText('Failed').waitFor();
      await walk.textOf(page.getByRole('main'), /The update to 2\.4\.2 failed: it left during the download/);
      await walk.textOf(page.getByRole('main'), /failures in a row/);
    }));

  test('firmware is sent, fetched, verified, pinned, cut out and removed', () =>
    walking(WIDE, async ({ page }) => {
      await walk.goTo(page, 'Firmware');
      await walk.uploadImage(page, 'kevin-box_2.4.3.bin', Buffer.alloc(400_000, 7), /kevin-box_2\.4\.3\.bin was added/);
      await walk.uploadImage(page, 'bad_1.bin', Buffer.from('BAD!'), /its checksum is 0x3f/);
      await page.getByLabel('Or fetch it from an address').fill('https://up.test/esp-box_2.4.3.bin');
      await page.getByRole('button', { name: 'Fetch', exact: true }).click();
      await page.getByRole('progressbar', { name: 'Fetching esp-box_2.4.3.bin' }).waitFor();
      await page.getByText('esp-box_2.4.3.bin is here, whole and right').waitFor();
      await page.getByLabel('Or fetch it from an address').fill('https://evil.example/x.bin');
      await page.getByRole('button', { name: 'Fetch', exact: true }).click();
      await page.getByText('is neither an upstream nor in firmware.allow').waitFor();
      await walk.image(page, 'lichuang-dev').getByText('Not looked at yet').waitFor();
      await page.getByRole('button', { name: 'Verify all' }).click();
      await page.getByText(/Done: \d well/).waitFor();
      await walk.image(page, 'lichuang-dev').getByText('Verified').waitFor();
      await walk.image(page, 'lichuang-dev').getByRole('button', { name: /^Pin/ }).click();
      await walk.image(page, 'lichuang-dev').getByText('Pinned').waitFor();
      await walk
        .image(page, 'merged-binary.bin')
        .getByRole('button', { name: /^Cut out the app/ })
        .click();
      await walk.image(page, 'merged-binary-app.bin').waitFor();
      await walk.purgeImage(page, 'kevin-box');
      await walk.textOf(walk.image(page, 'bread-compact-wifi'), /3,334 devices/);
    }));

  test('certificates tell what devices find; the root can be taken along; the log is live', () =>
    walking(WIDE, async ({ page }) => {
      assert.match(await walk.saveRoot(page), /^-----BEGIN CERTIFICATE-----/);
      await walk.textOf(page.getByRole('main'), /Devices do not know the root/);
      await page.getByRole('button', { name: 'Renew now: ota.example.com' }).click();
      await walk.textOf(page.locator('.notices'), /Renewed: ota\.example\.com/);
      await walk.readLog(page, 'upstream broke off');
    }));

  test('the doctor’s last run is told, and a serial log that is pasted is read, in both languages', () =>
    walking(WIDE, async ({ page }) => {
      await walk.goTo(page, 'Doctor');
      const main = page.getByRole('main');
      await walk.textOf(
        main,
        /1 fault[\s\S]*is redirected \(301\) to <b>https:\/\/elsewhere[\s\S]*wss:\/\/ota\.example\.com/,
      );
      await page
        .getByLabel('The log of the serial monitor')
        .fill('E Ota: <i>升级失败</i>\nE esp_image: Image hash failed');
      await page.getByRole('button', { name: 'Read it' }).click();
      await walk.textOf(main, /2 lines read[\s\S]*SHA-256 does not fit its bytes[\s\S]*line 2[\s\S]*What to do/);
      await page.getByLabel('The log of the serial monitor').fill('nothing of note');
      await page.getByRole('button', { name: 'Read it' }).click();
      await walk.textOf(main, /Nothing in this log is known/);
      await page.getByRole('radio', { name: '中文' }).first().check({ force: true });
      await walk.textOf(main, /1 个故障[\s\S]*检查被重定向（301）[\s\S]*填入智控台参数管理/);
    }));

  test('a line that breaks is told, bridged by asking, and taken up where it stopped', () =>
    walking(WIDE, async ({ page }, rig) => {
      const hurry = (): Promise<unknown> => page.evaluate("dispatchEvent(new Event('online'))");
      await walk.goTo(page, 'Openings');
      await page.getByText('Live', { exact: true }).waitFor();
      await until('an event', () => rig.events.last > 2);
      rig.api.openings = rig.api.openings.map((opening) => ({ ...opening, reason: 'seen by asking' }));
      rig.mute(true);
      await page.getByText('seen by asking').waitFor();
      await page.getByText('Live updates are interrupted').waitFor();
      rig.away(true);
      await page.getByText('No connection to the gate').waitFor();
      rig.away(false);
      rig.mute(false);
      await hurry();
      await page.getByText('Live', { exact: true }).waitFor();
      assert.match(rig.events.resumed.at(-1) ?? '', /^\d+$/, 'the id of the last event');
      assert.equal(await page.getByText('No connection to the gate').count(), 0);
    }));

  test('it can be walked by keyboard alone', () =>
    walking(WIDE, async ({ page }) => {
      await page.locator('body').click({ position: { x: 700, y: 890 } });
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
      await page.keyboard.press('Enter');
      await until('the content has the focus', () => page.evaluate<boolean>("document.activeElement.id === 'main'"));
      await walk.goTo(page, 'Openings');
      await page.keyboard.press('Tab');
      assert.match(await page.evaluate<string>('document.activeElement.textContent'), /10 minutes/);
      const ring = await page.evaluate<string>('getComputedStyle(document.activeElement).boxShadow');
      assert.notEqual(ring, 'none', 'the focus is seen');
    }));

  test('no name of a device breaks out of an address', () =>
    walking(NARROW, async ({ page }, rig) => {
      for (const { device } of rig.api.fleet.devices.slice(-2)) {
        await page.goto(`${rig.base}/devices?search=${encodeURIComponent(device.slice(0, 8))}`);
        await page.getByRole('cell').getByRole('link').first().click();
        await walk.textOf(page.getByRole('main'), /What is known/);
        await walk.fitsTheScreen(page);
      }
      assert.ok(rig.api.fleet.devices.some(({ device }) => device === HOSTILE_DEVICE));
    }));
});

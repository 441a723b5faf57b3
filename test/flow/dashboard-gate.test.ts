// The dashboard on the running gate: log in, watch a fleet upgrade, open for a time, and see it close by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { NARROW, type Sight, startBrowser, visit, WIDE } from '../rig/browser.ts';
import * as walk from '../rig/dashboard-walk.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody, deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

// Without a space, since a board that has one is not believed at all.
const HOSTILE_BOARD = '<img/src=x/onerror=alert(1)>';

describe('the dashboard of a running gate', { skip: peer('chromium').skip }, () => {
  for (const [name, sight] of [
    ['wide, English', WIDE],
    ['390 px, 中文', { ...NARROW, language: 'zh-CN' }],
  ] as [string, Sight][]) {
    test(`${name}: a fleet upgrades, an opening lets an outside device in and closes by itself`, async (t) => {
      const java = await javaServer(t);
      const listen = 'listen: { http: "127.0.0.1:0", https: "127.0.0.1:0", admin: "127.0.0.1:0" }';
      const gate = await gateFor(t, `domain: ota.test\n${listen}\n${fullPreset(java)}`);
      const { at } = await gate.line(({ event }) => event === 'admin');
      const base = new URL(String(at)).origin;
      const token = readFileSync(join(gate.folder, 'state/admin.token'), 'utf8').trim();
      const browser = await startBrowser();
      t.after(() => browser.close());
      const visitor = await visit(browser, base, sight);
      const { page } = visitor;

      await page.goto(base);
      await page.locator('input[type="password"]').fill(token);
      await page.keyboard.press('Enter');
      await page.getByRole('navigation').first().waitFor();
      await walk.fitsTheScreen(page);

      assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
      await hostileCheck(gate);
      await page.goto(new URL('/devices', base).href);
      await page.getByText('02:00:00:00:00:01').locator('visible=true').first().waitFor();
      await page.getByText(HOSTILE_BOARD).locator('visible=true').first().waitFor();

      const outside = deviceOf(gate, OUTSIDE, { mac: '02:00:00:00:00:77' });
      const refused = await outside.check(otaUrl(gate, 'http'));
      assert.ok(refused.outcome === 'failed' && refused.code === 426);
      await page.goto(new URL('/openings', base).href);
      assert.equal((await gate.command('open', 'ota', '--for', '10s')).code, 0);
      await page.getByRole('main').getByText('ota', { exact: true }).first().waitFor();
      const allowed = await outside.check(otaUrl(gate, 'http'));
      assert.notEqual(allowed.outcome, 'failed');
      await sleep(9_000);
      await until('the opening to close', async () => {
        const check = await outside.check(otaUrl(gate, 'http'));
        return check.outcome === 'failed' && check.code === 426;
      });

      for (const path of ['/', '/openings', '/devices', '/firmware', '/certificates', '/log']) {
        await page.goto(new URL(path, base).href);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await walk.fitsTheScreen(page);
        assert.deepEqual(await walk.barriers(page), [], path);
      }
      assert.deepEqual(visitor.faults, []);
      await visitor.close();
    });
  }
});

async function hostileCheck(gate: GateRig): Promise<void> {
  const headers = { ...CHECK_HEADERS, 'Device-Id': '02:00:00:00:00:66', 'User-Agent': `${HOSTILE_BOARD}/1.0.0` };
  await ask(
    { port: gate.http, from: LAN },
    { path: '/xiaozhi/ota/', headers, body: checkBody('1.0.0', HOSTILE_BOARD) },
  );
}

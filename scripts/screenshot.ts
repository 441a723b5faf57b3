// Takes the READMEs' pictures of the dashboard anew, from the demo's fleet: `npm run screenshot`. Needs Chromium, and a
// font with Chinese.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LANGUAGES } from '../src/dashboard/words.ts';
import { startBrowser } from '../test/rig/browser.ts';
import { startDemoScene } from '../test/rig/demo-scene.ts';
import { PARTS_FILE, PICTURES, takePortrait } from '../test/rig/portrait.ts';

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));
mkdirSync(folder, { recursive: true });

// So that the charts have something to show: a minute and a half in all.
const APART_MS = 7_000;

const [scene, browser] = await Promise.all([startDemoScene(), startBrowser()]);
try {
  await scene.upgradeFleet(APART_MS);
  await scene.openForAnHour();
  const parts: Record<string, string[]> = {};
  for (const language of LANGUAGES) {
    const portrait = await takePortrait(browser, scene, language);
    writeFileSync(`${folder}${PICTURES[language]}`, portrait.png);
    parts[language] = portrait.parts;
    console.log(`docs/images/${PICTURES[language]}: ${Math.round(portrait.png.length / 1024)} KiB`);
  }
  writeFileSync(`${folder}${PARTS_FILE}`, `${JSON.stringify(parts, null, 2)}\n`);
} finally {
  await browser.close();
  await scene.stop();
}

// Text from devices stays text: nothing in the page makes markup of it, and what could deceive is spelt out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFormat } from '../../src/dashboard/base/format.ts';
import { tellEvent } from '../../src/dashboard/base/timeline.ts';
import { visible, visibleValue } from '../../src/dashboard/base/visible.ts';
import { DICTIONARIES } from '../../src/dashboard/words.ts';
import { filesUnder, readSources } from '../house/imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = readSources(root, 'src/dashboard');

test('nothing in the page turns text into markup, code or style', () => {
  const markup =
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|\beval\b|new Function|javascript:|setAttribute\(|\bstyle=/;
  assert.ok(sources.length > 30);
  const found = sources.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => (markup.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  );
  assert.deepEqual(found, []);
});

test('the page knows nothing of the program, and speaks to no other host', () => {
  const found = sources.flatMap(({ file, imports }) =>
    imports
      .filter(({ specifier }) => {
        const outside =
          specifier.startsWith('.') && !new URL(specifier, `file:///${file}`).pathname.startsWith('/src/dashboard/');
        return outside || !/^(\.|preact|uplot$|vite$)/.test(specifier);
      })
      .map(({ specifier, line }) => `${file}:${line} ${specifier}`),
  );
  assert.deepEqual(found, []);
  const files = filesUnder(root, 'src/dashboard', '.ts', '.tsx', '.css', '.html', '.svg');
  const hosts = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/https?:\/\/[^\s'"`)]+/g)].map(([url]) => `${file} ${url}`),
  );
  assert.deepEqual(
    hosts.filter((host) => !/ https:\/\/files\.example\.com\/| http:\/\/www\.w3\.org\/2000\/svg/.test(host)),
    [],
  );
});

test('text is cut, on one line, and what cannot be seen is spelt out', () => {
  assert.equal(visible('<img src=x onerror=alert(1)>'), '<img src=x onerror=alert(1)>');
  assert.equal(visible('a\u202Egnp.exe'), 'a\\u202egnp.exe');
  assert.equal(visible('a\nb\u0000\u007f\u200b\u2066\ufeff'), 'a\\x0ab\\x00\\x7f\\u200b\\u2066\\ufeff');
  assert.equal(visible('小智 Ä'), '小智 Ä');
  assert.equal(visible('x'.repeat(300), 10), `${'x'.repeat(10)}…`);
  assert.equal(visibleValue(null), '–');
  assert.equal(visibleValue({ a: '\u202e' }), '{"a":"\\u202e"}');
});

test('a history of hostile names is told as text, and an unknown event as it is', () => {
  const hostile = '<script>\u202e';
  const format = makeFormat('en');
  const tell = (event: string) =>
    tellEvent({ id: 1, atMs: 0, event, detail: { version: hostile, why: hostile } }, DICTIONARIES.en.timeline, format);
  assert.equal(tell('withheld').title, 'Version <script>\\u202e was withheld: <script>\\u202e');
  for (const event of ['<b>\u202e', 'constructor', '__proto__']) assert.equal(tell(event).title, visible(event));
});

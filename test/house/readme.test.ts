// The two READMEs: as many chapters, the same commands, the same pages and pictures to go to; nothing leads nowhere.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [en = '', zh = ''] = ['README.md', 'README.zh-CN.md'].map((file) => readFileSync(join(root, file), 'utf8'));

const chapters = (text: string): number => [...text.matchAll(/^## /gm)].length;
/** The commands of the table, each by its first word: what follows is in the reader's language. */
const commands = (text: string): string[] => [...text.matchAll(/^\| `otagate (\w+)/gm)].map(([, word = '']) => word);
const links = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, to = '']) => to).filter((to) => !to.startsWith('http'));
const distinct = (all: string[]): string[] => [...new Set(all)].sort();

test('both have the same chapters and the same commands', () => {
  assert.equal(chapters(zh), chapters(en));
  assert.deepEqual(commands(zh), commands(en));
  assert.deepEqual(commands(en), [...new Set(commands(en))], 'each command is told once');
});

test('the list of further pages is there once', () => {
  for (const text of [en, zh]) assert.equal(text.split('](docs/openings.md)').length, 2);
});

test('both lead to the same files, and each is there', () => {
  const shared = (text: string): string[] => distinct(links(text)).filter((to) => !/README|images/.test(to));
  assert.deepEqual(shared(zh), shared(en));
  for (const to of distinct([...links(en), ...links(zh)])) assert.ok(existsSync(join(root, to)), to);
});

// docs/from-nginx.md shows the fixtures as they are, and what an import makes of them today.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FILES, shownYaml } from './shown.ts';

const fixtures = fileURLToPath(new URL('../fixtures/nginx/', import.meta.url));
const document = readFileSync(new URL('../../docs/from-nginx.md', import.meta.url), 'utf8');

for (const [title, file, shown] of FILES) {
  test(`${title}: as it is imported`, () => {
    const text = document.slice(document.indexOf(`### ${title}\n`));
    const block = (language: string): string =>
      new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``).exec(text)?.[1] ??
      assert.fail(`no ${language} for ${title}`);
    assert.equal(block('nginx'), shown.map((each) => readFileSync(fixtures + each, 'utf8').trimEnd()).join('\n\n'));
    assert.equal(block('yaml'), shownYaml(fixtures + file).trimEnd());
  });
}

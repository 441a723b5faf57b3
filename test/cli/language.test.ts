// The languages of the command line: which one is spoken, and that nothing was forgotten in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOf, wordsOf } from '../../src/cli/language.ts';

test('the locale decides, as POSIX has it', () => {
  const cases: [env: NodeJS.ProcessEnv, language: string][] = [
    [{}, 'en'],
    [{ LANG: 'C.UTF-8' }, 'en'],
    [{ LANG: 'en_GB.UTF-8' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_TW' }, 'zh'],
    [{ LANG: 'zh-Hans' }, 'zh'],
    [{ LANG: 'zh' }, 'zh'],
    [{ LANG: 'ZH_cn.utf8@pinyin' }, 'zh'],
    [{ LANG: 'zh_CN.GBK' }, 'en'],
    [{ LANG: 'zhx' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8', LC_ALL: 'C' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_ALL: '', LC_MESSAGES: '' }, 'zh'],
  ];
  for (const [env, language] of cases) assert.equal(languageOf(env), language, JSON.stringify(env));
});

/** Every text of a dictionary by its place, those of functions made with arguments that say nothing. */
function texts(words: unknown, place = ''): [place: string, text: string][] {
  if (typeof words === 'string') return [[place, words]];
  if (typeof words === 'function') {
    // Lists take what is asked of a list, and numbers, words and times read as themselves.
    const asked = Array.from({ length: words.length }, () => Object.assign(['~'], { toString: () => '~' }));
    return [[place, String(words(...asked))]];
  }
  return Object.entries(words as object).flatMap(([key, below]) =>
    texts(below, place === '' ? key : `${place}.${key}`),
  );
}

// The same in both languages.
const SHARED =
  /^(list|language|inBrackets|clauses|about|units\.between|openings\.whom|openings\.titles\.0|firmware\.titles\.[03]|status\.labels\.(acme|tls)|help\.(note|completion\.shell)|firmware\.says|doctor\.(outcome|generation))$/;
// A page of the server's console has a Chinese name alone.
const NAMES_A_PAGE = /^doctor\.paste$/;

test('every text is there in Chinese, and none is left in English', async () => {
  const english = new Map(texts(await wordsOf('en')));
  const chinese = new Map(texts(await wordsOf('zh')));
  assert.deepEqual([...chinese.keys()].sort(), [...english.keys()].sort());
  assert.ok(english.size > 250, `${english.size} texts were found`);
  for (const [place, text] of chinese) {
    if (SHARED.test(place)) continue;
    assert.match(text, /\p{Script=Han}/u, place);
    if (!NAMES_A_PAGE.test(place)) assert.doesNotMatch(english.get(place) ?? '', /\p{Script=Han}/u, place);
    assert.doesNotMatch(text, /\p{Script=Han} *[,;:?!]|[，；：？！。] /u, `${place}: punctuation of another script`);
    assert.doesNotMatch(
      text,
      /\p{Script=Han}[a-zA-Z0-9~]|[a-zA-Z0-9~]\p{Script=Han}/u,
      `${place}: ${text}: a space is missing`,
    );
  }
});

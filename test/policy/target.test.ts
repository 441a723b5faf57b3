// A request target has one canonical path, which is forwarded, and the readings that a server behind us could have of it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tomcatPath } from '../../src/demo/tomcat-path.ts';
import { readTarget } from '../../src/policy/target.ts';
import { seeded } from './random.ts';

const valid: [raw: string, path: string, loose?: string[], rest?: { query?: string; authority?: string }][] = [
  ['/', '/'],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['/xiaozhi/ota/?a=b&c', '/xiaozhi/ota/', [], { query: '?a=b&c' }],
  ['/a?', '/a', [], { query: '?' }],
  ['/a?b?c=/../%2e%zz', '/a', [], { query: '?b?c=/../%2e%zz' }],
  // Dot segments (RFC 3986 section 5.2.4), however they are spelled.
  ['/.', '/'],
  ['/..', '/'],
  ['/../../a', '/a'],
  ['/a/..', '/'],
  ['/a/.', '/a/'],
  ['/a/b/..', '/a/'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e/b', '/b'],
  ['/a/%2e', '/a/'],
  ['/a/...', '/a/...'],
  ['/a/.hidden', '/a/.hidden'],
  ['/a/b..', '/a/b..'],
  // Empty segments.
  ['//', '/'],
  ['//evil.example.net/a', '/evil.example.net/a'],
  ['/xiaozhi//config/', '/xiaozhi/config/'],
  ['/a///', '/a/'],
  ['/a//../b', '/b'],
  // Escapes in one spelling (RFC 3986 section 6.2.2).
  ['/xiaozhi/%63onfig/', '/xiaozhi/config/'],
  ['/%7Ea%2D%5F%2E', '/~a-_.'],
  ['/a%20b', '/a%20b', ['/a b']],
  ['/a%c3%a9', '/a%C3%A9', ['/a\u00c3\u00a9']],
  ['/a\u00c3\u00a9', '/a%C3%A9', ['/a\u00c3\u00a9']],
  ['/a\u0080\u00ff', '/a%80%FF', ['/a\u0080\u00ff']],
  // An escaped slash stays one, and is read as a slash too.
  ['/a%2fb', '/a%2Fb', ['/a/b']],
  ['/a/..%2fb', '/a/..%2Fb', ['/b']],
  ['/a/b/..%2F..%2Fc', '/a/b/..%2F..%2Fc', ['/c']],
  ['/a%5cb', '/a%5Cb', ['/a\\b', '/a/b']],
  ['/a/..%5Cb', '/a/..%5Cb', ['/a/..\\b', '/b']],
  ['/a%252fb', '/a%252fb', ['/a%2fb', '/a/b']],
  ['/%2563onfig/', '/%2563onfig/', ['/%63onfig/', '/config/']],
  ['/a/%252e%252e/b', '/a/%252e%252e/b', ['/a/%2e%2e/b', '/b']],
  // Parameters, which Tomcat strips before it unescapes.
  ['/xiaozhi/config;x=y/a', '/xiaozhi/config;x=y/a', ['/xiaozhi/config/a']],
  ['/a/..;/b', '/a/..;/b', ['/b']],
  ['/a/.;x/b', '/a/.;x/b', ['/a/b']],
  ['/;a/b', '/;a/b', ['/b']],
  ['/a;..', '/a;..', ['/a']],
  ['/a%3bx/b', '/a%3Bx/b', ['/a;x/b', '/a/b']],
  ['/doc;x=%2F..', '/doc;x=%2F..', ['/doc', '/']],
  ['/a;/..;/../b', '/a;/b', ['/a/b']],
  // Absolute form (RFC 9112 section 3.2.2).
  ['http://ota.example.com/a/../b?c', '/b', [], { query: '?c', authority: 'ota.example.com' }],
  ['HTTPS://Ota.example.com:8443', '/', [], { authority: 'Ota.example.com:8443' }],
  ['http://h?a', '/', [], { query: '?a', authority: 'h' }],
  ['http:///a', '/a', [], { authority: '' }],
  ['http://user@h//a', '/a', [], { authority: 'user@h' }],
  ['/http://h/a', '/http:/h/a'],
];

for (const [raw, path, loose = [], { query = '', authority = null } = {}] of valid) {
  it(`${JSON.stringify(raw)} is ${path}`, () => {
    const target = readTarget(raw);
    assert.ok(target.kind === 'path');
    assert.deepEqual([target.path, target.query, target.authority], [path, query, authority]);
    for (const reading of loose) assert.ok(target.loose.includes(reading), `not read as ${reading}: ${target.loose}`);
    assert.equal(target.loose.length > 0, loose.length > 0);
  });
}

const invalid: [raw: string, why: RegExp][] = [
  ['', /begin with/],
  ['a', /begin with/],
  ['?a', /begin with/],
  ['ftp://h/a', /begin with/],
  ['ota.example.com:443', /begin with/],
  ['**', /begin with/],
  ['/a#b', /fragment/],
  ['/a?b#c', /fragment/],
  ['http://h#a', /fragment|begin/],
  ['/a\0', /control/],
  ['/a b', /control/],
  ['/a\tb', /control/],
  ['/a\x7f', /control/],
  ['/a\r\nX: y', /control/],
  ['/a?\r\nX:y', /control/],
  ['/a?b\0', /control/],
  ['/a\\b', /backslash/],
  ['/%00', /control/],
  ['/a%2500', /control/],
  ['/a%25250A', /control/],
  ['/a%0d%0aX:y', /control/],
  ['/%', /escape/],
  ['/%2', /escape/],
  ['/%zz', /escape/],
  ['/a%%36%33', /escape/],
  ['/%u0063', /escape/],
];

for (const [raw, why] of invalid) {
  it(`${JSON.stringify(raw)} is invalid`, () => {
    const target = readTarget(raw);
    assert.ok(target.kind === 'invalid');
    assert.match(target.why, why);
  });
}

it('* is the server itself', () => assert.deepEqual(readTarget('*'), { kind: 'asterisk' }));

it('reads a target as long as a head can be within 50 ms, tricks and all', () => {
  for (const trick of ['a/', '../', '%25', ';/..%2f', '%5c%252f;a/', '%3b%252e']) {
    const raw = `/${trick.repeat(Math.ceil(16_384 / trick.length))}`;
    // The best of some: others may have the processor for a while.
    const tookMs = [1, 2, 3, 4, 5].map(() => {
      const startedMs = performance.now();
      assert.equal(readTarget(raw).kind, 'path');
      return performance.now() - startedMs;
    });
    assert.ok(Math.min(...tookMs) < 50, `${trick}: ${tookMs}`);
  }
});

it('gives the same for a canonical path, and knows every reading that Tomcat has of it', () => {
  const random = seeded(9112);
  const pieces = '/ / / a .. . ; ;x %2e %2f %5c %25 %252e %252f %3b %c3%a9 é ~ %7e _ config'.split(' ');
  for (let index = 0; index < 5000; index += 1) {
    const raw = `/${Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('')}`;
    const once = readTarget(raw);
    assert.ok(once.kind === 'path', raw);
    const twice = readTarget(once.path);
    assert.deepEqual(twice, { ...once, query: '', authority: null }, raw);
    assert.match(once.path, /^\/[!-~]*$/);
    assert.doesNotMatch(once.path, /\/\/|\/\.\.?(\/|$)/, raw);
    const tomcat = tomcatPath(once.path);
    if (tomcat === undefined || /[^!-~]/.test(tomcat)) continue;
    assert.ok([once.path, ...once.loose].includes(tomcat), `${once.path}: Tomcat reads ${tomcat}`);
  }
});

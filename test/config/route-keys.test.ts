// What a route may say beside its place: read, printed again to the same, and each mistake told at its key.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, check, configOf, faultsOf } from './checked.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const APR1 = '$apr1$abcdefgh$5VEbMkemELfbhC5ck.U.z1';
writeFileSync(join(folder, 'users'), `# people\nann:$2y$10$${'a'.repeat(53)}\nbob:${APR1}\n`);
writeFileSync(join(folder, 'plain'), 'ann:secret\n');
writeFileSync(join(folder, 'page.html'), '<h1>{{status}}</h1>');

const route = (rest: string): string => `${BASE}routes: [{ name: mcp, path: /mcp/, ${rest} }]\n`;
const web = (rest: string): string => route(`upstream: console, plainHttp: never, ${rest}`);

test('every key, and the long form that loads to the same', () => {
  const config = configOf(`${BASE}routes:
  - name: api
    path: /api/
    upstream: console
    plainHttp: never
    upstreamPath: /
    allow: [lan, 203.0.113.7]
    deny: 198.51.100.0/24
    basicAuth: { file: ${folder}/users, realm: People }
    headers: { set: { X-Frame-Options: DENY }, remove: [Server] }
    upstreamHeaders: { set: { X-From: gate }, remove: Referer }
    bodyMax: 20MB
    timeouts: { reply: 5m }
    compress: true
    errorPage: ${folder}/page.html
  - { name: old, path: /old/, redirect: { to: "https://new.example.com{uri}", status: 301 } }
  - { name: pages, path: /pages/, files: ${folder} }
`);
  const [api, old, pages] = config.routes.slice(-3);
  const logins = [
    { user: 'ann', hash: `$2y$10$${'a'.repeat(53)}` },
    { user: 'bob', hash: APR1 },
  ];
  assert.deepEqual(api, {
    name: 'api',
    path: '/api/',
    target: { kind: 'upstream', upstream: 'console' },
    role: 'web',
    plainHttp: 'never',
    upstreamPath: '/',
    allow: ['lan', '203.0.113.7'],
    deny: ['198.51.100.0/24'],
    basicAuth: { file: `${folder}/users`, realm: 'People', logins },
    headers: { set: Object.assign(Object.create(null), { 'x-frame-options': 'DENY' }), remove: ['server'] },
    upstreamHeaders: { set: Object.assign(Object.create(null), { 'x-from': 'gate' }), remove: ['referer'] },
    bodyMaxBytes: 20_000_000,
    timeouts: { replyMs: 300_000 },
    compress: true,
    errorPage: { file: `${folder}/page.html`, html: '<h1>{{status}}</h1>' },
  });
  assert.deepEqual(old?.target, { kind: 'redirect', to: 'https://new.example.com{uri}', status: 301 });
  assert.deepEqual(pages?.target, { kind: 'files', folder });
  const printed = printLongForm(config);
  assert.doesNotMatch(printed, /apr1/);
  assert.deepEqual(configOf(printed).routes, config.routes);
});

/** What is wrong, the file, the path of the one fault, and what its message holds. */
const MISTAKES: [name: string, yaml: string, path: string, text: RegExp][] = [
  ['a redirect for devices', route('redirect: { to: /x }, role: device'), 'redirect', /no device follows a redirect/],
  [
    'basicAuth for devices',
    route(`upstream: voice, role: device, basicAuth: { file: ${folder}/users }`),
    'basicAuth',
    /no device sends a name/,
  ],
  [
    'compress for devices',
    route('upstream: console, role: ota-check, compress: true'),
    'compress',
    /no device reads a compressed/,
  ],
  [
    'an error page for devices',
    route(`upstream: console, role: firmware, errorPage: ${folder}/page.html`),
    'errorPage',
    /no device shows a page/,
  ],
  ['two targets', web(`files: ${folder}`), 'files', /is there beside upstream/],
  ['a redirect to itself', route('redirect: { to: "https://{host}{uri}" }'), 'redirect.to', /leads back to itself/],
  [
    'a variable of nginx',
    route('redirect: { to: "https://$host$request_uri" }'),
    'redirect.to',
    /mean "https:\/\/\{host\}\{uri\}"/,
  ],
  [
    'a redirect to a script',
    route('redirect: { to: "javascript:alert(1)" }'),
    'redirect.to',
    /is neither a path nor a URL/,
  ],
  ['a redirect to a host without a scheme', route('redirect: { to: "//evil.example" }'), 'redirect.to', /is neither/],
  [
    'a status that redirects nobody',
    route('redirect: { to: /x, status: 200 }'),
    'redirect.status',
    /301, 302, 307 or 308/,
  ],
  [
    'a password that is not hashed',
    web(`basicAuth: { file: ${folder}/plain }`),
    'basicAuth.file',
    /line 1 of the file has a hash that is not known/,
  ],
  ['a password file that is not there', web(`basicAuth: { file: ${folder}/nobody }`), 'basicAuth.file', /ENOENT/],
  ['a folder that is not there', route(`files: ${folder}/nowhere`), 'files', /is no folder/],
  ['a page that is not there', web(`errorPage: ${folder}/nothing.html`), 'errorPage', /ENOENT/],
  ['a prefix in place of a path', web('upstreamPath: /x'), 'upstreamPath', /does not go with path/],
  [
    'upstreamPath for firmware',
    route('upstream: console, role: firmware, upstreamPath: /x/'),
    'upstreamPath',
    /own path/,
  ],
  [
    'a header of the gate',
    web('upstreamHeaders: { set: { X-Forwarded-For: 1.2.3.4 } }'),
    'upstreamHeaders.set',
    /the gate’s own word/,
  ],
  [
    'the same with an underscore',
    web('upstreamHeaders: { set: { X_Real_IP: 1.2.3.4 } }'),
    'upstreamHeaders.set',
    /the gate’s own word/,
  ],
  ['Host', web('upstreamHeaders: { set: { Host: a } }'), 'upstreamHeaders.set', /the gate’s own word/],
  ['a length', web('headers: { set: { Content-Length: 5 } }'), 'headers.set', /belongs to the connection/],
  [
    'a header of the connection',
    web('headers: { remove: [Transfer-Encoding] }'),
    'headers.remove[0]',
    /belongs to the connection/,
  ],
  ['HSTS by hand', web('headers: { set: { Strict-Transport-Security: max-age=1 } }'), 'headers.set', /hsts: 180d/],
  [
    'a line break in a header',
    web('headers: { set: { X-A: "1\\r\\nX-B: 2" } }'),
    'headers.set',
    /cannot stand in a header/,
  ],
  ['a variable in a header', web('headers: { set: { X-A: "$remote_addr" } }'), 'headers.set', /there are none here/],
  ['a network that is none', web('allow: [lan, 10.0.0.1/8]'), 'allow[1]', /has bits set behind its prefix/],
  [
    'a login for the dashboard',
    `domains: [a.example.com, b.example.com]\nupstream: { preset: xiaozhi-full, host: a }\nroutes: [{ name: g, host: b.example.com, path: /, role: admin, basicAuth: { file: ${folder}/users } }]\n`,
    'basicAuth',
    /logins and answers of its own/,
  ],
];

for (const [name, yaml, path, text] of MISTAKES) {
  test(name, () => {
    const faults = faultsOf(yaml);
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [`routes[0].${path}`],
      faults.map(formatFinding).join('\n'),
    );
    assert.match(formatFinding(faults[0] ?? assert.fail()), text);
  });
}

test('warnings: passwords by plain HTTP, HSTS over devices, keys without effect', () => {
  const warned = (yaml: string): string => check(yaml).warnings.map(formatFinding).join('\n');
  assert.match(
    warned(route(`upstream: console, basicAuth: { file: ${folder}/users }`)),
    /passwords come by plain HTTP/,
  );
  assert.match(warned(web('hsts: 180d')), /devices come by plain HTTP \(route ota\)/);
  assert.equal(warned(`otaOverHttp: never\n${web('hsts: 180d')}`), '');
  assert.match(warned(route('refuse: true, compress: true')), /compress: has no effect on a route that refuses/);
  assert.match(warned(route('redirect: { to: /x }, bodyMax: 1MB')), /bodyMax: has no effect on a redirect/);
});

// Owns the two doors of the admin interface beside its socket, as the file asks for them: listen.admin and role: admin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { BASE, brief, check, faultsOf } from './checked.ts';

const UPSTREAM = 'upstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';
const UNTIL = 'until: 2026-06-02T00:00:00Z';
const TWO_NAMES = `domains: [ota.example.com, gate.example.com]\n${UPSTREAM}`;
const PYTHON = 'domain: ota.example.com\nupstream: { preset: xiaozhi-server, host: 192.168.1.5 }\n';
const admin = (rest: string): string =>
  `${TWO_NAMES}routes: [{ name: gate, host: gate.example.com, path: /, ${rest} }]\n`;
const BESIDE = /is there beside role: admin, expected one of the two/;

/** What is wrong, the file, the path of the one fault, and what its message holds. */
const MISTAKES: [name: string, yaml: string, path: string, text: RegExp][] = [
  [
    'the admin interface on a port of the gate',
    `${BASE}listen: { admin: 443 }\n`,
    'listen.admin',
    /in the way of listen\.https \(\[::\]:443, which is so where nothing is said\)/,
  ],
  [
    'the admin interface twice on one port',
    `${BASE}listen: { admin: [9180, "127.0.0.1:9180"] }\n`,
    'listen.admin[1]',
    /in the way of listen\.admin\[0\] \(127\.0\.0\.1:9180\)/,
  ],
  [
    'the admin interface in place of both',
    `${BASE}listen: { http: none, https: none, admin: 9180 }\n`,
    'listen',
    /switches off both/,
  ],
  [
    'the admin interface without an address',
    `${BASE}listen: { admin: ":9180" }\n`,
    'listen.admin',
    /mean "127\.0\.0\.1:9180"/,
  ],
  ['a misspelt role without an upstream', admin('role: amdin'), 'routes[0].role', /mean "admin"/],
  ['an admin route with an upstream', admin('role: admin, upstream: console'), 'routes[0].upstream', BESIDE],
  ['an admin route with an upstream that is none', admin('role: admin, upstream: x'), 'routes[0].upstream', BESIDE],
  ['an admin route that refuses', admin('role: admin, refuse: true'), 'routes[0].refuse', BESIDE],
  [
    'an admin route with another path',
    `${TWO_NAMES}routes: [{ name: gate, host: gate.example.com, path: /gate/, role: admin }]\n`,
    'routes[0].path',
    /is not the root \(found "\/gate\/"\), expected path: \/ with a host of its own/,
  ],
  [
    'an admin route in place of the console',
    `${TWO_NAMES}routes: [{ name: gate, path: /, role: admin }]\n`,
    'routes[0].host',
    /is missing, and without it .* route console at \/, expected .* one of ota\.example\.com, gate\.example\.com$/,
  ],
  [
    'an admin route in place of a page for another name',
    `${PYTHON}routes: [{ name: a, path: /, role: admin }, { name: b, path: /, host: ota.example.com, upstream: api }]\n`,
    'routes[0].host',
    /is missing, and without it the admin interface takes the place of route b/,
  ],
  [
    'an admin route by the name of the console',
    `${TWO_NAMES}routes: [{ name: console, host: gate.example.com, path: /, role: admin }]\n`,
    'routes[0].name',
    /is the name of a preset’s route.*expected another name/,
  ],
  [
    'an admin route for a host that is not ours',
    `${TWO_NAMES}routes: [{ name: gate, host: gate.example.org, path: /, role: admin }]\n`,
    'routes[0].host',
    /mean "gate\.example\.com"/,
  ],
  [
    'an opening of an admin route',
    `${admin('role: admin')}openings: [{ route: gate, ${UNTIL} }]\n`,
    'openings[0].route',
    /has the role admin/,
  ],
];

for (const [name, yaml, path, text] of MISTAKES) {
  test(name, () => {
    const faults = faultsOf(yaml);
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [path],
      faults.map(formatFinding).join('\n') || 'no fault was found',
    );
    assert.match(formatFinding(faults[0] ?? assert.fail()), text);
    assert.ok((faults[0]?.line ?? 0) > 0);
  });
}

test('no fault and no warning in what the table builds on', () => {
  const fine = [
    ...[BASE, PYTHON].map((base) => `${base}listen: { admin: 9180 }\n`),
    `${BASE}listen: { http: "10.0.0.1:9180", admin: ["127.0.0.2:9180", "[::1]:9180"] }\n`,
    admin('role: admin'),
    admin('role: admin, refuse: false'),
    // Alone at the root, it needs no host.
    `${PYTHON}routes: [{ name: gate, path: /, role: admin }]\n`,
  ];
  for (const yaml of fine) {
    const loaded = check(yaml);
    assert.deepEqual([...faultsOf(yaml), ...loaded.warnings].map(formatFinding), [], yaml);
  }
});

test('several faults of one admin route are told at once', () => {
  const yaml = `${TWO_NAMES}routes: [{ name: gate, path: /x, role: admin, upstream: console, refuse: true }]\n`;
  assert.deepEqual(
    faultsOf(yaml).map(({ path }) => path),
    ['routes[0].path', 'routes[0].upstream', 'routes[0].refuse'],
  );
});

const NETWORK = 'makes the admin interface reachable from the network by plain HTTP: a token travels in clear';
const WARNINGS: [name: string, yaml: string, warnings: string[]][] = [
  [
    'an admin interface on the network',
    `${BASE}listen: { admin: ["[::]:9180", "127.0.0.1:9181", "10.0.0.1:9182", "0.0.0.0:9183"] }\n`,
    [`3:19 listen.admin[0]: ${NETWORK}`, `3:50 listen.admin[2]: ${NETWORK}`, `3:67 listen.admin[3]: ${NETWORK}`],
  ],
  [
    'plainHttp where nobody comes by plain HTTP',
    admin('role: admin, plainHttp: always'),
    ['3:70 routes[0].plainHttp: has no effect on a route with role: admin, which nobody reaches by plain HTTP'],
  ],
  [
    'the only domain',
    `${BASE}routes: [{ name: gate, host: ota.example.com, path: /, role: admin }]\n`,
    ['3:30 routes[0].host: is the only domain, which leaves route console without a name'],
  ],
  [
    'pages of another server under the name of the admin interface',
    `${TWO_NAMES}upstreams: { g: "http://g" }\nroutes:\n` +
      '  - { name: gate, host: gate.example.com, path: /, role: admin }\n' +
      '  - { name: everywhere, path: /g/, upstream: g }\n' +
      '  - { name: here, host: gate.example.com, path: /h/, upstream: g }\n' +
      '  - { name: there, host: ota.example.com, path: /t/, upstream: g }\n' +
      '  - { name: device, path: /d/, upstream: g, role: device }\n' +
      '  - { name: closed, path: /c/, refuse: true }\n',
    ['6:31 routes[1].path: ', '7:49 routes[2].path: '].map(
      (place) =>
        `${place}is under the name of the admin interface (route gate): its pages could act for who is logged in`,
    ),
  ],
];

for (const [name, yaml, warnings] of WARNINGS) {
  test(`${name}: a warning`, () => {
    const loaded = check(yaml);
    assert.deepEqual([loaded.ok, brief(loaded.warnings)], [true, warnings]);
  });
}

test('the warning names the way out', () => {
  const [warning] = check(`${BASE}listen: { admin: "0.0.0.0:9180" }\n`).warnings;
  const expected = ', expected 127.0.0.1:9180 with an SSH tunnel, or a route with role: admin';
  assert.ok(formatFinding(warning ?? assert.fail()).endsWith(expected));
});

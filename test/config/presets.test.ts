// Owns what the presets give, and how they mix with upstreams and routes of the file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { BASE, brief, check, configOf } from './checked.ts';

const SERVER = 'domain: ota.example.com\nupstream: { preset: xiaozhi-server, host: 192.168.1.5 }\n';

const summary = ({ routes }: Config): string[] =>
  routes.map(
    ({ name, path, target, role, plainHttp }) =>
      `${name} ${path} ${target.kind === 'upstream' ? `${role} ${target.upstream} ${plainHttp}` : target.kind}`,
  );

const REFUSED = [
  'refuse-config /xiaozhi/config/ refuse',
  'refuse-doc /xiaozhi/doc.html refuse',
  'refuse-api-docs /xiaozhi/v3/api-docs/ refuse',
  'refuse-api-docs-yaml /xiaozhi/v3/api-docs.yaml refuse',
  'refuse-druid /xiaozhi/druid/ refuse',
];

test('xiaozhi-full', () => {
  const config = configOf(BASE);
  assert.deepEqual(config.upstreams, {
    console: ['http://192.168.1.5:8002'],
    voice: ['http://192.168.1.5:8000'],
    vision: ['http://192.168.1.5:8003'],
  });
  assert.deepEqual(summary(config), [
    'ota /xiaozhi/ota/ ota-check console lan',
    'activate /xiaozhi/ota/activate device console lan',
    'firmware /xiaozhi/otaMag/download/ firmware console lan',
    'voice /xiaozhi/v1/ device voice lan',
    'vision /mcp/vision/ device vision lan',
    'console / web console lan',
    ...REFUSED,
  ]);
});

test('xiaozhi-server has no console, and refuses the same pages', () => {
  const config = configOf(SERVER);
  assert.deepEqual(config.upstreams, { api: ['http://192.168.1.5:8003'], voice: ['http://192.168.1.5:8000'] });
  assert.deepEqual(summary(config), [
    'ota /xiaozhi/ota/ ota-check api lan',
    'activate /xiaozhi/ota/activate device api lan',
    'firmware /xiaozhi/ota/download/ firmware api lan',
    'voice /xiaozhi/v1/ device voice lan',
    'vision /mcp/vision/ device api lan',
    ...REFUSED,
  ]);
});

test('ports and an IPv6 host', () => {
  const config = configOf(
    'domain: a.example.com\nupstream: { preset: xiaozhi-full, host: "fd00::5", ports: { voice: 9000, console: 80 } }\n',
  );
  assert.deepEqual(config.upstreams, {
    console: ['http://[fd00::5]'],
    voice: ['http://[fd00::5]:9000'],
    vision: ['http://[fd00::5]:8003'],
  });
});

test('otaOverHttp sets the device routes and leaves the console alone', () => {
  for (const word of ['always', 'lan', 'never'] as const) {
    const { routes } = configOf(`${BASE}otaOverHttp: ${word}\n`);
    for (const route of routes.filter(({ target }) => target.kind === 'upstream')) {
      assert.equal(route.plainHttp, route.role === 'web' ? 'lan' : word, route.name);
    }
  }
});

test('routes and upstreams beside a preset are added', () => {
  const config = configOf(`${BASE}upstreams: { mcp: "http://192.168.1.5:8004" }
routes: [{ name: mcp, path: /mcp_endpoint/, upstream: mcp, role: device, plainHttp: never }]
`);
  assert.deepEqual(Object.keys(config.upstreams), ['console', 'voice', 'vision', 'mcp']);
  assert.equal(summary(config).at(-1), 'mcp /mcp_endpoint/ device mcp never');
  assert.equal(config.routes.length, 12);
});

test('a route with the name, or the path for the same hosts, replaces the one of the preset', () => {
  const byName = configOf(`${BASE}routes: [{ name: console, path: /admin/, upstream: console }]\n`);
  assert.equal(byName.routes.filter(({ name }) => name === 'console').length, 1);
  assert.equal(
    byName.routes.some(({ path }) => path === '/'),
    false,
  );
  const byPath = configOf(`${BASE}routes: [{ name: closed, path: /, refuse: true }]\n`);
  assert.deepEqual(
    byPath.routes.filter(({ path }) => path === '/').map(({ name }) => name),
    ['closed'],
  );
  const otherHost = configOf(`${BASE}routes: [{ name: closed, path: /, host: ota.example.com, refuse: true }]\n`);
  assert.equal(otherHost.routes.filter(({ path }) => path === '/').length, 2);
});

test('an upstream with the name of a preset’s takes its place', () => {
  const config = configOf(`${BASE}upstreams: { voice: ["http://10.0.0.1:8000", "http://10.0.0.2:8000"] }\n`);
  assert.deepEqual(config.upstreams.voice, ['http://10.0.0.1:8000', 'http://10.0.0.2:8000']);
});

test('an opening may name a replaced route only if its new role can be opened', () => {
  const opened = 'openings: [{ route: ota, until: 2026-06-02T00:00:00Z }]\n';
  assert.equal(check(`${BASE}${opened}`).ok, true);
  const replaced = check(`${BASE}routes: [{ name: ota, path: /x/, upstream: console }]\n${opened}`);
  assert.equal(replaced.ok, false);
});

test('what is dangerous or without effect is warned about', () => {
  const warned: [yaml: string, warning: string][] = [
    [
      'routes: [{ name: refuse-druid, path: /x/, upstream: console }]',
      '3:18 routes[0].name: takes the place of a route that refuses /xiaozhi/druid/ to everyone',
    ],
    [
      'routes: [{ name: docs, path: /xiaozhi/doc.html, upstream: console }]',
      '3:30 routes[0].path: takes the place of a route that refuses /xiaozhi/doc.html to everyone',
    ],
    [
      'routes: [{ name: a, path: /a/, refuse: true, plainHttp: never }]',
      '3:46 routes[0].plainHttp: has no effect on a route that refuses',
    ],
    ['upstreams: { spare: "http://a" }', '3:14 upstreams.spare: is used by no route'],
    ['networks: { lan: [0.0.0.0/0] }', '3:19 networks.lan[0]: makes every address count as the local network'],
    ['trustedProxies: { from: "::/0" }', '3:25 trustedProxies.from: lets every client say what its address is'],
    [
      'openings: [{ route: ota, until: 2026-05-31T00:00:00Z }]',
      '3:33 openings[0].until: is in the past, so nothing is opened',
    ],
    [
      'openings: [{ route: ota, until: 2026-12-01T00:00:00Z }]',
      '3:33 openings[0].until: is 183 days away, and plain HTTP stays open as long',
    ],
    ['public: { http: 80 }', ''],
  ];
  for (const [yaml, warning] of warned) {
    const loaded = check(`${BASE}${yaml}\n`);
    assert.equal(loaded.ok, true, yaml);
    assert.deepEqual(brief(loaded.warnings), warning === '' ? [] : [warning]);
  }
});

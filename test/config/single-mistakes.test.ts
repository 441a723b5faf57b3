// Owns the table of single mistakes: each is told at its key, in words that help.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { BASE, faultsOf } from './checked.ts';

const UPSTREAM = 'upstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';
const route = (rest: string): string => `${BASE}routes: [{ name: mcp, path: /mcp/, ${rest} }]\n`;
const at = (path: string): string => `${BASE}routes: [{ name: mcp, path: "${path}", upstream: console }]\n`;
const opening = (rest: string): string => `${BASE}openings: [{ ${rest} }]\n`;
const rollout = (rest: string): string => `${BASE}rollouts: [{ name: spring, ${rest} }]\n`;
const firmware = (rest: string): string => `${BASE}firmware: { ${rest} }\n`;
const UNTIL = 'until: 2026-06-02T00:00:00Z';

/** What is wrong, the file, the path of the one fault, and what its message holds. */
const MISTAKES: [name: string, yaml: string, path: string, text: RegExp][] = [
  ['no domain', UPSTREAM, 'domain', /is missing, expected the name/],
  ['both domain and domains', `domains: [b.example.com]\n${BASE}`, 'domain', /is there beside domains/],
  ['no domains', `domains: []\n${UPSTREAM}`, 'domains', /is empty/],
  [
    'a domain twice',
    `domains: [a.example.com, A.example.com]\n${UPSTREAM}`,
    'domains[1]',
    /is the same as domains\[0\]/,
  ],
  ['a domain with a port', `domain: a.example.com:8443\n${UPSTREAM}`, 'domain', /has a port .*mean "a\.example\.com"/],
  ['a domain with a path', `domain: a.example.com/ota\n${UPSTREAM}`, 'domain', /has a path .*mean "a\.example\.com"/],
  [
    'a domain with an underscore',
    `domain: my_ota.example.com\n${UPSTREAM}`,
    'domain',
    /underscore.*certificate.*mean "my-ota/,
  ],
  [
    'a wildcard alone',
    `domain: "*.example.com"\n${UPSTREAM}`,
    'domain',
    /is a wildcard, and the main domain goes into/,
  ],
  ['a domain that is a number', `domain: 12\n${UPSTREAM}`, 'domain', /is not of the right kind \(found 12\)/],
  ['a domain beyond ASCII', `domain: 例子.com\n${UPSTREAM}`, 'domain', /mean "xn--fsqu00a\.com"/],
  ['half an address', `domain: 192.168.1\n${UPSTREAM}`, 'domain', /is not a whole IPv4 address/],
  ['an empty value', `domain:\n${UPSTREAM}`, 'domain', /has no value/],
  ['no upstream', 'domain: a.example.com\n', 'upstream', /is missing, and there are no upstreams/],
  [
    'upstreams without routes',
    'domain: a.example.com\nupstreams: { a: "http://a" }\n',
    'routes',
    /is missing, so nothing leads/,
  ],
  [
    'an unknown preset',
    `domain: a.example.com\nupstream: { preset: xiaozhi-fill, host: a }\n`,
    'upstream.preset',
    /mean "xiaozhi-full"/,
  ],
  [
    'a host with a port',
    `domain: a.example.com\nupstream: { preset: xiaozhi-full, host: "192.168.1.5:8002" }\n`,
    'upstream.host',
    /mean "192\.168\.1\.5"/,
  ],
  [
    'a port of the other preset',
    `domain: a.example.com\nupstream: { preset: xiaozhi-server, host: a, ports: { console: 80 } }\n`,
    'upstream.ports.console',
    /is no port of xiaozhi-server, expected api, voice/,
  ],
  [
    'a port out of range',
    `domain: a.example.com\nupstream: { preset: xiaozhi-full, host: a, ports: { voice: 70000 } }\n`,
    'upstream.ports.voice',
    /out of range .*1 to 65535/,
  ],
  [
    'otaOverHttp without a preset',
    'domain: a.example.com\notaOverHttp: lan\nupstreams: { a: "http://a" }\nroutes: [{ name: a, path: /, upstream: a }]\n',
    'otaOverHttp',
    /there is none/,
  ],
  [
    'a word of otaOverHttp',
    `${BASE}otaOverHttp: allways\n`,
    'otaOverHttp',
    /always, lan or never; did you mean "always"/,
  ],
  ['nothing listened on', `${BASE}listen: { http: none, https: [] }\n`, 'listen', /switches off both/],
  [
    'http and https on one port',
    `${BASE}listen: { http: 8080, https: "0.0.0.0:8080" }\n`,
    'listen.https',
    /in the way of listen\.http \(\[::\]:8080\)/,
  ],
  [
    'the same endpoint twice',
    `${BASE}listen: { http: ["10.0.0.1:80", "10.0.0.1:80"] }\n`,
    'listen.http[1]',
    /in the way of listen\.http\[0\]/,
  ],
  ['an endpoint without an address', `${BASE}listen: { http: ":8080" }\n`, 'listen.http', /mean "\[::\]:8080"/],
  [
    'an endpoint by name',
    `${BASE}listen: { http: [80, "localhost:8080"] }\n`,
    'listen.http[1]',
    /mean "127\.0\.0\.1:8080"/,
  ],
  ['IPv6 without brackets', `${BASE}listen: { http: "::1:8080" }\n`, 'listen.http', /mean "\[::1\]:8080"/],
  [
    'a port to listen on that does not exist',
    `${BASE}listen: { http: 80000 }\n`,
    'listen.http',
    /port from 0 to 65535/,
  ],
  ['a public port in words', `${BASE}public: { https: default }\n`, 'public.https', /expected a port from 0 to 65535/],
  ['too many workers', `${BASE}workers: 65\n`, 'workers', /auto, or a number from 1 to 64/],
  ['a word for workers', `${BASE}workers: all\n`, 'workers', /expected auto, or a number/],
  ['a home folder', `${BASE}stateDir: ~/data\n`, 'stateDir', /only a shell understands/],
  [
    'a certificate that is not there',
    `${BASE}tls: { certificates: [{ cert: nowhere.pem, key: /etc }] }\n`,
    'tls.certificates[0].cert',
    /no such file \(found "nowhere\.pem"\).*start at \/etc\/otagate/,
  ],
  ['https without any certificate', `${BASE}tls: { localCa: false }\n`, 'tls.localCa', /without any certificate/],
  ['a switch in words', `${BASE}tls: { localCa: yes }\n`, 'tls.localCa', /neither true nor false .*mean "true"/],
  [
    'a record that is too large',
    `${BASE}tls: { deviceRecordBytes: 32KiB }\n`,
    'tls.deviceRecordBytes',
    /too large .*512 to 16KiB/,
  ],
  ['a key at the top that belongs further down', `${BASE}localCa: true\n`, 'localCa', /mean "tls\.localCa"/],
  [
    'bits behind the prefix',
    `${BASE}networks: { lan: [private, 10.0.0.5/8] }\n`,
    'networks.lan[1]',
    /bits set .*mean "10\.0\.0\.0\/8"/,
  ],
  [
    'private where it means nothing',
    `${BASE}trustedProxies: { from: private }\n`,
    'trustedProxies.from',
    /neither an address nor a network/,
  ],
  [
    'the PROXY protocol of no proxy',
    `${BASE}trustedProxies: { proxyProtocol: true, from: [] }\n`,
    'trustedProxies.proxyProtocol',
    /is on for nobody/,
  ],
  [
    'an unknown header',
    `${BASE}trustedProxies: { header: x-forwarded }\n`,
    'trustedProxies.header',
    /x-forwarded-for, forwarded or x-real-ip/,
  ],
  [
    'an upstream over ws',
    `${BASE}upstreams: { v: "ws://10.0.0.1:8000/xiaozhi/v1/" }\nroutes: [{ name: v, path: /v/, upstream: v }]\n`,
    'upstreams.v',
    /ws.*mean "http:\/\/10\.0\.0\.1:8000"/,
  ],
  [
    'an upstream with a path',
    `${BASE}upstreams: { v: ["http://10.0.0.1/x"] }\nroutes: [{ name: v, path: /v/, upstream: v }]\n`,
    'upstreams.v[0]',
    /has a path.*mean "http:\/\/10\.0\.0\.1"/,
  ],
  [
    'an upstream without a scheme',
    `${BASE}upstreams: { v: "10.0.0.1:8000" }\nroutes: [{ name: v, path: /v/, upstream: v }]\n`,
    'upstreams.v',
    /mean "http:\/\/10\.0\.0\.1:8000"/,
  ],
  [
    'an upstream with a name that is none',
    `${BASE}upstreams: { "a b": "http://10.0.0.1" }\nroutes: [{ name: v, path: /v/, upstream: console }]\n`,
    'upstreams["a b"]',
    /is not a name/,
  ],
  [
    'a route without a target',
    route('role: web'),
    'routes[0].upstream',
    /is missing, expected the name of an upstream \(console, voice, vision\), files, redirect, refuse: true, or role: admin/,
  ],
  [
    'a route with two targets',
    route('upstream: console, refuse: true'),
    'routes[0].refuse',
    /is there beside upstream/,
  ],
  ['an upstream that does not exist', route('upstream: vioce'), 'routes[0].upstream', /does not exist .*mean "voice"/],
  [
    'a role that does not exist',
    route('upstream: console, role: page'),
    'routes[0].role',
    /web, device, ota-check, firmware or admin/,
  ],
  [
    'a host that is not ours',
    route('upstream: console, host: ota.example.org'),
    'routes[0].host',
    /mean "ota\.example\.com"/,
  ],
  ['a route without a name', `${BASE}routes: [{ path: /a/, upstream: console }]\n`, 'routes[0].name', /is missing/],
  ['a path without its slash', at('mcp/'), 'routes[0].path', /mean "\/mcp\/"/],
  ['a path with an empty segment', at('/a//b'), 'routes[0].path', /empty segment/],
  ['a path that climbs', at('/a/../b'), 'routes[0].path', /"\.\." in it/],
  ['a path with a query', at('/a?b=c'), 'routes[0].path', /has a query/],
  ['a path with an escaped slash', at('/a%2Fb'), 'routes[0].path', /has an escape/],
  ['a path with parameters', at('/a;b'), 'routes[0].path', /";" in it/],
  [
    'two routes for one path',
    `${BASE}routes: [{ name: a, path: /a/, upstream: console }, { name: b, path: /a/, upstream: voice }]\n`,
    'routes[1].path',
    /is the same as routes\[0\]\.path/,
  ],
  [
    'two routes of one name',
    `${BASE}routes: [{ name: a, path: /a/, upstream: console }, { name: a, path: /b/, upstream: voice }]\n`,
    'routes[1].name',
    /is the same as routes\[0\]\.name/,
  ],
  ['a rollout of an unknown action', rollout('action: pinn'), 'rollouts[0].action', /mean "pin"/],
  [
    'a pin without a version',
    rollout('action: pin'),
    'rollouts[0].version',
    /is missing, expected the version that pin/,
  ],
  ['a step without a bound', rollout('action: via, version: 2.0.1'), 'rollouts[0].below', /is missing/],
  ['a version with a v', rollout('action: pin, version: v2.0.1'), 'rollouts[0].version', /mean "2\.0\.1"/],
  ['a version that is a number', rollout('action: pin, version: 2.1'), 'rollouts[0].version', /in quotes/],
  ['waves of nobody', rollout('action: offer, waves: { size: 0% }'), 'rollouts[0].waves.size', /let nobody in/],
  ['a share of more than all', rollout('action: offer, percent: 120'), 'rollouts[0].percent', /is no percentage/],
  [
    'waves of a hold',
    rollout('action: hold, waves: { size: 10% }'),
    'rollouts[0].waves',
    /has no effect with action: hold/,
  ],
  [
    'a rollout twice',
    `${BASE}rollouts: [{ name: a, action: hold }, { name: a, action: offer }]\n`,
    'rollouts[1].name',
    /is the name of rollouts\[0\]/,
  ],
  ['an unknown rule', `${BASE}offers: { allow: [slot] }\n`, 'offers.allow[0]', /is no rule/],
  ['an opening of no route', opening(`route: otaa, ${UNTIL}`), 'openings[0].route', /does not exist .*mean "ota"/],
  [
    'an opening of a device route',
    opening(`route: voice, ${UNTIL}`),
    'openings[0].route',
    /role device.*only these can be opened: ota, firmware/,
  ],
  [
    'an opening of a refused route',
    opening(`route: refuse-druid, ${UNTIL}`),
    'openings[0].route',
    /a route that refuses/,
  ],
  ['an opening without an end', opening('route: ota'), 'openings[0].until', /is missing/],
  [
    'an end without a zone',
    opening('route: ota, until: 2026-06-02T00:00:00'),
    'openings[0].until',
    /no time zone, so it would mean another moment/,
  ],
  [
    'an end without a time',
    opening('route: ota, until: 2026-06-02'),
    'openings[0].until',
    /no time of day and no zone/,
  ],
  [
    'an end that is not in the calendar',
    opening('route: ota, until: 2026-02-30T00:00:00Z'),
    'openings[0].until',
    /not in the calendar/,
  ],
  [
    'the same opening twice',
    `${BASE}openings: [{ route: ota, ${UNTIL} }, { ${UNTIL}, route: ota, from: [] }]\n`,
    'openings[1]',
    /is the same as openings\[0\]/,
  ],
  [
    'an opening for a name',
    opening(`route: ota, ${UNTIL}, from: home.example.com`),
    'openings[0].from',
    /neither an address nor a network/,
  ],
  [
    'a firmware prefix without its slash',
    `${BASE}firmware: { allow: ["https://f.example.com/fw"] }\n`,
    'firmware.allow[0]',
    /mean "https:\/\/f\.example\.com\/fw\/"/,
  ],
  [
    'a firmware prefix over ftp',
    `${BASE}firmware: { allow: ["ftp://f.example.com/fw/"] }\n`,
    'firmware.allow[0]',
    /neither http nor https/,
  ],
  ['a store that is too small', firmware('maxBytes: 8MiB'), 'firmware.maxBytes', /too small .*16MiB to 1TiB/],
  ['a store without end', firmware('maxBytes: 2TiB'), 'firmware.maxBytes', /too large .*16MiB to 1TiB/],
  ['a store in half a unit', firmware('maxBytes: 2g'), 'firmware.maxBytes', /mean "2GiB"/],
  ['more memory than there is', firmware('memory: 65GiB'), 'firmware.memory', /too large .*from 0 to 64GiB/],
  ['no memory, in words', firmware('memory: off'), 'firmware.memory', /is not a size .*mean "0"/],
  [
    'a pace that is no rate',
    firmware('pace: { device: 1MiB }'),
    'firmware.pace.device',
    /is not a rate .*such as 1MiB\/s, or none; did you mean "1MiB\/s"/,
  ],
  [
    'a pace at which devices give up',
    firmware('pace: { total: 4095/s }'),
    'firmware.pace.total',
    /too small .*from 4KiB\/s to 1TiB\/s, or none/,
  ],
  ['a pace in bits', firmware('pace: { device: 8Mbit/s }'), 'firmware.pace.device', /has a unit that is not known/],
  ['a pace without a unit', firmware('pace: { device: 65536 }'), 'firmware.pace.device', /expected a size for each/],
  ['a pace of nothing', firmware('pace: { total: 0 }'), 'firmware.pace.total', /mean "none"/],
  ['a pace without bound, in words', firmware('pace: { total: Unlimited }'), 'firmware.pace.total', /mean "none"/],
  ['a pace for everyone at once', firmware('pace: 1MiB/s'), 'firmware.pace', /expected keys and values/],
  ['a pace of something else', firmware('pace: { devise: 1MiB/s }'), 'firmware.pace.devise', /mean "device"/],
  [
    'no downloads at all',
    firmware('downloads: 0'),
    'firmware.downloads',
    /out of range .*expected a number from 1 to 100000, or none$/,
  ],
  ['too many downloads', firmware('downloads: 100001'), 'firmware.downloads', /out of range/],
  ['downloads without bound, in words', firmware('downloads: unlimited'), 'firmware.downloads', /mean "none"/],
  ['a recheck that is too short', firmware('recheck: 500ms'), 'firmware.recheck', /too small .*1s to 24h/],
  ['a recheck that is too long', firmware('recheck: 2d'), 'firmware.recheck', /too large .*1s to 24h/],
  ['a recheck without its unit', firmware('recheck: 10'), 'firmware.recheck', /has no unit .*mean "10s"/],
  ['a recheck that is none', firmware('recheck: none'), 'firmware.recheck', /is not a duration/],
  [
    'a firmware key under its name inside',
    firmware('memoryBytes: 1GiB'),
    'firmware.memoryBytes',
    /one of maxBytes, memory/,
  ],
  ['a duration without its unit', `${BASE}limits: { idle: 30 }\n`, 'limits.idle', /has no unit .*mean "30s"/],
  ['a duration that is too long', `${BASE}limits: { opening: 365d }\n`, 'limits.opening', /too large .*1s to 30d/],
  ['a size with half a unit', `${BASE}limits: { checkBody: 256k }\n`, 'limits.checkBody', /mean "256KiB"/],
  ['an unknown level', `${BASE}log: { level: warning }\n`, 'log.level', /mean "warn"/],
  [
    'a list where keys belong',
    `${BASE}log: [info]\n`,
    'log',
    /not of the right kind \(found a list\), expected keys and values/,
  ],
  ['keys where a list belongs', `${BASE}routes: { name: a }\n`, 'routes', /found keys and values\), expected a list/],
  ['a key given twice', `${BASE}domain: b.example.com\n`, 'domain', /is given twice, first on line 1/],
  [
    'a variable that is not set',
    `domain: \${OTA_DOMAIN}\n${UPSTREAM}`,
    'domain',
    /OTA_DOMAIN, which is not set .*:-default/,
  ],
  ['a reference that cannot be read', `domain: "\${OTA-DOMAIN}"\n${UPSTREAM}`, 'domain', /cannot be read/],
];

for (const [name, yaml, path, text] of MISTAKES) {
  test(name, () => {
    const faults = faultsOf(yaml);
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [path, ...(name === 'a certificate that is not there' ? ['tls.certificates[0].key'] : [])],
      faults.map(formatFinding).join('\n') || 'no fault was found',
    );
    assert.match(formatFinding(faults[0] ?? assert.fail()), text);
    assert.ok((faults[0]?.line ?? 0) > 0);
  });
}

test('no fault in what the table builds on', () => {
  assert.deepEqual(faultsOf(BASE), []);
  assert.deepEqual(faultsOf(route('upstream: console')), []);
  assert.deepEqual(faultsOf(at('/a/')), []);
  assert.deepEqual(faultsOf(opening(`route: ota, ${UNTIL}`)), []);
});

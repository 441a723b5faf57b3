// Owns the long form: what the short one expands to, and that it loads again to the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, configOf, FILE } from './checked.ts';

const EVERYTHING = `domains: [OTA.example.com, 192.168.1.2, "fd00::2", gate.example.com]
upstream: { preset: xiaozhi-full, host: xiaozhi_web, ports: { voice: 18000 } }
otaOverHttp: never
listen: { http: ["127.0.0.1:8080", "[fd00::2]:8080"], https: none, admin: [9180, "[::1]:9181"] }
public: { https: 8443 }
defaultSite: main
workers: 3
stateDir: /var/lib/otagate
email: me@example.com
tls:
  localCa: "false"
  deviceRecordBytes: 2KiB
  acme:
    directory: https://ca.example.com/acme/directory
    challenge: http-01
    keyType: both
    profile: tlsserver
    preferredChain: "Root $$\{1}"
    eab: { kid: k-1, hmacKey: "aGVs+/8=" }
    dns: { provider: rfc2136, server: "[2001:db8::53]:5353", zone: example.com., keyName: otagate., secret: c2VjcmV0 }
    propagation: { timeout: 90s, resolvers: [1.1.1.1, "9.9.9.9:5353", "2620:fe::fe"] }
networks: { lan: [private, 100.64.0.0/10] }
trustedProxies: { from: 10.0.0.1, header: forwarded, proxyProtocol: "true" }
streams: [{ listen: 8883, upstream: ["[fd00::5]:1883", "broker:1884"], allow: 10.0.0.0/8, idle: 15m, connections: 50, proxyProtocol: v2 }]
upstreams: { mcp: [ "http://a:1", "https://b" ] }
routes:
  - { name: mcp, host: ota.example.com, path: /mcp/, upstream: mcp, role: device, plainHttp: never }
  - { name: closed, path: /closed, refuse: true }
  - { name: gate, host: GATE.example.com, path: /, role: admin }
openings:
  - { route: ota, from: [203.0.113.7, "2001:db8::/32"], until: 2026-06-02T00:00:00.125+08:00, reason: "costs $\${5}" }
  - { route: firmware, until: 2026-06-03T00:00:00Z }
firmware:
  maxBytes: 100GB
  memory: "0"
  pace: { device: none, total: 1.5MiB/s }
  downloads: "40"
  recheck: 90s
  allow: ["https://files.example.com/fw/"]
alerts:
  webhooks:
    - { webhook: "https://oapi.example.com/robot?access_token=t", format: dingtalk, signingKey: SEC }
    - { webhook: "https://hooks.example.com/T/B/x", kinds: [disk-low], language: zh }
  diskFree: 1GiB
  upstreamDown: 90s
  deviceFailures: 5
offers: { allow: [layout, same-build], failures: 5 }
backup: { folder: ../backups, every: 12h, keep: 3, recipient: age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq, firmware: true }
rollouts:
  - { name: spring, action: offer, boards: b, waves: { size: 12.5%, pause: 90m }, stop: { failures: 7%, least: 9, addresses: 2 } }
  - { name: step, action: via, version: 1.9.4, below: 1.9.0, networks: [10.0.0.0/8, 192.168.1.9], percent: 30 }
  - { name: bench, action: pin, version: 2.0.1, devices: ["AA:BB:CC:DD:EE:FF"], waves: { size: 50 } }
  - { name: no, action: hold, versions: [1.8.0, 1.8.1] }
limits: { opening: 7d, drain: 0s, connect: 1500ms, reply: 90s, idle: 10m, header: 5s, checkBody: 100KB, link: 48h }
log: { level: debug, format: json, file: ../log/gate.log }
`;

test('the defaults', () => {
  const config = configOf(BASE);
  assert.deepEqual(
    { ...config, workers: 0, upstreams: {}, routes: [] },
    {
      file: FILE,
      domains: ['ota.example.com'],
      listen: { http: [{ host: '::', port: 80 }], https: [{ host: '::', port: 443 }], admin: [] },
      public: { http: 80, https: 443, mqtts: null },
      defaultSite: 'refuse',
      workers: 0,
      stateDir: '/etc/data',
      store: { kind: 'sqlite' },
      tls: { acme: null, certificates: [], localCa: true, deviceRecordBytes: 4096 },
      networks: { lan: ['private'] },
      trustedProxies: { from: [], header: 'x-forwarded-for', proxyProtocol: false },
      upstreams: {},
      upstreamSettings: {},
      routes: [],
      openings: [],
      streams: [],
      firmware: {
        allow: [],
        maxBytes: 2_147_483_648,
        memoryBytes: 268_435_456,
        pace: { deviceBytesPerSecond: 1_048_576, totalBytesPerSecond: null },
        downloads: null,
        recheckMs: 10_000,
      },
      alerts: { webhooks: [], diskFreeBytes: 536_870_912, upstreamDownMs: 60_000, deviceFailures: 3 },
      offers: { allow: [], failures: 3 },
      backup: null,
      rollouts: [],
      limits: {
        openingMs: 86_400_000,
        drainMs: 30_000,
        connectMs: 5000,
        replyMs: 60_000,
        idleMs: 300_000,
        headerMs: 20_000,
        bodyMs: 30_000,
        webSocketIdleMs: 3_600_000,
        connections: 10_000,
        addressConnections: 2_000,
        handshakes: 500,
        addressRequestsPerSecond: 200,
        deviceRequestsPerSecond: 50,
        deviceWebSockets: 8,
        checkBytes: 262_144,
        linkMs: 86_400_000,
      },
      secretSources: {},
      namedPaths: [],
      log: { level: 'info', format: 'auto' },
    },
  );
  assert.ok(config.workers >= 1 && config.workers <= 4);
});

test('every key arrives in the long form', () => {
  const config = configOf(EVERYTHING);
  assert.deepEqual(config.domains, ['ota.example.com', '192.168.1.2', 'fd00::2', 'gate.example.com']);
  assert.deepEqual(config.public, { http: 8080, https: 8443, mqtts: 8883 });
  assert.deepEqual(config.streams, [
    {
      listen: { host: '::', port: 8883 },
      upstream: [
        { host: 'fd00::5', port: 1883 },
        { host: 'broker', port: 1884 },
      ],
      allow: ['10.0.0.0/8'],
      idleMs: 900_000,
      connections: 50,
      proxyProtocol: 'v2',
    },
  ]);
  assert.deepEqual(config.listen.https, []);
  assert.deepEqual(config.listen.admin, [
    { host: '127.0.0.1', port: 9180 },
    { host: '::1', port: 9181 },
  ]);
  assert.deepEqual(config.routes.at(-1), {
    name: 'gate',
    host: 'gate.example.com',
    path: '/',
    target: { kind: 'admin' },
    role: 'admin',
    plainHttp: 'never',
  });
  assert.deepEqual(config.openings[0], {
    id: config.openings[0]?.id,
    route: 'ota',
    from: ['203.0.113.7/32', '2001:db8::/32'],
    startMs: null,
    untilMs: Date.UTC(2026, 5, 1, 16, 0, 0, 125),
    reason: `costs $\{5}`,
    closeAfter: { devices: null, idleMs: null },
  });
  assert.deepEqual(config.tls.acme, {
    email: 'me@example.com',
    directory: 'https://ca.example.com/acme/directory',
    challenge: 'http-01',
    keyType: 'both',
    profile: 'tlsserver',
    preferredChain: `Root $\{1}`,
    caFile: null,
    eab: { kid: 'k-1', hmacKey: 'aGVs-_8' },
    dns: {
      provider: 'rfc2136',
      server: '2001:db8::53',
      port: 5353,
      zone: 'example.com',
      keyName: 'otagate.',
      algorithm: 'hmac-sha256',
      secret: 'c2VjcmV0',
    },
    propagation: { timeoutMs: 90_000, resolvers: ['1.1.1.1', '9.9.9.9:5353', '2620:fe::fe'] },
  });
  assert.deepEqual(config.firmware, {
    allow: ['https://files.example.com/fw/'],
    maxBytes: 100_000_000_000,
    memoryBytes: 0,
    pace: { deviceBytesPerSecond: null, totalBytesPerSecond: 1_572_864 },
    downloads: 40,
    recheckMs: 90_000,
  });
  assert.deepEqual(config.log, { level: 'debug', format: 'json', file: '/etc/log/gate.log' });
  assert.equal(config.limits.checkBytes, 100_000);
  assert.equal(config.limits.drainMs, 0);
});

test('the long form that is printed loads to the same', () => {
  for (const yaml of [BASE, EVERYTHING]) {
    const config = configOf(yaml);
    assert.deepEqual(configOf(printLongForm(config)), config);
  }
});

test('the long form writes firmware as a person would', () => {
  assert.match(
    printLongForm(configOf(BASE)),
    /^firmware:\n {2}maxBytes: 2GiB\n {2}memory: 256MiB\n {2}pace:\n {4}device: 1MiB\/s\n {4}total: none\n {2}downloads: none\n {2}recheck: 10s\n {2}allow: \[\]$/m,
  );
});

test('the bounds of firmware are within them', () => {
  const least = 'maxBytes: 16MiB, memory: 0, pace: { device: 4KiB/s, total: 4096/s }, downloads: 1, recheck: 1s';
  const most = 'maxBytes: 1TiB, memory: 64GiB, pace: { device: 1TiB/s, total: none }, downloads: 100000, recheck: 24h';
  for (const firmware of [least, most]) {
    const config = configOf(`${BASE}firmware: { ${firmware} }\n`);
    assert.deepEqual(configOf(printLongForm(config)), config);
  }
});

test('the id of an opening stays while its content does', () => {
  const ids = (...openings: string[]): (string | undefined)[] =>
    openings.map((opening) => configOf(`${BASE}openings: [${opening}]\n`).openings[0]?.id);
  const [first, same, reordered, later, elsewhere] = ids(
    '{ route: ota, from: [10.0.0.1, 10.0.0.2], until: 2026-06-02T00:00:00Z }',
    '{ route: ota, from: [10.0.0.1/32, 10.0.0.2], until: 2026-06-02T08:00:00+08:00, reason: other }',
    '{ route: ota, from: [10.0.0.2, 10.0.0.1], until: 2026-06-02T00:00:00Z }',
    '{ route: ota, from: [10.0.0.1, 10.0.0.2], until: 2026-06-02T00:00:01Z }',
    '{ route: firmware, from: [10.0.0.1, 10.0.0.2], until: 2026-06-02T00:00:00Z }',
  );
  assert.match(first ?? '', /^yaml-[0-9a-f]{8}$/);
  assert.deepEqual([same, reordered], [first, first]);
  assert.equal(new Set([first, later, elsewhere]).size, 3);
});

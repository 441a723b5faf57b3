// Owns the made-up gate behind the dashboard's stand-in: what it says of itself, and how that changes.
import type { RolloutStatus } from '../../src/control/admin/rollout-schemas.ts';
import type {
  AuditEntry,
  CertificateFinding,
  Firmware,
  Image,
  LogLine,
  Opening,
  Status,
  TrafficPoint,
} from '../../src/dashboard/api.ts';
import { HOSTILE_BOARD } from './dashboard-fleet.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 5_000;

export function makeStatus(nowMs: number): Status {
  const at = (days: number): string => new Date(nowMs + days * DAY_MS).toISOString();
  const failing = {
    name: 'console.example.com',
    keyType: 'ecdsa',
    issuer: null,
    notAfter: null,
    renewalDue: null,
    failures: 4,
    lastError: 'the CA could not reach http://console.example.com/.well-known/acme-challenge/…: connection refused',
    nextTryInSeconds: 1_380,
  };
  const renewal = {
    ...failing,
    name: 'ota.example.com',
    issuer: "C=US, O=Let's Encrypt, CN=E7",
    notAfter: at(61),
    renewalDue: at(31),
    failures: 0,
    lastError: null,
    nextTryInSeconds: null,
  };
  return {
    startedAt: at(-3.2),
    config: '/config/otagate.yaml',
    snapshot: 42,
    domains: ['ota.example.com', 'console.example.com'],
    listeners: [
      { scheme: 'http', address: '[::]:8080', publicPort: 80 },
      { scheme: 'https', address: '[::]:8443', publicPort: 443 },
    ],
    lan: {
      networks: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
      ownGateways: ['172.17.0.1'],
      gatewaysKnown: true,
    },
    certificates: [
      {
        names: ['ota.example.com'],
        fingerprint: Array.from({ length: 32 }, (_, index) => ((index * 37) % 256).toString(16).padStart(2, '0')).join(
          ':',
        ),
        issuer: "C=US, O=Let's Encrypt, CN=E7",
        key: 'EC prime256v1',
        notAfter: at(61),
        daysLeft: 61,
        chainLength: 2,
        chainBytes: 2_318,
        devices: [],
        renewal,
      },
      {
        names: ['console.example.com', 'localhost', '127.0.0.1', '::1', '192.168.1.5', '172.17.0.1'],
        fingerprint: Array.from({ length: 32 }, (_, index) => ((index * 91) % 256).toString(16).padStart(2, '0')).join(
          ':',
        ),
        issuer: 'CN=otagate local CA 3f2a',
        key: 'RSA 2048',
        notAfter: at(11.5),
        daysLeft: 11,
        chainLength: 1,
        chainBytes: 894,
        devices: [UNKNOWN_ISSUER],
        renewal: null,
      },
    ],
    acme: [renewal, failing],
    uncovered: [],
    streams: [{ address: '[::]:8883', upstream: ['192.168.1.5:1883'], open: 212 }],
    upstreams: { console: ['http://192.168.1.5:8002'], voice: ['http://192.168.1.5:8000', 'http://192.168.1.6:8000'] },
    openable: [
      { route: 'ota', role: 'ota-check', host: null, path: '/xiaozhi/ota/' },
      { route: 'firmware', role: 'firmware', host: null, path: '/xiaozhi/otaMag/download/' },
    ],
    servers: [
      { upstream: 'console', origin: 'http://192.168.1.5:8002', health: 'well', failures: 0 },
      { upstream: 'voice', origin: 'http://192.168.1.5:8000', health: 'down', failures: 3 },
      { upstream: 'voice', origin: 'http://192.168.1.6:8000', health: null, failures: 1 },
    ],
    workers: [
      { name: 'gate-1', pid: 4_121, sinceMs: nowMs - 3.2 * DAY_MS, snapshot: 42, restarts: 0 },
      { name: 'gate-2', pid: 4_122, sinceMs: nowMs - 0.4 * DAY_MS, snapshot: 42, restarts: 1 },
    ],
    totals: {
      requests: { relay: 20_310, check: 31_022, refuse: 214 },
      statuses: { '2xx': 51_020, '4xx': 402, '5xx': 12 },
      refusals: { 'plain-outside': 190, 'host-unknown': 24 },
      checks: 31_022,
      offers: 1_204,
      withheld: {},
      downloads: { complete: 1_139, broken: 41, bytes: 3_121_870_000 },
      handshakes: { 'tlsv1 alert unknown ca': 17 },
      droppedEvents: 0,
    },
    troubles: [],
  };
}

const UNKNOWN_ISSUER: CertificateFinding = {
  code: 'issuer-unknown',
  severity: 'fault',
  what: 'devices carry no root by the name of otagate local CA 3f2a',
  why: 'a device that verifies will refuse the connection (-0x3000)',
  remedy: 'set email to get a certificate that devices know, or let them in by plain HTTP on the LAN',
  zh: {
    what: '设备不认识该根证书（devices carry no root by the name of otagate local CA 3f2a）',
    why: '校验证书的设备会拒绝连接（-0x3000）',
    remedy: '设置 email 以取得设备认识的证书，或在局域网使用明文 HTTP',
  },
};

function makeImage(number: number, image: Partial<Image>, nowMs: number): Image {
  const sha256 = Array.from({ length: 64 }, (_, index) => ((index * (number + 3) * 7 + number) % 16).toString(16)).join(
    '',
  );
  return {
    sha256,
    kind: 'app',
    length: 2_621_440 + number * 31_337,
    fileName: `image-${number}.bin`,
    facts: {},
    pinned: false,
    addedMs: nowMs - number * DAY_MS,
    offeredMs: nowMs - number * 3_600_000,
    checked: true,
    current: false,
    ...image,
  };
}

export function makeFirmware(nowMs: number): Firmware {
  const facts = {
    chip: 'esp32s3',
    project: 'xiaozhi',
    version: '2.4.2',
    builtAt: 'Nov 20 2026 12:05:12',
    idfVersion: 'v5.5.1',
    flashBytes: 16_777_216,
    hashAppended: true,
  };
  const images = [
    makeImage(1, { fileName: 'bread-compact-wifi_2.4.2.bin', facts, current: true, pinned: true }, nowMs),
    makeImage(2, { fileName: 'lichuang-dev_2.4.1.bin', facts: { ...facts, version: '2.4.1' }, checked: false }, nowMs),
    makeImage(
      3,
      { fileName: `${HOSTILE_BOARD}_2.3.0.bin`, facts: { ...facts, version: '2.3.0', chip: 'esp32c3' } },
      nowMs,
    ),
    makeImage(4, { fileName: 'merged-binary.bin', kind: 'merged', length: 16_777_216 }, nowMs),
  ];
  return {
    images,
    fills: [],
    bytes: images.reduce((sum, { length }) => sum + length, 0),
    maxBytes: 268_435_456,
    totals: {
      hits: 1_031,
      joined: 88,
      revalidations: 210,
      stale: 0,
      fills: 61,
      failedFills: 0,
      upstreamBytes: 160_432_128,
    },
  };
}

export function makeOpenings(nowMs: number): Opening[] {
  return [
    {
      id: 'declared-1',
      route: 'ota',
      from: ['203.0.113.0/24'],
      openedMs: null,
      untilMs: nowMs + 5 * DAY_MS,
      reason: 'batch of 1.6.0 devices',
      declared: true,
      openedBy: 'configuration',
      startMs: null,
      closeAfter: { devices: 40, idleMs: null },
      uses: 31,
      devices: 12,
      upgraded: 9,
    },
  ];
}

export function makeAudit(nowMs: number): AuditEntry[] {
  const whats = ['opened', 'used', 'ended', 'reload', 'firmware-added', 'token-rotated', 'closed', 'logged-in'];
  const whos = ['command line', 'gate', 'gate', 'command line', 'page', 'command line', 'page', 'page'];
  return Array.from({ length: 70 }, (_, index) => ({
    id: 70 - index,
    atMs: nowMs - (index + 1) * 3_700_000,
    what: whats[index % whats.length] ?? '',
    who: whos[index % whos.length] ?? '',
    detail: `open-${1000 - index} of route ota for everyone${index % 3 === 0 ? ': six devices in the field' : ''}`,
  }));
}

/** An hour of points, in waves. */
export function makePoints(nowMs: number): TrafficPoint[] {
  return Array.from({ length: 720 }, (_, index) => makePoint(nowMs - (719 - index) * EVERY_MS));
}

export function makePoint(atMs: number): TrafficPoint {
  const at = atMs / EVERY_MS;
  const wave = 1 + Math.sin(at / 40) * 0.5 + Math.sin(at / 7) * 0.25;
  const noise = (Math.abs(Math.sin(at * 12.9898) * 43_758.5453) % 1) + 0.3;
  return {
    atMs,
    requests: Math.round(14 * wave * noise) + 2,
    checks: Math.round(6 * wave * noise),
    offers: Math.round(wave * noise * 0.4),
    downloads: Math.round(wave * noise * 0.3),
    activeDownloads: Math.round(3 * wave),
    bytes: Math.round(3 * wave * 61_000 * 5 * (0.8 + noise / 5)),
    refused: Math.round(at) % 11 === 0 ? 2 : 0,
    errors: Math.round(at) % 97 === 0 ? 1 : 0,
  };
}

const LINES: readonly [string, string, string][] = [
  ['info', 'request', 'POST /xiaozhi/ota/ 200'],
  ['info', 'request', 'GET /xiaozhi/otaMag/download/~Qx81… 200'],
  ['warn', 'request', 'POST /xiaozhi/ota/ 426'],
  ['info', 'websocket', 'GET /xiaozhi/v1/ 101'],
  ['error', 'firmware-failed', 'lichuang-dev_2.4.1.bin could not be fetched: the upstream broke off after 1.1 MiB'],
  ['debug', 'check', 'offer left as it is'],
];

export function makeLine(number: number, atMs: number): LogLine {
  const [level = 'info', event = '', msg = ''] = LINES[number % LINES.length] ?? [];
  return {
    level,
    time: new Date(atMs).toISOString(),
    process: `gate-${(number % 2) + 1}`,
    event,
    id: number,
    loggedId: `r${number.toString(36)}`,
    client: '203.0.113.9',
    route: 'ota',
    status: 200,
    ms: number % 90,
    board: number % 10 === 0 ? HOSTILE_BOARD : 'lichuang-dev',
    msg: number % 25 === 0 ? `${HOSTILE_BOARD} asks` : msg,
  };
}

export function makeRollout(nowMs: number): RolloutStatus {
  return {
    name: 'spring',
    action: 'offer',
    version: null,
    below: null,
    boards: ['bread-compact-wifi'],
    devices: 0,
    networks: [],
    versions: [],
    percent: 50,
    declared: true,
    startedMs: nowMs - 7_200_000,
    held: false,
    targets: null,
    stops: [{ board: 'bread-compact-wifi', version: '2.4.3', why: '4 of 9 devices failed with 2.4.3' }],
    wave: 3,
    waveSize: '10%',
    nextWaveMs: nowMs + 600_000,
    members: null,
  };
}

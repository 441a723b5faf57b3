// Makes the requests and policies of the policy tests: the preset's routes, and facts from a few words.
import type { PlainHttp, RouteConfig } from '../../src/config/config.ts';
import { expandPreset } from '../../src/config/presets.ts';
import type { Facts, SealedPermit } from '../../src/policy/facts.ts';
import { readTarget } from '../../src/policy/target.ts';
import type { OpeningView, PolicyView } from '../../src/policy/view.ts';

export const NOW = Date.UTC(2026, 11, 1);
export const HOUR = 3_600_000;
export const KEY_AUTHORIZATION = 'token-1.thumbprint';

/** Who asks: `gateway` is the machine's own default gateway, `unknown` what a proxy did not name. */
export const CLIENTS = {
  lan: '192.168.1.20',
  lan6: 'fd00::20',
  outside: '203.0.113.9',
  outside6: '2001:db8::9',
  loopback: '127.0.0.1',
  gateway: '172.17.0.1',
  unknown: '',
} as const;
export type From = keyof typeof CLIENTS;

export const HOSTS: Readonly<Record<string, Pick<Facts, 'host' | 'hostFault'>>> = {
  ours: { host: 'ota.example.com', hostFault: 'none' },
  second: { host: 'fw.example.com', hostFault: 'none' },
  gate: { host: 'gate.example.com', hostFault: 'none' },
  other: { host: 'evil.example.net', hostFault: 'none' },
  bare: { host: '192.168.1.5', hostFault: 'none' },
  bare6: { host: 'fd00::5', hostFault: 'none' },
  missing: { host: '', hostFault: 'missing' },
  ambiguous: { host: '', hostFault: 'ambiguous' },
};

const HTML: Pick<RouteConfig, 'target' | 'role'> = { target: { kind: 'upstream', upstream: 'console' }, role: 'web' };

/** The dashboard under a name of its own. Its `plainHttp` is always never; here it tempts. */
export const ADMIN: RouteConfig = {
  name: 'gate',
  host: 'gate.example.com',
  path: '/',
  target: { kind: 'admin' },
  role: 'admin',
  plainHttp: 'always',
};

/** The routes of the full module, with web routes of other policies, an exact one, one for a single host, the dashboard. */
export function routes(deviceHttp: PlainHttp): RouteConfig[] {
  return [
    ...expandPreset('xiaozhi-full', '192.168.1.5', {}, deviceHttp).routes,
    { name: 'open', path: '/open/', ...HTML, plainHttp: 'always' },
    { name: 'shut', path: '/shut/', ...HTML, plainHttp: 'never' },
    { name: 'exact', path: '/open/page', ...HTML, plainHttp: 'never' },
    { name: 'second', path: '/only/', host: 'fw.example.com', ...HTML, plainHttp: 'always' },
    { name: 'hidden', path: '/only/secret/', target: { kind: 'refuse' }, role: 'web', plainHttp: 'always' },
    ADMIN,
  ];
}

export function opening(changes: Partial<OpeningView> = {}): OpeningView {
  return { id: 'o1', route: 'ota', from: [], startMs: null, untilMs: NOW + HOUR, reason: '', ...changes };
}

export function view(changes: Partial<PolicyView> = {}): PolicyView {
  return {
    domains: ['ota.example.com', 'fw.example.com', 'gate.example.com'],
    defaultSite: 'refuse',
    publicPorts: { http: 80, https: 443, mqtts: null },
    lan: ['private'],
    ownGateways: [CLIENTS.gateway],
    routes: routes('lan'),
    openings: [],
    challenges: { 'token-1': KEY_AUTHORIZATION },
    ...changes,
  };
}

export type Wish = {
  scheme?: 'http' | 'https';
  from?: From;
  host?: keyof typeof HOSTS;
  /** A method, or WS for a WebSocket handshake. */
  method?: string;
  target?: string;
  seal?: SealedPermit;
};

export function facts(wish: Wish): Facts {
  const from = wish.from ?? 'outside';
  const websocket = wish.method === 'WS';
  return {
    peer: CLIENTS[from],
    client: CLIENTS[from],
    clientFrom: from === 'unknown' ? 'unknown' : 'peer',
    scheme: wish.scheme ?? 'https',
    method: websocket ? 'GET' : (wish.method ?? 'GET'),
    websocket,
    ...(HOSTS[wish.host ?? 'ours'] ?? { host: '', hostFault: 'missing' }),
    target: readTarget(wish.target ?? '/'),
    seal: wish.seal ?? { kind: 'none' },
  };
}

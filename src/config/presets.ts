// Owns the presets: the upstreams and routes of a xiaozhi-esp32-server as it usually is.
import type { PlainHttp, Role, RouteConfig } from './config.ts';

export const PRESET_NAMES = ['xiaozhi-full', 'xiaozhi-server'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** The ports that a preset's server listens on, by the name of the upstream. */
export const PRESET_PORTS: Record<PresetName, Readonly<Record<string, number>>> = {
  'xiaozhi-full': { console: 8002, voice: 8000, vision: 8003 },
  'xiaozhi-server': { api: 8003, voice: 8000 },
};

export type Preset = { upstreams: Record<string, string[]>; routes: RouteConfig[] };

/** Debugging pages and server-to-server calls, which the upstream answers to anyone who asks. */
const REFUSED: [name: string, path: string][] = [
  ['refuse-config', '/xiaozhi/config/'],
  ['refuse-doc', '/xiaozhi/doc.html'],
  ['refuse-api-docs', '/xiaozhi/v3/api-docs/'],
  ['refuse-api-docs-yaml', '/xiaozhi/v3/api-docs.yaml'],
  ['refuse-druid', '/xiaozhi/druid/'],
];

/** The names of the upstreams and routes do not depend on host, ports and `deviceHttp`, the plain HTTP of device routes. */
export function expandPreset(
  preset: PresetName,
  host: string,
  ports: Readonly<Record<string, number | undefined>>,
  deviceHttp: PlainHttp,
): Preset {
  const inUrl = host.includes(':') ? `[${host}]` : host;
  const upstreams: Record<string, string[]> = {};
  for (const [name, standard] of Object.entries(PRESET_PORTS[preset])) {
    upstreams[name] = [new URL(`http://${inUrl}:${ports[name] ?? standard}`).origin];
  }
  const device = (name: string, path: string, upstream: string, role: Role): RouteConfig => ({
    name,
    path,
    target: { kind: 'upstream', upstream },
    role,
    plainHttp: deviceHttp,
  });
  const full = preset === 'xiaozhi-full';
  const api = full ? 'console' : 'api';
  const routes: RouteConfig[] = [
    device('ota', '/xiaozhi/ota/', api, 'ota-check'),
    // The Python server has no such page and answers 404, as it would without a gate.
    device('activate', '/xiaozhi/ota/activate', api, 'device'),
    device('firmware', full ? '/xiaozhi/otaMag/download/' : '/xiaozhi/ota/download/', api, 'firmware'),
    device('voice', '/xiaozhi/v1/', 'voice', 'device'),
    device('vision', '/mcp/vision/', full ? 'vision' : 'api', 'device'),
  ];
  if (full) {
    const target = { kind: 'upstream', upstream: 'console' } as const;
    routes.push({ name: 'console', path: '/', target, role: 'web', plainHttp: 'lan' });
  }
  for (const [name, path] of REFUSED) {
    routes.push({ name, path, target: { kind: 'refuse' }, role: 'web', plainHttp: 'lan' });
  }
  return { upstreams, routes };
}

type Placed = { name?: string | undefined; path?: string | undefined; host?: string | undefined };

/** Whether a route of the file takes the place of a preset's: by the same name, or by the same path for the same hosts. */
export function replaces(own: Placed, preset: RouteConfig): boolean {
  return own.name === preset.name || (own.path === preset.path && own.host === preset.host);
}

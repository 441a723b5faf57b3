// Owns what is known of a xiaozhi server behind an nginx: its device paths, and whether a preset says the same.
import type { Role } from '../config/config.ts';
import { PRESET_PORTS, type PresetName } from '../config/presets.ts';
import type { Server } from './sites.ts';

export type DevicePath = {
  name: string;
  path: string;
  role: Role /** Of a request that nginx is asked about. */;
  sample: string;
};

/** The paths that devices use. A location for all of `/xiaozhi/` does not say which of them are theirs. */
export const DEVICE_PATHS: DevicePath[] = [
  { name: 'ota', path: '/xiaozhi/ota/', role: 'ota-check', sample: '/xiaozhi/ota/' },
  { name: 'activate', path: '/xiaozhi/ota/activate', role: 'device', sample: '/xiaozhi/ota/activate' },
  { name: 'firmware', path: '/xiaozhi/otaMag/download/', role: 'firmware', sample: '/xiaozhi/otaMag/download/a' },
  { name: 'firmware-file', path: '/xiaozhi/ota/download/', role: 'firmware', sample: '/xiaozhi/ota/download/a' },
  { name: 'voice', path: '/xiaozhi/v1/', role: 'device', sample: '/xiaozhi/v1/' },
  { name: 'vision', path: '/mcp/vision/', role: 'device', sample: '/mcp/vision/explain' },
];

/** Whether something here speaks for such a server: its paths, or its ports. */
export function isXiaozhi(servers: readonly Server[], origins: readonly string[]): boolean {
  const paths = servers.flatMap(({ locations }) => locations.map(({ path }) => path));
  return (
    paths.some((path) => /^\/(xiaozhi|mcp)(\/|$)/.test(path)) ||
    origins.some((origin) => ['8000', '8002', '8003'].includes(new URL(origin).port))
  );
}

export type Preset = { preset: PresetName; host: string; ports: Record<string, number> };

/**
 * The preset whose upstreams are those that nginx asks for the paths of devices and of the console; null where there is
 * none, e.g. where they are on several machines. `origin` is what nginx asks for a path, or null.
 */
export function presetFor(origin: (path: string) => string | null): Preset | null {
  const [console, ota, voice, vision] = ['/', '/xiaozhi/ota/', '/xiaozhi/v1/', '/mcp/vision/explain'].map(origin);
  const asked = [console, ota, voice, vision].filter((each) => each !== null && each !== undefined);
  const hosts = new Set(asked.map((each) => new URL(each).hostname));
  const [host] = hosts;
  if (host === undefined || hosts.size > 1 || asked.some((each) => !each.startsWith('http:')) || !ota) return null;
  const portOf = (each: string): number => Number(new URL(each).port || 80);
  const full = console === ota;
  // The Python server alone has no console, and one port for all but the voice.
  if (!full && (console !== null || (vision !== null && vision !== ota))) return null;
  const preset = full ? 'xiaozhi-full' : 'xiaozhi-server';
  const found: Record<string, string | null | undefined> = full
    ? { console, voice: voice === console ? null : voice, vision: vision === console ? null : vision }
    : { api: ota, voice };
  const ports: Record<string, number> = {};
  for (const [name, standard] of Object.entries(PRESET_PORTS[preset])) {
    const each = found[name];
    const port = each ? portOf(each) : standard;
    if (port !== standard) ports[name] = port;
  }
  return { preset, host: host.replace(/^\[|\]$/g, ''), ports };
}

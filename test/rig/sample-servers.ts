// Owns the sample servers behind a gate under test: as they run in containers, with addresses that no device can reach.
import type { TestContext } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { type JavaUpstream, type JavaUpstreamOptions, startJavaUpstream } from '../../src/demo/upstream-java.ts';
import {
  type PythonUpstream,
  type PythonUpstreamOptions,
  startPythonUpstream,
} from '../../src/demo/upstream-python.ts';

export const BOARD = 'test-board';
export const MAC = '02:00:00:00:00:01';
export const NEW_VERSION = '2.0.1';

type Closing = Pick<TestContext, 'after'>;

/** Firmware for one board, whole and bootable. */
export function firmwareOf(version = NEW_VERSION, size = 300_000): Record<string, { version: string; bytes: Buffer }> {
  return { [BOARD]: { version, bytes: buildImage({ version, size, seed: version }) } };
}

/** `otaUrl: null` for a server on which nobody has set \`server.ota\`: links come from the request's Host then. */
export async function javaServer(
  t: Closing,
  {
    otaUrl = 'http://172.18.0.5:8002/xiaozhi/ota/',
    ...options
  }: Omit<JavaUpstreamOptions, 'otaUrl'> & { otaUrl?: string | null } = {},
): Promise<JavaUpstream> {
  const java = await startJavaUpstream({
    websocketUrl: 'ws://172.18.0.6:8000/xiaozhi/v1/',
    secret: 'sample-secret',
    firmware: firmwareOf(),
    devices: new Map([[MAC, { board: BOARD }]]),
    ...(otaUrl === null ? {} : { otaUrl }),
    ...options,
  });
  t.after(() => java.close());
  return java;
}

export async function pythonServer(t: Closing, options: PythonUpstreamOptions = {}): Promise<PythonUpstream> {
  const python = await startPythonUpstream({
    visionExplain: 'http://172.18.0.7:8003/mcp/vision/explain',
    websocketUrl: 'ws://172.18.0.7:8000/xiaozhi/v1/',
    firmware: firmwareOf(),
    ...options,
  });
  t.after(() => python.close());
  return python;
}

/** The preset for a server with the console. */
export function fullPreset(java: Pick<JavaUpstream, 'origin' | 'voiceOrigin'>): string {
  const [console, voice] = [portOf(java.origin), portOf(java.voiceOrigin ?? java.origin)];
  return `upstream: { preset: xiaozhi-full, host: 127.0.0.1, ports: { console: ${console}, voice: ${voice}, vision: ${console} } }`;
}

/** The preset for the Python server alone. */
export function serverPreset(api: string, voice = api): string {
  return `upstream: { preset: xiaozhi-server, host: 127.0.0.1, ports: { api: ${portOf(api)}, voice: ${portOf(voice)} } }`;
}

function portOf(origin: string): number {
  return Number(new URL(origin).port);
}

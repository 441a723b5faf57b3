// Owns the demo's scene: the two sample servers, what firmware they have, and the configuration of the gate before them.
import type { Faults } from './faults.ts';
import { type Member, macOf } from './fleet.ts';
import { buildImage } from './image.ts';
import { plantedFaults } from './planted.ts';
import { type JavaUpstream, startJavaUpstream } from './upstream-java.ts';
import { startPythonUpstream } from './upstream-python.ts';

export const DOMAINS = { full: 'full.demo.test', python: 'python.demo.test' } as const;

const IMAGE_BYTES = 2_000_000;

export type DemoServers = {
  java: JavaUpstream;
  python: Awaited<ReturnType<typeof startPythonUpstream>>;
  close: () => Promise<unknown>;
};

/** Both answer with addresses that no device can reach, as servers in containers do. `faults` hold for both. */
export async function startServers(members: readonly Member[], faults: Faults = {}): Promise<DemoServers> {
  const firmware = Object.fromEntries(
    members.map(({ board, to }) => [
      board,
      { version: to, bytes: buildImage({ version: to, size: IMAGE_BYTES, seed: to }) },
    ]),
  );
  const java = await startJavaUpstream({
    otaUrl: 'http://172.18.0.5:8002/xiaozhi/ota/',
    websocketUrl: 'ws://172.18.0.6:8000/xiaozhi/v1/',
    firmware,
    faults,
    devices: new Map(members.map(({ board }, index) => [macOf(index), { board }])),
  });
  const python = await startPythonUpstream({
    visionExplain: 'http://172.18.0.7:8003/mcp/vision/explain',
    websocketUrl: 'ws://172.18.0.7:8000/xiaozhi/v1/',
    firmware: {
      ...firmware,
      ...Object.fromEntries(plantedFaults().map((planted) => [planted.board, planted.firmware])),
    },
    faults,
  });
  return { java, python, close: () => Promise.all([java.close(), python.close()]) };
}

/** The part of the configuration that names the servers: one domain for each. 127.0.0.1 counts as LAN here. */
export function demoConfig({ java, python }: DemoServers): string {
  const routes = (name: 'full' | 'python', download: string): string => `
  - { name: ${name}-ota, host: ${DOMAINS[name]}, path: /xiaozhi/ota/, upstream: ${name}, role: ota-check }
  - { name: ${name}-activate, host: ${DOMAINS[name]}, path: /xiaozhi/ota/activate, upstream: ${name}, role: device }
  - { name: ${name}-firmware, host: ${DOMAINS[name]}, path: ${download}, upstream: ${name}, role: firmware }
  - { name: ${name}-voice, host: ${DOMAINS[name]}, path: /xiaozhi/v1/, upstream: ${name}-voice, role: device }
  - { name: ${name}-console, host: ${DOMAINS[name]}, path: /, upstream: ${name}, role: web }`;
  return `domains: [${DOMAINS.full}, ${DOMAINS.python}]
networks: { lan: [127.0.0.1] }
upstreams:
  full: "${java.origin}"
  full-voice: "${java.voiceOrigin ?? java.origin}"
  python: "${python.origin}"
  python-voice: "${python.voiceOrigin}"
routes:${routes('full', '/xiaozhi/otaMag/download/')}${routes('python', '/xiaozhi/ota/download/')}
`;
}

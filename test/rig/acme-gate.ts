// Owns what the certificate tests start from: a gate on ports that a CA looks at, with tls.acme in its configuration.
import { type GateRig, gateFor, type StartOptions } from './gate.ts';

export type AcmeGateOptions = {
  http: number;
  https: number;
  directory: string;
  /** For the https of the directory. */
  caFile: string;
  domains?: string[];
  /** Further keys of tls.acme, in YAML's flow style: `keyType: both`. */
  acme?: string;
  /** Further keys of tls. */
  tls?: string;
  /** Further lines. */
  more?: string;
};

export const NAME = 'ota.example.com';

/** The configuration of such a gate. */
export function acmeYaml(options: AcmeGateOptions): string {
  const { http, https, directory, caFile, domains = [NAME], acme, tls } = options;
  const more = options.more ?? 'upstream: { preset: xiaozhi-server, host: 127.0.0.1, ports: { api: 9, voice: 9 } }';
  const keys = [`directory: "${directory}"`, `caFile: "${caFile}"`, ...(acme === undefined ? [] : [acme])].join(', ');
  return `domains: [${domains.map((name) => `"${name}"`).join(', ')}]
listen: { http: "127.0.0.1:${http}", https: "127.0.0.1:${https}" }
public: { http: 80, https: 443 }
tls: { acme: { ${keys} }${tls === undefined ? '' : `, ${tls}`} }
${more}
`;
}

/** Starts it; ends with the test. */
export function acmeGateFor(
  t: Parameters<typeof gateFor>[0],
  options: AcmeGateOptions,
  start: StartOptions = {},
): Promise<GateRig> {
  return gateFor(t, acmeYaml(options), start);
}

/** Resolves when the name has a new certificate, and the gates have it: the next snapshot after the log line. */
export async function obtained(gate: GateRig, keyType: 'ecdsa' | 'rsa' = 'ecdsa', name = NAME): Promise<void> {
  await gate.line(
    (line) => line.event === 'certificate-obtained' && line.name === name && line.keyType === keyType,
    20_000,
  );
}

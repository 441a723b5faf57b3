// Owns certificates made by the `openssl` command: for the keys that the gate's own CA does not make.
import { spawnSync } from 'node:child_process';

export type Made = { cert: string; key: string };

/** Whether the command is there. */
export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0;
}

/** A certificate that signs itself. @throws {Error} with what `openssl` says */
export function selfSigned(name: string, keys: 'P-256' | 'RSA-2048'): Made {
  const algorithm =
    keys === 'P-256' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  const { status, stdout, stderr } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      ...algorithm,
      '-nodes',
      '-keyout',
      '-',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}`,
    ],
    { encoding: 'utf8' },
  );
  const key = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----\n/.exec(stdout)?.[0];
  const cert = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(stdout)?.[0];
  if (status !== 0 || key === undefined || cert === undefined) throw new Error(`openssl req: ${stderr}`);
  return { cert, key };
}

// Owns obtained certificates on disk: one file for each name and key type, so that key and chain never come apart.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../base/errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../../base/files.ts';

export type Obtained = {
  name: string;
  keyType: 'ecdsa' | 'rsa';
  /** The directory that it came from. */
  directory: string;
  certPem: string;
  keyPem: string;
};

const FOLDER = 'certificates-v1';
const HEADER = /^# otagate certificate (\{.*\})$/m;

/** All certificates that can be used; what cannot is told with its reason and left where it is. */
export function readObtained(stateDir: string): { obtained: Obtained[]; damaged: string[] } {
  const folder = join(stateDir, FOLDER);
  if (!existsSync(folder)) return { obtained: [], damaged: [] };
  const obtained: Obtained[] = [];
  const damaged: string[] = [];
  for (const entry of readdirSync(folder).filter((name) => name.endsWith('.pem'))) {
    const file = join(folder, entry);
    try {
      obtained.push(parse(readFileSync(file, 'utf8')));
    } catch (error) {
      damaged.push(`${file} cannot be used (${errorText(error)}): a new certificate is ordered in its place`);
    }
  }
  return { obtained, damaged };
}

/** Writes by temporary name and rename, mode 600. @throws {Error} with the system's code */
export function writeObtained(stateDir: string, { certPem, keyPem, ...about }: Obtained): void {
  const folder = join(stateDir, FOLDER);
  ensurePrivateFolder(folder);
  const content = `# otagate certificate ${JSON.stringify(about)}\n${keyPem.trim()}\n${certPem.trim()}\n`;
  writeFileAtomic(join(folder, `${about.name.replace('*', '_').replaceAll(':', '_')}.${about.keyType}.pem`), content);
}

function parse(text: string): Obtained {
  const about: unknown = JSON.parse(HEADER.exec(text)?.[1] ?? 'null');
  if (typeof about !== 'object' || about === null) throw new Error('its first line is missing');
  const { name, keyType, directory } = about as Partial<Obtained>;
  if (typeof name !== 'string' || typeof directory !== 'string' || (keyType !== 'ecdsa' && keyType !== 'rsa')) {
    throw new Error('its first line is damaged');
  }
  const certPem = (text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g) ?? []).join('');
  const keyPem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0] ?? '';
  if (!new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error('key and certificate do not match');
  return { name, keyType, directory, certPem, keyPem: `${keyPem}\n` };
}

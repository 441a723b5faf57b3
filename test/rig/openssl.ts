// Owns the files that operators make with the `openssl` command: encrypted keys and PKCS#12.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Pem = { cert: string; key: string };

/** Runs it in a folder of its own with these files. Gives back what it wrote to `out`. @throws {Error} with what it says */
export function openssl(args: string[], files: Record<string, string>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stderr } = spawnSync('openssl', [...args, '-out', 'out'], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
    return readFileSync(join(folder, 'out'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The key in PKCS#8, encrypted. */
export function encryptedKey(key: string, passphrase: string): string {
  return openssl(['pkcs8', '-topk8', '-in', 'key', '-v2', 'aes-256-cbc', '-passout', `pass:${passphrase}`], {
    key,
  }).toString();
}

/** A container with the key, the leaf, and the rest of the chain. `options` choose other algorithms. */
export function pkcs12({ cert, key }: Pem, passphrase: string, options: string[] = []): Buffer {
  const args = ['pkcs12', '-export', '-inkey', 'key', '-in', 'cert', '-passout', `pass:${passphrase}`];
  return openssl([...args, ...options], { key, cert });
}

/** The leaf that a server shows to this name (SNI), which may be one that Node would not send: an address. */
export function leafFor(port: number, servername: string): string {
  const { stdout } = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', servername], {
    input: '',
    encoding: 'utf8',
    timeout: 15_000,
  });
  return /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(stdout)?.[0] ?? '';
}

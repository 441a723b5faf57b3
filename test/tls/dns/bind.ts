// Owns a BIND of the test's own: named on a free port of the loopback, all its files in a temporary folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../../../scripts/peers.mjs';
import { peer } from '../../peer.ts';
import { until, within } from '../../rig/bounded.ts';

const NAMED = findBinary('named');

/** Goes into a test's options: false where BIND is here. */
export const withoutBind: string | false = peer('bind').skip;

export const SECRET = Buffer.from('a secret of 32 bytes for testing').toString('base64');

export type Bind = { address: string; port: number; stop(): Promise<void> };

/** A zone: its name (empty for the root), its file's records beside the SOA, and its settings in named.conf. */
export type Zone = { name: string; records: string; settings?: string };

const KEYS = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512']
  .map((algorithm) => `key "${algorithm}-key" { algorithm ${algorithm}; secret "${SECRET}"; };`)
  .join('\n');

/** A port that is free on these addresses of the loopback. */
export async function freePort(...addresses: string[]): Promise<number> {
  for (;;) {
    const servers = addresses.map(() => createServer());
    let port = 0;
    try {
      for (const [index, server] of servers.entries()) {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject).listen(port, addresses[index], resolve);
        });
        const address = server.address();
        if (typeof address === 'object' && address !== null) port = address.port;
      }
      return port;
    } catch {
      // taken on one of them: try another
    } finally {
      for (const server of servers) server.close();
    }
  }
}

/** Starts named on this address and port, and waits until it answers for its zones. */
export async function startBind(address: string, port: number, zones: readonly Zone[]): Promise<Bind> {
  if (NAMED === null) throw new Error(String(withoutBind));
  const folder = mkdtempSync(join(tmpdir(), 'otagate-bind-'));
  for (const { name, records } of zones) {
    const head = `$TTL 60\n$ORIGIN ${name}.\n@ IN SOA ns1 admin 1 3600 600 86400 1\n`;
    writeFileSync(join(folder, `${name}.zone`), `${head}${records}\n`);
  }
  writeFileSync(join(folder, 'named.conf'), configOf(folder, address, port, zones));
  // Into a file, not a pipe: a pipe would keep a test file that failed early from ending.
  const log = openSync(join(folder, 'log'), 'w');
  const child = spawn(NAMED, ['-g', '-4', '-n', '1', '-c', join(folder, 'named.conf')], {
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed); // a test file that fails early leaves no server behind
  child.unref();
  const stop = async (): Promise<void> => {
    await ended(child);
    process.off('exit', killed);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const { name } of zones) await until(`named answers for ${name}`, () => answers(child, address, port, name));
  } catch (error) {
    const said = readFileSync(join(folder, 'log'), 'utf8');
    await stop();
    throw new Error(`${String(error)}\n${said.slice(-10_000)}`);
  }
  return { address, port, stop };
}

/**
 * Lets a server answer at another address of the loopback too, by UDP: named itself listens only on addresses that an
 * interface carries. Gives the end of it.
 */
export async function answerAt(address: string, port: number, bind: Bind): Promise<() => void> {
  const front = createSocket('udp4');
  front.on('message', (question, asker) => {
    const back = createSocket('udp4');
    const end = setTimeout(() => back.close(), 1_000);
    back.on('message', (answer) => {
      front.send(answer, asker.port, asker.address);
      clearTimeout(end);
      back.close();
    });
    back.send(question, bind.port, bind.address);
  });
  await new Promise<void>((resolve) => front.bind(port, address, resolve));
  return () => front.close();
}

async function answers(child: ChildProcess, address: string, port: number, zone: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`named ended with ${child.exitCode}`);
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`${address}:${port}`]);
  return resolver.resolveSoa(`${zone}.`).then(
    () => true,
    () => false,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL'); // it has nothing to save, and takes seconds to end by itself
  await within('named ends', exit);
}

function configOf(folder: string, address: string, port: number, zones: readonly Zone[]): string {
  const blocks = zones.map(
    ({ name, settings = '' }) =>
      `zone "${name}." { type primary; file "${join(folder, `${name}.zone`)}"; ${settings} };`,
  );
  return `options {
  directory "${folder}"; managed-keys-directory "${folder}"; session-keyfile "${join(folder, 'session.key')}";
  pid-file none; lock-file none; listen-on port ${port} { ${address}; }; listen-on-v6 { none; };
  recursion no; notify no; dnssec-validation no; empty-zones-enable no; allow-transfer { none; };
};
controls { };
${KEYS}
${blocks.join('\n')}
`;
}

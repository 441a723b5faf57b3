// Owns a running Pebble (a real ACME server for tests) with its DNS: every name resolves to 127.0.0.1.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { Agent, request } from 'undici';
import { localCertificate } from '../../src/tls/local-ca.ts';

export type PebbleOptions = {
  /** Where Pebble looks for HTTP-01 and TLS-ALPN-01. */
  httpPort: number;
  tlsPort: number;
  /** In seconds. */
  validity?: number;
  /** Per cent of good nonces that are rejected. */
  nonceReject?: number;
  /** Longest sleep before a validation, in seconds; none unless said. */
  sleepTime?: number;
  /** `address:port` of a DNS server, in place of the one that says 127.0.0.1 to everything. */
  dns?: string;
  eab?: { kid: string; hmacKey: string };
};

export type Pebble = {
  directory: string;
  port: number;
  /** For `tls.acme.caFile`. */
  caFile: string;
  /** `address:port` of the DNS server, and its HTTP management. */
  dns: string;
  dnsManagement: string;
  /** The root that issued certificates chain up to; another one after a `resume`. */
  root: () => Promise<string>;
  /** What Pebble has said since it was started last. */
  lines: string[];
  /** Accounts and orders that Pebble has made since it was started last. */
  made: (what: 'account' | 'order') => number;
  /** Kills Pebble. Nothing answers on its port until `resume`, after which it knows no account any more. */
  halt: () => Promise<void>;
  resume: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Starts Pebble and its DNS on free ports, and waits until its directory answers. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-pebble-'));
  const own = localCertificate(folder, ['localhost', '127.0.0.1'], Date.now());
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, own.rootPem);
  writeFileSync(join(folder, 'cert.pem'), own.certPem);
  writeFileSync(join(folder, 'key.pem'), own.keyPem);
  const [dnsPort, managementPort, port = 0, adminPort] = await freePorts(4);
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${adminPort}`,
        certificate: join(folder, 'cert.pem'),
        privateKey: join(folder, 'key.pem'),
        httpPort: options.httpPort,
        tlsPort: options.tlsPort,
        ...(options.validity === undefined ? {} : { certificateValidityPeriod: options.validity }),
        externalAccountBindingRequired: options.eab !== undefined,
        externalAccountMACKeys: options.eab === undefined ? {} : { [options.eab.kid]: options.eab.hmacKey },
      },
    }),
  );
  const none = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
  const dns = spawn(
    'pebble-challtestsrv',
    [
      '-defaultIPv6',
      '',
      '-defaultIPv4',
      '127.0.0.1',
      '-dns01',
      `127.0.0.1:${dnsPort}`,
      '-management',
      `127.0.0.1:${managementPort}`,
      ...none,
    ],
    { stdio: 'ignore' },
  );
  let ca = spawnPebble(folder, options, `127.0.0.1:${dnsPort}`);
  // A test file that ends early must leave nothing behind.
  const orphaned = (): void => {
    for (const child of [dns, ca.child]) child.kill('SIGKILL');
  };
  process.once('exit', orphaned);
  const dispatcher = new Agent({ connect: { ca: own.rootPem } });
  const get = async (url: string): Promise<string> => {
    const response = await request(url, { dispatcher });
    return response.body.text();
  };
  const directory = `https://127.0.0.1:${port}/dir`;
  const stop = async (): Promise<void> => {
    await dispatcher.destroy();
    await Promise.all([end(ca.child), end(dns)]);
    process.off('exit', orphaned);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(() => get(directory), [ca.child, dns]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory,
    port,
    caFile,
    dns: `127.0.0.1:${dnsPort}`,
    dnsManagement: `http://127.0.0.1:${managementPort}`,
    root: () => get(`https://127.0.0.1:${adminPort}/roots/0`),
    get lines() {
      return ca.lines;
    },
    made: (what) => {
      const said = what === 'account' ? /There are now \d+ accounts in memory/ : /Added order "/;
      return ca.lines.filter((line) => said.test(line)).length;
    },
    halt: () => end(ca.child),
    resume: async () => {
      ca = spawnPebble(folder, options, `127.0.0.1:${dnsPort}`);
      await answers(() => get(directory), [ca.child, dns]);
    },
    stop,
  };
}

/** A Pebble that ends with the test, or with the suite. */
export async function pebbleFor(t: Pick<TestContext, 'after'>, options: PebbleOptions): Promise<Pebble> {
  const pebble = await startPebble(options);
  t.after(() => pebble.stop());
  return pebble;
}

function spawnPebble(
  folder: string,
  { dns, nonceReject = 5, sleepTime }: PebbleOptions,
  ownDns: string,
): { child: ChildProcess; lines: string[] } {
  const sleep = sleepTime === undefined ? { PEBBLE_VA_NOSLEEP: '1' } : { PEBBLE_VA_SLEEPTIME: String(sleepTime) };
  const child = spawn('pebble', ['-config', join(folder, 'config.json'), '-dnsserver', dns ?? ownDns], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PEBBLE_WFE_NONCEREJECT: String(nonceReject), ...sleep },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return { child, lines };
}

/** Ports that are free now, below those that the system gives away by itself: nobody takes one in between by chance. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries += 1) {
    if (tries > 1_000) throw new Error('no free ports were found');
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function answers(ask: () => Promise<unknown>, processes: ChildProcess[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      const gone = processes.find(({ exitCode }) => exitCode !== null);
      if (gone || Date.now() > deadline) throw new Error(`Pebble did not start: ${gone?.spawnfile ?? error}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

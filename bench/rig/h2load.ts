// Owns h2load, the load of pages by HTTP/2: each page on a connection of its own, all its files asked for at once.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../../scripts/peers.mjs';
import { PAGE, PAGE_BYTES } from './console-page.ts';
import { DOMAIN } from './device-words.ts';
import type { Bench } from './program.ts';

/** Of what it says, in an error. */
const MAX_SAID = 1_000;
/** A load of some pages takes a second at most. */
const LIMIT_MS = 30_000;

/** The program. @throws {Error} with how to get what is missing */
export function readyH2load(): string {
  const binary = findBinary('h2load');
  if (binary === null) throw new Error('h2load is wanted: apt-get install -y --no-install-recommends nghttp2-client');
  return binary;
}

/**
 * Loads so many pages side by side.
 * @throws {Error} where a file was not answered by 200, or the bytes of all are not those of so many pages
 */
export async function loadPages(bench: Bench, binary: string, port: number, pages: number): Promise<void> {
  const list = join(bench.folder, 'page.txt');
  writeFileSync(list, PAGE.map(({ path }) => `https://${DOMAIN}${path}\n`).join(''));
  const requests = pages * PAGE.length;
  const args = ['-n', requests, '-c', pages, '-m', PAGE.length, '-i', list, `--connect-to=127.0.0.1:${port}`];
  // One suite, so that servers with other preferences encrypt alike.
  args.push('--tls13-ciphers=TLS_AES_256_GCM_SHA384', '--npn-list=h2');
  const child = spawn(binary, args.map(String), {
    stdio: ['ignore', 'pipe', 2],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  bench.defer(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  await new Promise((settle, fail) => child.once('close', settle).once('error', fail));
  const fault = faultIn(said, requests, pages * PAGE_BYTES);
  if (fault !== null) throw new Error(`h2load: ${fault}: ${said.slice(-MAX_SAID)}`);
}

/** What is wrong with what h2load says of so many requests whose bodies have so many bytes together, or null. */
export function faultIn(said: string, requests: number, bytes: number): string | null {
  const number = (pattern: RegExp): number => Number(pattern.exec(said)?.[1] ?? Number.NaN);
  const protocol = /^Application protocol: (\S+)$/m.exec(said)?.[1];
  if (protocol !== 'h2') return `the protocol is ${protocol ?? 'none'}`;
  const succeeded = number(/^requests: .* (\d+) succeeded,/m);
  if (succeeded !== requests) return `${succeeded} of ${requests} requests succeeded`;
  const fine = number(/^status codes: (\d+) 2xx,/m);
  if (fine !== requests) return `${fine} of ${requests} answers are 2xx`;
  const data = number(/^traffic: .*\((\d+)\) data$/m);
  if (data !== bytes) return `${data} bytes of bodies, not ${bytes}`;
  return null;
}

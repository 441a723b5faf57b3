// Owns a herd of devices: that all begin within a moment, each with its check and then its download. They are one thread of
// a program in C, so that their handshakes take little of the CPU that is measured.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinary } from '../../scripts/peers.mjs';
import { type Ending, requestBytes, type Way } from '../rig/device-client.ts';
import { checkOf } from '../rig/device-words.ts';
import { type ImageName, imageOf } from '../rig/firmware.ts';
import type { Bench } from '../rig/program.ts';

export type HerdPlan = {
  way: Way;
  devices: number;
  /** All checks begin within it. */
  withinMs: number;
  image: ImageName;
  /** What a device waits for the next byte. */
  silenceMs: number;
  /** The measurement ends here; who is not done is counted as such. */
  limitMs: number;
};

/** Times of one device. */
export type Member = {
  outcome: Ending | 'no-offer' | 'refused' | 'other-bytes' | 'identical';
  /** Of what was under way at its end. */
  stage: 'check' | 'download';
  because: string;
  status: number;
  bytes: number;
  /** From the moment in which the connection for its GET stood, its handshake with it; null where no byte of an image came. */
  firstByteMs: number | null;
  /** Until that moment, from the beginning of the connection. */
  connectMs: number;
  /** From the beginning of the first check of all. */
  doneMs: number;
  longestGapMs: number;
};

/** It ends by itself at its limit. */
const LATE_MS = 30_000;

/** The program, built. @throws {Error} with how to get what is missing */
export function readyHerd(bench: Bench): string {
  if (findBinary('gcc') === null)
    throw new Error('gcc is wanted: apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev');
  const binary = join(bench.folder, 'herd');
  const source = fileURLToPath(new URL('./herd.c', import.meta.url));
  const built = spawnSync('gcc', ['-O2', '-o', binary, source, '-lssl', '-lcrypto'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`gcc (libssl-dev is wanted): ${built.stderr}`);
  return binary;
}

/** Runs it to its end. `cpuMs` is what all devices together used. */
export async function runHerd(
  bench: Bench,
  binary: string,
  { way, devices, withinMs, image, silenceMs, limitMs }: HerdPlan,
): Promise<{ members: Member[]; cpuMs: number }> {
  const file = (name: string, content: string | Buffer): string => {
    const path = join(bench.folder, name);
    writeFileSync(path, content);
    return path;
  };
  const checks = Array.from({ length: devices }, (_, index) => requestBytes(way.name, checkOf(index))).flatMap(
    (bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    },
  );
  const args = [
    way.address,
    way.port,
    way.ca === null ? '-' : file('herd-ca.pem', way.ca),
    way.name,
    file('herd-image.bin', imageOf(image)),
    file('herd-checks.bin', Buffer.concat(checks)),
    withinMs,
    silenceMs,
    limitMs,
  ];
  const child = spawn(binary, args.map(String), {
    stdio: ['ignore', 'pipe', 2],
    timeout: limitMs + LATE_MS,
    killSignal: 'SIGKILL',
  });
  bench.defer(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  const code = await new Promise((settle, fail) => child.once('close', settle).once('error', fail));
  const lines = said.trimEnd().split('\n');
  const cpu = /^cpu\t(.*)$/.exec(lines.pop() ?? '')?.[1];
  if (code !== 0 || cpu === undefined) throw new Error(`the herd ended with ${code}`);
  return { members: lines.map(readMember), cpuMs: Number(cpu) };
}

function readMember(line: string): Member {
  const [outcome = '', stage, status, bytes, first, connect, done, gap, because = ''] = line.split('\t');
  return {
    outcome: outcome as Member['outcome'],
    stage: stage === 'check' ? 'check' : 'download',
    because,
    status: Number(status),
    bytes: Number(bytes),
    firstByteMs: Number(first) < 0 ? null : Number(first),
    connectMs: Number(connect),
    doneMs: Number(done),
    longestGapMs: Number(gap),
  };
}

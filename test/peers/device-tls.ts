// Owns running the mbedTLS client: one request over TLS as a device speaks it, and all that the client saw.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { peer } from '../peer.ts';
import { buildPeer } from './build.ts';

/** `skip` for the options of a test: the reason where the client cannot be built here. */
export const { skip } = peer('gcc', 'libc', 'mbedtls');

export type DeviceCall = {
  port: number;
  /** Sent as SNI, and looked for in the certificate. */
  name: string;
  /** PEM of the roots that the device carries. */
  roots: string;
  request: Buffer;
  /** `bundle` as firmware before 2.4.2 looks roots up; `roots` as firmware from 2.4.2 on does. */
  trust?: 'bundle' | 'roots';
};

export type DeviceView = {
  handshake?: { suite: string; version: string; bytesIn: number; bytesOut: number; largestRecord: number; ms: number };
  /** mbedTLS's error in hex, and what its verification found. */
  failed?: { step: string; error: string; words: string; flags: string[] };
  /** Application records in the order of their arrival, in bytes of text. */
  records: number[];
  reply?: { status: number; whole: boolean; bytes: number; sha256: string; records: number; largestRecord: number };
  body: Buffer;
};

/** Makes one call. @throws {Error} where the client itself is not in order, or takes more than 30 s */
export async function callAsDevice({ port, name, roots, request, trust = 'bundle' }: DeviceCall): Promise<DeviceView> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-device-'));
  const [rootsFile, bodyFile] = [join(folder, 'roots.pem'), join(folder, 'body')];
  try {
    writeFileSync(rootsFile, roots);
    const program = buildPeer('device-tls', ['mbedtls', 'mbedx509', 'mbedcrypto']);
    const child = spawn(program, [trust, '127.0.0.1', String(port), name, rootsFile, bodyFile], { timeout: 30_000 });
    child.stdin.on('error', () => {}); // it may have ended before it read the request
    child.stdin.end(request);
    const [output, complaints, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (code !== 0 && code !== 1) throw new Error(`device-tls ended with ${code}: ${complaints}${output}`);
    return readOutput(output, readFileSync(bodyFile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Line = { event: string; text?: number };

function readOutput(output: string, body: Buffer): DeviceView {
  const view: DeviceView = { records: [], body };
  for (const text of output.trim().split('\n')) {
    const line = JSON.parse(text) as Line;
    if (line.event === 'record') view.records.push(line.text ?? 0);
    else Object.assign(view, { [line.event]: line });
  }
  return view;
}

// Owns wrk, the load of the scenarios that send requests: one thread of a program in C, so that it takes little of the
// CPU that is measured.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../../scripts/peers.mjs';
import { checkOf, DOMAIN } from './device-words.ts';
import { preloadOf } from './preload.ts';
import type { Bench } from './program.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export type WrkPlan = {
  port: number;
  /** Null: plain HTTP. */
  tls: TlsVersion | null;
  connections: 'fresh' | 'kept';
  /** What is sent: checks of many devices, or one GET. */
  request: 'check' | { path: string };
  parallel: number;
  seconds: number;
  /** What each reply must have in its body. To look costs wrk much: for warming up, not for measuring. */
  wanted?: string;
};

export type WrkResult = { requests: number; bytes: number; wallMs: number; p50Ms: number; p99Ms: number };

const DEVICES = 500;
/** It ends by itself, after what it waits for a last reply. */
const LATE_MS = 60_000;
// An ESP32's suites of choice and groups; one suite, so that servers with other preferences encrypt alike.
const SUITE = 'ECDHE-ECDSA-AES256-GCM-SHA384';

export type Wrk = { binary: string; preload: string };

/** The program, made ready to make full handshakes only. @throws {Error} with how to get what is missing */
export function readyWrk(bench: Bench): Wrk {
  const binary = findBinary('wrk');
  if (binary === null) throw new Error('wrk is wanted: apt-get install -y --no-install-recommends wrk');
  return { binary, preload: preloadOf(bench, 'no-session') };
}

/** @throws {Error} where an answer was no 2xx or has not what is wanted, or a connection failed */
export async function runWrk(bench: Bench, { binary, preload }: Wrk, plan: WrkPlan): Promise<WrkResult> {
  const script = join(bench.folder, 'wrk.lua');
  const openssl = join(bench.folder, 'wrk-openssl.cnf');
  writeFileSync(script, scriptText(plan));
  writeFileSync(openssl, opensslText(plan.tls ?? 'TLSv1.2'));
  // wrk names in the handshake what its URL names; the script leads it to the loopback.
  const url = `${plan.tls === null ? 'http' : 'https'}://${DOMAIN}:${plan.port}/`;
  const args = ['-t1', `-c${plan.parallel}`, `-d${plan.seconds}s`, '--timeout', '30s', '-s', script, url];
  const child = spawn(binary, args, {
    stdio: ['ignore', 'pipe', 2],
    timeout: plan.seconds * 1000 + LATE_MS,
    killSignal: 'SIGKILL',
    env: { PATH: process.env.PATH, OPENSSL_CONF: openssl, LD_PRELOAD: preload },
  });
  bench.defer(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  await new Promise((settle, fail) => child.once('close', settle).once('error', fail));
  const line = /^RESULT (.*)$/m.exec(said)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing to read: ${said}`);
  const { errors, wrong, ...result } = JSON.parse(line) as WrkResult & { errors: number; wrong: number };
  if (wrong > 0) throw new Error(`wrk: ${wrong} of ${result.requests} replies are without ${plan.wanted}`);
  if (errors > 0 || result.requests === 0) throw new Error(`wrk: ${errors} of ${result.requests} failed: ${said}`);
  return result;
}

function scriptText({ request, connections, port, wanted }: WrkPlan): string {
  const close = connections === 'fresh' ? 'close' : 'keep-alive';
  const look =
    wanted === undefined
      ? ''
      : `function response(status, headers, body)
  if not string.find(body, [==[${wanted}]==], 1, true) then wrong = wrong + 1 end
end`;
  return `wrk.resolve = function(host, service) wrk.addrs = wrk.lookup("127.0.0.1", "${port}") end
local worker
function setup(thread) worker = thread end
wrong = 0
${look}
local requests = {}
function init(args)
${requestLines(request, close)}
end
local next = 0
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"bytes":%d,"wallMs":%.1f,"errors":%d,"wrong":%d,"p50Ms":%.3f,"p99Ms":%.3f}\\n',
    summary.requests, summary.bytes, summary.duration / 1000, e.connect + e.read + e.write + e.status + e.timeout,
    worker:get("wrong"), latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`;
}

function requestLines(request: WrkPlan['request'], close: string): string {
  if (request !== 'check')
    return `  requests[1] = "GET ${request.path} HTTP/1.1\\r\\nHost: ${DOMAIN}\\r\\nConnection: ${close}\\r\\n\\r\\n"`;
  return Array.from({ length: DEVICES }, (_, index) => {
    const { path, headers, body } = checkOf(index);
    const lines = Object.entries({ Host: DOMAIN, ...headers, Connection: close, 'Content-Length': body.length });
    const head = lines.map(([name, value]) => `${name}: ${value}\\r\\n`).join('');
    return `  requests[${index + 1}] = "POST ${path} HTTP/1.1\\r\\n${head}\\r\\n" .. [==[${body.toString('utf8')}]==]`;
  }).join('\n');
}

function opensslText(version: TlsVersion): string {
  return `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = client
[client]
MinProtocol = ${version}
MaxProtocol = ${version}
CipherString = ${SUITE}
Ciphersuites = TLS_AES_256_GCM_SHA384
Groups = X25519:P-256
Options = -SessionTicket
`;
}

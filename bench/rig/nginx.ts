// Owns a measured nginx: Debian's own, in a folder of its own, in the foreground, with a cache.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary, installLine, peers } from '../../scripts/peers.mjs';
import type { Made } from '../../test/rig/made-certificate.ts';
import { freePort } from './ports.ts';
import { childrenOf, isAlive, killAll, treeOf } from './process-tree.ts';
import type { Bench } from './program.ts';
import type { Served } from './served.ts';

const START_MS = 5_000;
const STOP_MS = 5_000;

export type NginxPlan = {
  upstream: { port: number; voicePort: number };
  certificate: Made;
  address?: string;
  /** `ssl_buffer_size` */
  recordBytes?: number;
  /**
   * What a download is known by. One-time links are all different, and would never be found again: a fixed text is more
   * than an operator could do for several boards.
   */
  cacheKey?: string;
  /** Idle connections to the upstream that are kept; it ships without any. */
  keptUpstreams?: number;
  /** `limit_rate` of each download, in bytes a second; it ships without. */
  limitRate?: number;
  /** Processes that carry the bytes; one where none is named. */
  workers?: number;
  /** HTTP/2 for who offers it; it ships without. */
  http2?: boolean;
  /** `proxy_request_buffering off`: a body goes upstream as it comes. It ships with `on`, which writes it to disk first. */
  unbuffered?: boolean;
};

/** The program and its version, or what to do where it is not there. */
export function nginxHere(): { binary: string; version: string } | { missing: string } {
  const binary = findBinary('nginx');
  if (binary === null) {
    return { missing: `nginx is not here: ${installLine(peers.filter(({ name }) => name === 'nginx'))}` };
  }
  const { stderr } = spawnSync(binary, ['-v'], { encoding: 'utf8' });
  return { binary, version: /nginx\/(\S+)/.exec(stderr)?.[1] ?? '?' };
}

/** It ends with the bench. @throws {Error} with what its error log says where it does not start */
export async function startNginx(bench: Bench, binary: string, plan: NginxPlan): Promise<Served> {
  const folder = mkdtempSync(join(bench.folder, 'nginx-'));
  const [http, https] = [await freePort(), await freePort()];
  for (const name of ['cache', 'temp']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'bench.pem'), plan.certificate.cert);
  writeFileSync(join(folder, 'bench.key'), plan.certificate.key, { mode: 0o600 });
  writeFileSync(join(folder, 'nginx.conf'), configText(plan, http, https));
  const errorLog = join(folder, 'error.log');
  const child = spawn(binary, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: ['ignore', 2, 2] });
  const pid = child.pid ?? 0;
  const exited = new Promise((settle) => child.once('exit', settle));
  child.on('error', () => {});
  bench.defer(() => killAll(pid === 0 ? [] : treeOf(pid)));
  const deadline = performance.now() + START_MS;
  while (!(await answers(http, plan.address ?? '127.0.0.1'))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`nginx does not serve: ${readFileSync(errorLog, 'utf8').slice(-2000)}`);
    await sleep(20);
  }
  return {
    name: 'nginx',
    http,
    https,
    pid: () => pid,
    workers: () => childrenOf(pid, (line) => line.includes('worker process')),
    stop: async () => {
      const tree = treeOf(pid);
      child.kill('SIGTERM');
      const late = setTimeout(() => killAll(tree), STOP_MS);
      await exited;
      clearTimeout(late);
      killAll(tree.filter(isAlive));
    },
  };
}

// The limits are those of otagate's defaults, the rest what Debian's own nginx.conf sets; `proxy_cache_lock` as it ships.
function configText(
  { upstream, address, recordBytes, cacheKey, limitRate, keptUpstreams, workers, http2, unbuffered }: NginxPlan,
  http: number,
  https: number,
): string {
  const at = address ?? '127.0.0.1';
  const origin = keptUpstreams === undefined ? `127.0.0.1:${upstream.port}` : 'kept';
  const kept =
    keptUpstreams === undefined
      ? ''
      : `upstream kept { server 127.0.0.1:${upstream.port}; keepalive ${keptUpstreams}; keepalive_requests 1000000; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";`;
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `daemon off;
${user}
worker_processes ${workers ?? 1};
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 20000; }
http {
  access_log access.log combined;
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  keepalive_timeout 65s;
  keepalive_requests 100000;
  client_header_timeout 20s;
  client_max_body_size 200m;
  proxy_request_buffering ${unbuffered === true ? 'off' : 'on'};
  send_timeout 300s;
  proxy_connect_timeout 5s;
  proxy_read_timeout 60s;
  ${kept}
  proxy_cache_path cache keys_zone=firmware:10m inactive=1h;
  server {
    listen ${at}:${http} backlog=1024;
    listen ${at}:${https} ssl ${http2 === true ? 'http2 ' : ''}backlog=1024;
    ssl_certificate bench.pem;
    ssl_certificate_key bench.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_buffer_size ${recordBytes ?? 4096};
    location / { proxy_pass http://${origin}; }
    location ~ /download/ {
      proxy_pass http://${origin};
      proxy_cache firmware;
      proxy_cache_key ${cacheKey ?? '$uri'};
      proxy_cache_valid 200 1h;
      proxy_cache_lock on;
      limit_rate ${limitRate ?? 0};
    }
    location /xiaozhi/v1/ {
      proxy_pass http://127.0.0.1:${upstream.voicePort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 300s;
    }
  }
}
`;
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

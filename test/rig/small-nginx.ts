// Owns an nginx as operators set it up in front of a server: TLS on one port, and everything on the other moved to it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findBinary } from '../../scripts/peers.mjs';
import { until } from './bounded.ts';

export type NginxPlan = {
  /** PEM: the chain, leaf first, and the key. */
  cert: string;
  key: string;
  /** Ports on 127.0.0.1. */
  http: number;
  https: number;
  api: number;
  voice: number;
};

/** Runs until the test ends. */
export async function startNginx(t: Pick<TestContext, 'after'>, plan: NginxPlan): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
  mkdirSync(join(folder, 'temp'));
  writeFileSync(join(folder, 'chain.pem'), plan.cert);
  writeFileSync(join(folder, 'key.pem'), plan.key, { mode: 0o600 });
  writeFileSync(join(folder, 'nginx.conf'), configText(plan));
  const child = spawn(findBinary('nginx') ?? 'nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], {
    stdio: 'ignore',
  });
  const exited = new Promise((done) => child.once('exit', done));
  t.after(async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  await until('nginx listens', () => answers(plan.https));
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}

function configText({ http, https, api, voice }: NginxPlan): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp/${name};`);
  return `daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { worker_connections 100; }
http {
  access_log off;
  ${temp.join('\n  ')}
  server {
    listen 127.0.0.1:${http};
    return 301 https://$host:${https}$request_uri;
  }
  server {
    listen 127.0.0.1:${https} ssl;
    ssl_certificate chain.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / { proxy_pass http://127.0.0.1:${api}; }
    location /xiaozhi/v1/ {
      proxy_pass http://127.0.0.1:${voice};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
`;
}

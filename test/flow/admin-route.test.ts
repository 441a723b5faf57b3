// The admin interface from outside: a route with role admin leads to the control process, by https only, both ways streaming.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { WebSocket } from 'ws';
import { until, within } from '../rig/bounded.ts';
import { type GateRig, gateFor, startGate } from '../rig/gate.ts';
import { residentBytes } from '../rig/process-facts.ts';
import { LAN, OUTSIDE } from '../rig/test-device.ts';
import { ask, headerOf, jsonOf } from '../rig/wire.ts';

const UPLOAD_BYTES = 60_000_000;
const MIB = 1024 * 1024;
const IDLE_MS = 200;

/** What control serves on its socket for gates; here a small server in its place. */
class StandIn {
  readonly #server: Server;
  /** Streams of events that have not ended. */
  open = 0;
  /** Lets an answer go on that waits between its parts. */
  release: () => void = () => {};

  constructor() {
    this.#server = createServer((asked, response) => void this.#answer(asked, response));
  }

  /** In the place of whoever listens there already. */
  async listen(path: string): Promise<void> {
    rmSync(path, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #released(): Promise<void> {
    return new Promise((resolve) => {
      this.release = resolve;
    });
  }

  async #answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (asked.url?.split('?', 1)[0]) {
      case '/api/v1/events':
        this.open += 1;
        response.once('close', () => {
          this.open -= 1;
        });
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        await this.#released();
        for (let beat = 0; !response.destroyed; beat += 1) {
          await sleep(IDLE_MS * 1.5);
          response.write(`: ${beat}\n\n`);
        }
        return;
      case '/upload': {
        const digest = createHash('sha256');
        let bytes = 0;
        for await (const chunk of asked) {
          digest.update(chunk);
          bytes += chunk.length;
        }
        const { 'transfer-encoding': coding, 'content-length': length } = asked.headers;
        response.end(JSON.stringify({ bytes, sha256: digest.digest('hex'), coding, length }));
        return;
      }
      case '/lines':
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
        for (const step of [1, 2, 3]) {
          response.write(`{"step":${step}}\n`);
          await this.#released();
        }
        response.end();
        return;
      case '/unauthorised':
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        response.end('{"code":"NOT_LOGGED_IN"}');
        return;
      case '/silent':
        return;
      case '/broken':
        asked.socket.destroy();
        return;
      default: {
        response.setHeader('set-cookie', ['otagate_session=s1; HttpOnly; Secure; SameSite=Strict; Path=/', 'b=2']);
        response.setHeader('content-security-policy', "default-src 'none'");
        const { method, url, rawHeaders } = asked;
        response.end(JSON.stringify({ method, url, headers: pairs(rawHeaders) }));
      }
    }
  }
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at]?.toLowerCase() ?? '', raw[at + 1] ?? '']);
  return found;
}

const configOf = (console: string, head = ''): string => `${head}
domains: [ota.test, gate.test]
limits: { idle: ${IDLE_MS}ms, reply: 1s, drain: 500ms }
upstreams: { console: "${console}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: console, role: ota-check }
  - { name: console, path: /, upstream: console, plainHttp: always }
  - { name: gate, host: gate.test, path: /, role: admin }
`;

describe('a route with role admin', () => {
  const control = new StandIn();
  const console = createServer((_, response) => response.end('the console'));
  let gate: GateRig;
  let agent: Agent;
  before(async () => {
    await new Promise<void>((resolve) => console.listen(0, '127.0.0.1', resolve));
    gate = await startGate(configOf(`http://127.0.0.1:${(console.address() as AddressInfo).port}`));
    await control.listen(join(gate.folder, 'state/public-admin.sock'));
    agent = new Agent({ localAddress: OUTSIDE, connect: { ca: gate.root, servername: 'gate.test' } });
  });
  after(async () => {
    await agent?.destroy();
    await gate?.stop();
    await control.close();
    console.close();
  });

  type Asked = Pick<Dispatcher.DispatchOptions, 'body'> & {
    method?: 'POST' | 'DELETE';
    headers?: Record<string, string>;
  };
  const send = (path: string, { method, headers, body }: Asked = {}) =>
    request(`https://127.0.0.1:${gate.https}${path}`, {
      dispatcher: agent,
      method: method ?? 'GET',
      headers: { host: 'gate.test', ...headers },
      ...(body === undefined ? {} : { body }),
    });

  it('leads to control, which hears from the gate alone who asks, and how', async () => {
    const theirs = { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'http', 'x-real-ip': '10.0.0.1' };
    const headers = { ...theirs, 'x-forwarded-host': 'evil.test', forwarded: 'for=10.0.0.1', te: 'trailers' };
    const own = { authorization: 'Bearer t', cookie: 'otagate_session=s0', origin: 'https://gate.test', 'x-csrf': 'c' };
    const {
      statusCode,
      body,
      headers: answered,
    } = await send('/api/v1/openings/ota?a=b&c=%2F', {
      method: 'DELETE',
      headers: { ...headers, ...own },
    });
    assert.equal(statusCode, 200);
    const heard = (await body.json()) as { method: string; url: string; headers: [string, string][] };
    assert.deepEqual([heard.method, heard.url], ['DELETE', '/api/v1/openings/ota?a=b&c=%2F']);
    const one = (name: string): string[] => heard.headers.flatMap(([key, value]) => (key === name ? [value] : []));
    const host = `gate.test:${gate.https}`;
    const expected: Record<string, string[]> = {
      host: [host],
      'x-forwarded-host': [host],
      'x-forwarded-proto': ['https'],
      'x-forwarded-for': [OUTSIDE],
      'x-real-ip': [OUTSIDE],
      te: [],
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, [value]])),
    };
    for (const [name, values] of Object.entries(expected)) assert.deepEqual(one(name), values, name);
    assert.deepEqual(answered['set-cookie'], ['otagate_session=s1; HttpOnly; Secure; SameSite=Strict; Path=/', 'b=2']);
    assert.equal(answered['content-security-policy'], "default-src 'none'");
    const line = await gate.line(({ event, method }) => event === 'request' && method === 'DELETE');
    const { action, route, because, upstream } = line;
    assert.deepEqual(
      { action, route, because, upstream },
      { action: 'admin', route: 'gate', because: 'https', upstream: 'control' },
    );
    assert.equal(answered['x-request-id'], line.id);
  });

  it('is there under its own name only', async () => {
    const { body } = await send('/', { headers: { host: 'ota.test' } });
    assert.equal(await body.text(), 'the console');
  });

  it('is given to nobody by plain HTTP, from the LAN neither', async () => {
    for (const from of [LAN, OUTSIDE]) {
      const way = { port: gate.http, from };
      const host = 'gate.test';
      const moved = await ask(way, { path: '/devices?x=y', host });
      assert.deepEqual(
        [moved.status, headerOf(moved, 'location')],
        [308, `https://gate.test:${gate.https}/devices?x=y`],
      );
      const login = await ask(way, { path: '/api/v1/login', host, body: '{"token":"t"}' });
      assert.deepEqual(
        [login.status, jsonOf(login).code, jsonOf(login).because],
        [403, 'PLAIN_HTTP_CLOSED', 'plain-admin'],
      );
    }
  });

  it('has no WebSocket', async () => {
    const options = { ca: gate.root, servername: 'gate.test', headers: { Host: 'gate.test' } };
    const socket = new WebSocket(`wss://127.0.0.1:${gate.https}/api/v1/events`, options);
    socket.on('error', () => {});
    const [, response] = (await within('the refusal', once(socket, 'unexpected-response'))) as [
      unknown,
      IncomingMessage,
    ];
    assert.equal(response.statusCode, 400);
    response.destroy();
  });

  it('is explained by the commands, and cannot be opened', async () => {
    const explain = (url: string) => gate.command('check', '--explain', url, '--from', LAN);
    const [secure, plain, opened] = await Promise.all([
      explain('https://gate.test/api/v1/status'),
      explain('http://gate.test/'),
      gate.command('open', 'gate', '--for', '1m'),
    ]);
    assert.match(secure.stdout, /: the admin interface by route gate, path \/api\/v1\/status\nbecause .*https/);
    assert.match(plain.stdout, /redirected \(308\) to https:\/\/gate\.test.*\nbecause nobody .* \(plain-admin\)/);
    assert.equal(opened.code, 1);
    assert.match(opened.stderr, /route gate cannot be opened/);
  });

  it('keeps a stream of events whose comments are further apart than limits.idle, and lets go of it with its reader', async () => {
    const { statusCode, body, headers } = await within('the head of the stream', send('/api/v1/events'));
    assert.deepEqual([statusCode, headers['content-type'], control.open], [200, 'text/event-stream', 1]);
    control.release();
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      if (text.includes(': 3')) break;
    }
    await until('the end of the stream behind the gate', () => control.open === 0);
  });

  it('passes each line of progress on as it comes', async () => {
    const { body } = await send('/lines', { method: 'POST' });
    const lines: string[] = [];
    for await (const chunk of body) {
      lines.push(String(chunk));
      assert.equal(
        lines.join(''),
        [1, 2, 3]
          .slice(0, lines.length)
          .map((step) => `{"step":${step}}\n`)
          .join(''),
      );
      control.release();
    }
    assert.equal(lines.length, 3);
  });

  for (const framing of ['content-length', 'chunked'] as const) {
    it(`streams an upload of 60 MB, ${framing}`, async () => {
      const pid = (await gate.status()).workers[0]?.pid ?? 0;
      const block = Buffer.alloc(250_000, 7);
      const digest = createHash('sha256');
      let most = 0;
      const content = async function* () {
        for (let sent = 0; sent < UPLOAD_BYTES; sent += block.length) {
          digest.update(block);
          yield block;
          most = Math.max(most, residentBytes(pid));
        }
      };
      const before = residentBytes(pid);
      const { statusCode, body } = await send('/upload?fileName=a.bin', {
        method: 'POST',
        headers: framing === 'chunked' ? {} : { 'content-length': String(UPLOAD_BYTES) },
        body: Readable.from(content()),
      });
      assert.equal(statusCode, 200);
      const told = await body.json();
      const framed = framing === 'chunked' ? { coding: 'chunked' } : { length: String(UPLOAD_BYTES) };
      assert.deepEqual(told, { bytes: UPLOAD_BYTES, sha256: digest.digest('hex'), ...framed });
      const grownMib = Math.round((most - before) / MIB);
      assert.ok(grownMib < 32, `the gate grew by ${grownMib} MiB`);
    });
  }

  it('passes an answer on that comes before the upload is whole', async () => {
    const block = Buffer.alloc(250_000, 7);
    const content = async function* () {
      for (let sent = 0; sent < 20_000_000; sent += block.length) yield block;
    };
    const { statusCode, body } = await send('/unauthorised', {
      method: 'POST',
      headers: { 'content-length': '20000000' },
      body: Readable.from(content()),
    });
    assert.equal(statusCode, 401);
    assert.deepEqual(await body.json(), { code: 'NOT_LOGGED_IN' });
  });

  it('asks a script that waits to be asked for its body', async () => {
    const asked = requestSecurely({
      host: '127.0.0.1',
      port: gate.https,
      method: 'POST',
      path: '/upload',
      ca: gate.root,
      servername: 'gate.test',
      agent: false,
      headers: { Host: 'gate.test', Expect: '100-continue', 'Content-Length': '3' },
    });
    asked.flushHeaders();
    await within('100 (Continue)', once(asked, 'continue'));
    asked.end('abc');
    const [response] = (await within('the answer', once(asked, 'response'))) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.destroy();
  });

  it('tells of a control process that is silent, breaks off, or is not there; never where its socket is', async () => {
    const told = async (path: string): Promise<unknown[]> => {
      const { statusCode, body, headers } = await send(path, { method: 'POST' });
      const text = await body.text();
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.doesNotMatch(text, /\.sock|otagate-test/);
      return [statusCode, (JSON.parse(text) as { code: string }).code];
    };
    assert.deepEqual(await told('/silent'), [504, 'UPSTREAM_TIMEOUT']);
    assert.deepEqual(await told('/broken'), [502, 'UPSTREAM_CONNECT']);
    await control.close();
    assert.deepEqual(await told('/'), [502, 'UPSTREAM_CONNECT']);
    await control.listen(join(gate.folder, 'state/public-admin.sock'));
    assert.equal((await send('/')).statusCode, 200);
  });
});

it('leads to the admin interface itself: a session, its feed, and no foreign page', async (t: TestContext) => {
  const gate = await gateFor(t, configOf('http://127.0.0.1:1').replace('drain: 500ms', 'drain: 60s'));
  const agent = new Agent({ connect: { ca: gate.root, servername: 'gate.test' } });
  t.after(() => agent.destroy());
  const origin = `https://gate.test:${gate.https}`;
  const send = (path: string, headers: Record<string, string> = {}, content?: object) =>
    request(`https://127.0.0.1:${gate.https}${path}`, {
      dispatcher: agent,
      method: content === undefined ? 'GET' : 'POST',
      headers: { host: 'gate.test', origin, 'content-type': 'application/json', ...headers },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
  assert.equal((await send('/healthz')).statusCode, 200);
  assert.equal((await send('/api/v1/status')).statusCode, 401);

  const token = readFileSync(join(gate.folder, 'state/admin.token'), 'utf8').trim();
  const login = await send('/api/v1/login', {}, { token });
  const cookie = String(login.headers['set-cookie']);
  assert.match(cookie, /^otagate_session=.*; Secure/);
  const session = { cookie: cookie.split(';', 1)[0] ?? '' };
  const { csrf } = (await (await send('/api/v1/session', session)).body.json()) as { csrf: string };
  const change = { ...session, 'x-otagate-csrf': csrf };
  assert.equal((await send('/api/v1/reload', { ...change, origin: 'https://evil.test' }, {})).statusCode, 403);
  assert.equal((await send('/api/v1/reload', change, {})).statusCode, 200);

  const feed = await send('/api/v1/events', session);
  assert.equal(feed.headers['content-type']?.toString().split(';', 1)[0], 'text/event-stream');
  feed.body.on('error', () => {}).resume();
  gate.kill('SIGTERM');
  const { code } = await within('the exit, long before limits.drain', gate.exited, 15_000);
  assert.equal(code, 0, 'a page that is open holds up no stop');
});

it('finds control where the path of stateDir is too long for a socket', async (t: TestContext) => {
  const runtime = mkdtempSync(join(tmpdir(), 'otagate-run-'));
  t.after(() => rmSync(runtime, { recursive: true, force: true }));
  const stateDir = `./${'deep'.repeat(25)}`;
  const gate = await gateFor(t, configOf('http://127.0.0.1:1', `stateDir: ${stateDir}`), {
    env: { XDG_RUNTIME_DIR: runtime },
  });
  const control = new StandIn();
  t.after(() => control.close());
  await control.listen(readFileSync(join(gate.folder, stateDir, 'public-admin.path'), 'utf8').trim());
  const way = { port: gate.https, from: OUTSIDE, tls: { rejectUnauthorized: false, servername: 'gate.test' } };
  assert.equal((await ask(way, { path: '/', host: 'gate.test' })).status, 200);
});

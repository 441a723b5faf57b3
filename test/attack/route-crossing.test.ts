// Paths that the gate reads as one route and the server behind it as another: nothing leads to the pages that are
// refused to everyone, whatever it looks like on its way.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tomcatPath } from '../../src/demo/tomcat-path.ts';
import { type JavaUpstream, startJavaUpstream } from '../../src/demo/upstream-java.ts';
import { type GateRig, startGate } from '../rig/gate.ts';
import { dial, type RawClient, type RawReply } from '../rig/raw-client.ts';

const SECRETS = [
  '/xiaozhi/config/server-base',
  '/xiaozhi/config/agent-models',
  '/xiaozhi/doc.html',
  '/xiaozhi/druid/index.html',
  '/xiaozhi/v3/api-docs',
  '/xiaozhi/v3/api-docs/swagger-config',
];

/** Paths of ours that lead somewhere: a detour begins at one of them. */
const STARTS = ['/', '/xiaozhi/ota/', '/xiaozhi/otaMag/download/', '/xiaozhi/user/', '/xiaozhi/v1/', '/xiaozhi/'];
const UP = [
  '..',
  '.%2e',
  '%2e%2e',
  '%2E.',
  '..;',
  '..;a=b',
  '%2e%2e;x',
  '..%3b',
  '%252e%252e',
  '..%00',
  '..\\',
  '..%5c',
  '..%2f',
];
const INSERTS = [
  ';',
  ';a=b',
  '/.',
  '/./',
  '//',
  '/;/',
  '/;x=y/',
  '/.;/',
  '/%2e/',
  '%2f',
  '%5c',
  '\\',
  '%3b',
  '%20',
  '%09',
  '%00',
  '%c0%ae',
  '/x/..;/',
  '/x/%2e%2e/',
];

function detours(secret: string): string[] {
  const found = new Set<string>([secret]);
  const [, context = '', ...inner] = secret.split('/');
  for (const start of STARTS) {
    const depth = start.split('/').filter(Boolean).length;
    for (const up of UP) {
      found.add(`${start}${`${up}/`.repeat(depth)}${secret.slice(1)}`);
      if (depth > 1) found.add(`${start}${`${up}/`.repeat(depth - 1)}${inner.join('/')}`);
    }
  }
  for (let at = 1; at < secret.length; at += 1) {
    for (const insert of INSERTS) {
      if (secret[at] === '/') found.add(`${secret.slice(0, at)}${insert}${secret.slice(at)}`);
      if (secret[at - 1] === '/') found.add(`${secret.slice(0, at)}${insert}${secret.slice(at)}`);
    }
  }
  for (const insert of INSERTS) found.add(`${secret}${insert}`);
  for (const letter of new Set(secret.replace(/[^a-z]/g, ''))) {
    const hex = letter.charCodeAt(0).toString(16);
    for (const spelling of [`%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`, `%u00${hex}`, letter.toUpperCase()])
      found.add(secret.replace(letter, spelling));
  }
  const [first = '', ...rest] = inner;
  // Parameters that hold what another reader takes for a way out, and endings that lead a reader elsewhere.
  for (const way of ['%2f..%2f..%2fx', '%252f..%252f..%252fx', '/../x', '%5c..%5c..%5cx', '%2e%2e%2f%2e%2e'])
    found.add(`/${context}/${[`${first};${way}`, ...rest].join('/')}`);
  for (const way of ['%252e%252e/%252e%252e/%252e%252e/x', '%2e%2e%2f%2e%2e%2fx', '..%2f..%2f..%2fxiaozhi%2fota%2f'])
    found.add(`/${context}/${[`${first};a`, ...rest].join('/')}/${way}`);
  found.add(secret.replace('/xiaozhi', '/xiaozhi;%2f..%2fx'));
  found.add(secret.replace('/xiaozhi/', '/xiaozhi%2f'));
  return [...found];
}

describe('a way round a refused route', () => {
  let java: JavaUpstream;
  let gate: GateRig;
  before(async () => {
    java = await startJavaUpstream();
    const port = new URL(java.origin).port;
    const voice = new URL(java.voiceOrigin ?? '').port;
    gate = await startGate(`
domain: ota.test
upstream: { preset: xiaozhi-full, host: 127.0.0.1, ports: { console: ${port}, voice: ${voice}, vision: ${port} } }
otaOverHttp: always
`);
  });
  after(async () => {
    await gate.stop();
    await java.close();
  });

  /** One connection for many requests; another one where the gate has closed it. */
  async function send(clients: { current: RawClient | null }, line: string): Promise<RawReply | null> {
    if (clients.current === null || clients.current.over() !== null)
      clients.current = await dial({ port: gate.https, ca: gate.root });
    const client = clients.current;
    client.send(`${line} HTTP/1.1\r\nHost: ota.test\r\n\r\n`);
    const reply = await client.reply();
    if (reply === null || reply.header('connection') === 'close') {
      client.leave();
      clients.current = null;
    }
    return reply;
  }

  for (const secret of SECRETS) {
    it(secret, async () => {
      const clients = { current: null };
      const paths = detours(secret);
      assert.ok(
        paths.filter((path) => tomcatPath(path) === secret).length > 30,
        'without the gate, many of these lead there',
      );
      for (const path of paths) {
        const reply = await send(clients, `GET ${path}`);
        assert.notEqual(reply?.text, 'secret', path);
        assert.equal(java.hits.get('secret') ?? 0, 0, path);
      }
    });
  }

  it('absolute-form targets, other methods, and a handshake', async () => {
    const clients = { current: null };
    for (const secret of SECRETS) {
      for (const origin of [
        'http://ota.test',
        'https://ota.test',
        'HTTP://OTA.TEST:443',
        `http://127.0.0.1`,
        'http://ota.test/xiaozhi/ota/..;',
      ]) {
        await send(clients, `GET ${origin}${secret}`);
        await send(clients, `GET ${origin};x${secret}`);
        await send(clients, `GET ${origin}\\..${secret}`);
      }
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'M-SEARCH']) {
        const client = await dial({ port: gate.https, ca: gate.root });
        client.send(`${method} ${secret} HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        assert.equal((await client.reply({ bodiless: method === 'HEAD' }))?.status, 403);
        client.leave();
      }
      const client = await dial({ port: gate.https, ca: gate.root });
      client.send(`GET ${secret} HTTP/1.1\r\nHost: ota.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      assert.equal((await client.reply())?.status, 403);
      client.leave();
    }
    assert.equal(java.hits.get('secret') ?? 0, 0);
  });

  it('headers that name another path change nothing', async () => {
    const client = await dial({ port: gate.https, ca: gate.root });
    const names = ['X-Original-URL', 'X-Rewrite-URL', 'X_Original_URL', 'X-Forwarded-Prefix', 'X-HTTP-Method-Override'];
    client.send(
      `GET /thing HTTP/1.1\r\nHost: ota.test\r\n${names.map((name) => `${name}: ${SECRETS[0]}\r\n`).join('')}\r\n`,
    );
    assert.equal((await client.reply())?.status, 200);
    client.leave();
    const names2 = Object.keys(java.requests.at(-1)?.headers ?? {});
    assert.ok(
      names2.every((name) => !/original|rewrite|prefix/.test(name)),
      names2.join(),
    );
  });

  it('what is no detour still arrives', async () => {
    const clients = { current: null };
    for (const path of [
      '/',
      '/a%20b',
      '/a;b=c',
      '/xiaozhi/user/a%2Fb?x=/xiaozhi/config/',
      '/config/',
      '/xiaozhi/configs',
      '/100%25',
      '/%E4%BD%A0',
    ]) {
      const reply = await send(clients, `GET ${path}`);
      assert.ok(reply !== null && [200, 400].includes(reply.status), path);
      assert.equal(java.requests.at(-1)?.url, path);
    }
  });
});

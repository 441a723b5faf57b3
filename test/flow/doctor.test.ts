// The doctor against fronts that are not otagate: nothing on a sound one, and each of eleven broken ones by its name.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { DoctorReport } from '../../src/doctor/report.ts';
import { otagate } from '../cli/command-line.ts';
import { peer } from '../peer.ts';
import { freePort } from '../rig/mqtt.ts';
import { type Front, type FrontOptions, intermediate, leaf, ROOT_PEM, startFront } from '../rig/ota-front.ts';
import { BOARD, pythonServer } from '../rig/sample-servers.ts';
import { startNginx } from '../rig/small-nginx.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const roots = join(folder, 'roots.pem');
writeFileSync(roots, ROOT_PEM);

type Seen = { code: number; report: DoctorReport; grave: string[]; front: Front };

/** Runs the doctor; `grave` are the codes of faults and warnings. */
async function examine(t: TestContext, options: Omit<FrontOptions, 'roots'> = {}, ...more: string[]): Promise<Seen> {
  const front = await startFront(t, { ...options, roots });
  const url = more.includes('--url') ? [] : ['--url', front.url];
  const { code, stdout, stderr } = await otagate(['doctor', '--json', ...url, ...front.args, ...more]);
  assert.equal(stderr, '');
  const report = JSON.parse(stdout) as DoctorReport;
  const grave = report.findings
    .filter(({ severity }) => severity !== 'note')
    .map((one) => `${one.severity} ${one.code}`);
  return { code, report, grave, front };
}

test('nothing is wrong with a sound front, and its values for the console are proved', async (t) => {
  const { code, report, grave, front } = await examine(t);
  assert.deepEqual([code, grave], [0, []]);
  assert.deepEqual(
    report.targets[0]?.devices.map(({ outcome }) => outcome),
    ['update 2.0.1', 'update 2.0.1', 'update 2.0.1'],
  );
  assert.ok((report.targets[0]?.handshakeBytes ?? 0) > 1_000);
  assert.deepEqual(report.paste, {
    serverOta: front.url,
    serverWebsocket: `wss://ota.test:${front.port}/xiaozhi/v1/`,
    proved: true,
  });
  assert.equal(front.downloads(), 1, 'one look at the firmware');
  assert.deepEqual(
    [...front.devices].map((mac) => /^02(:[0-9a-f]{2}){5}$/.test(mac)),
    [true],
  );
  // What nobody can see from inside is said.
  assert.deepEqual(
    report.findings.map(({ code: one }) => one),
    ['modem-port', 'outside-unseen'],
  );
});

test('people read it in their language, and --download fetches the image whole', async (t) => {
  const front = await startFront(t, { roots });
  const args = ['doctor', '--url', front.url, ...front.args, '--download'];
  const english = await otagate(args);
  assert.equal(english.code, 0, english.stdout);
  assert.match(
    english.stdout,
    /came whole: 200000 bytes[\s\S]*server\.ota +https:\/\/ota\.test[\s\S]*nothing is wrong here\n$/,
  );
  const chinese = await otagate(args, { language: 'zh' });
  assert.match(chinese.stdout, /已完整下载：200000 字节[\s\S]*没有发现问题\n$/);
  assert.equal(front.downloads(), 2);
});

test('a link that works a few times only is not used up, unless --download says so', async (t) => {
  const link = 'fw/3fa85f64-5717-4562-b3fc-2c963f66afa6';
  const front = await startFront(t, {
    roots,
    reply: (sound, port) => ({ ...sound, firmware: { version: '2.0.1', url: `https://ota.test:${port}/${link}` } }),
  });
  const looked = await otagate(['doctor', '--json', '--url', front.url, ...front.args]);
  assert.deepEqual([looked.code, front.downloads()], [0, 0]);
  assert.match(looked.stdout, /"firmware-left-alone"/);
  const fetched = await otagate(['doctor', '--json', '--url', front.url, ...front.args, '--download']);
  assert.deepEqual([fetched.code, front.downloads()], [0, 1]);
  assert.match(fetched.stdout, /"firmware-whole"/);
});

/** Each: what is broken, and the faults and warnings that it must give, no more. */
const BROKEN: readonly (readonly [name: string, options: Omit<FrontOptions, 'roots'>, expected: readonly string[]])[] =
  [
    [
      'an http link behind an https front',
      {
        reply: (sound, port) => ({ ...sound, firmware: { version: '2.0.1', url: `http://ota.test:${port}/fw/a.bin` } }),
      },
      ['fault link-scheme', 'fault firmware-no-reply'],
    ],
    [
      'a certificate for another name',
      { chain: [leaf({ hosts: ['other.test', 'mqtt.test'] }), intermediate] },
      ['fault name-missing', 'fault console-ota', 'fault console-websocket'],
    ],
    [
      'a missing intermediate',
      { chain: [leaf()] },
      ['fault intermediate-missing', 'fault intermediate-missing', 'fault console-ota', 'fault console-websocket'],
    ],
    [
      'a redirecting upstream',
      {
        handle: (request, response) => {
          if (request.method !== 'POST') return false;
          response.writeHead(301, { Location: 'https://elsewhere.test/', 'Content-Length': '0' }).end();
          return true;
        },
      },
      ['fault reply-redirect'],
    ],
    [
      'a redirected firmware link',
      {
        handle: (request, response) =>
          request.url?.startsWith('/fw/') === true && answer(response, 302, { Location: 'https://cdn.test/a.bin' }),
      },
      ['fault firmware-redirect'],
    ],
    [
      'a chunked upstream',
      {
        handle: (request, response) => {
          if (request.method !== 'POST') return false;
          response.writeHead(200, { 'Content-Type': 'application/json' });
          response.write('{"server_time":{"timestamp":1},');
          response.end('"websocket":{"url":""},"mqtt":{}}');
          return true;
        },
      },
      ['fault reply-chunked', 'warning voice-none'],
    ],
    [
      'a chunked firmware',
      {
        handle: (request, response) => {
          if (request.url?.startsWith('/fw/') !== true) return false;
          response.writeHead(200).write('abc');
          response.end('def');
          return true;
        },
      },
      ['fault firmware-chunked'],
    ],
    [
      'container addresses in the reply',
      {
        reply: (sound) => ({
          ...sound,
          firmware: { version: '2.0.1', url: 'https://172.18.0.5:8002/a.bin' },
          websocket: { url: 'wss://xiaozhi-server:8000/xiaozhi/v1/', token: '' },
        }),
      },
      ['fault address-inner', 'fault address-inner'],
    ],
    [
      'a check of the console that fails',
      {
        handle: (request, response) =>
          request.method === 'GET' && request.url === '/xiaozhi/ota/' && answer(response, 200, {}, 'hello'),
      },
      ['fault console-ota'],
    ],
    [
      'an expired leaf',
      { chain: [leaf({ until: new Date(Date.now() - 86_400_000) }), intermediate] },
      ['fault expired', 'fault expired', 'fault console-ota', 'fault console-websocket'],
    ],
    ['MQTT without TLS on its port', { mqtt: 'plain' }, ['fault mqtt-no-tls']],
    [
      'a version that crashes devices',
      { reply: (sound) => ({ ...sound, firmware: { version: 'v2.1', url: sound.firmware?.url ?? '' } }) },
      ['fault reply-crash'],
    ],
    [
      'a header in the wrong case',
      {
        handle: (request, response) => {
          if (request.method !== 'POST') return false;
          const body = '{"server_time":{},"websocket":{"url":""},"mqtt":{}}';
          response.writeHead(200, { 'content-length': String(body.length) }).end(body);
          return true;
        },
      },
      ['warning reply-header-case', 'warning voice-none'],
    ],
    [
      'an error in the shape of a success',
      { reply: () => ({ success: false, message: 'request error.' }) },
      ['fault reply-refused'],
    ],
    [
      'a voice server that does not upgrade',
      { reply: (sound, port) => ({ ...sound, websocket: { url: `wss://ota.test:${port}/other/`, token: '' } }) },
      ['fault voice-no-upgrade', 'fault console-websocket'],
    ],
  ];

for (const [name, options, expected] of BROKEN) {
  test(name, async (t) => {
    const { code, grave, report } = await examine(t, options);
    assert.deepEqual(grave.toSorted(), expected.toSorted(), JSON.stringify(report.findings, null, 1));
    assert.equal(code, expected.some((one) => one.startsWith('fault')) ? 1 : 0);
  });
}

test('a closed port, a wrong path, and a name that is not there', async (t) => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as { port: number };
  await new Promise((done) => free.close(done));
  const { grave, report, front } = await examine(t, {}, ...['--url', `https://ota.test:${port}/xiaozhi/ota/`]);
  assert.deepEqual([grave, report.paste], [['fault port-closed'], null]);
  const wrong = await otagate(['doctor', '--json', '--url', front.url.replace('/ota/', '/otta/'), ...front.args]);
  assert.deepEqual(faultsOf(wrong.stdout), ['path-wrong']);
  const nameless = await otagate(['doctor', '--json', '--url', 'https://no-such-name.invalid/xiaozhi/ota/']);
  assert.deepEqual(faultsOf(nameless.stdout), ['dns-unknown']);
});

test('nginx with https in front of a server that knows only http: the link, and the redirect that it runs into', {
  skip: peer('nginx').skip,
}, async (t) => {
  const [http, https] = [await freePort(), await freePort()];
  const python = await pythonServer(t, {
    visionExplain: `http://ota.test:${http}/mcp/vision/explain`,
    websocketUrl: `wss://ota.test:${https}/xiaozhi/v1/`,
  });
  const certificate = leaf();
  await startNginx(t, {
    cert: certificate.pem + intermediate.pem,
    key: certificate.keyPem,
    http,
    https,
    api: Number(new URL(python.origin).port),
    voice: Number(new URL(python.voiceOrigin).port),
  });
  const args = ['doctor', '--json', '--ca', roots, '--resolve', 'ota.test=127.0.0.1', '--board', BOARD];
  const secure = await otagate([...args, '--url', `https://ota.test:${https}/xiaozhi/ota/`]);
  assert.deepEqual(faultsOf(secure.stdout), ['link-scheme', 'firmware-redirect'], secure.stdout);
  const plain = await otagate([...args, '--url', `http://ota.test:${http}/xiaozhi/ota/`]);
  assert.deepEqual(faultsOf(plain.stdout), ['reply-redirect']);
});

test('what no device can be given is wrong use', async () => {
  for (const args of [
    ['--url', 'ota.example.com'],
    ['--url', 'ftp://ota.example.com/'],
    ['--url', 'https://[::1]/xiaozhi/ota/'],
    ['--url', 'https://ota.test/', '--resolve', 'ota.test'],
    ['--url', 'https://ota.test/', '--ca', join(folder, 'none.pem')],
    ['--url', 'https://ota.test/', 'ota.test'],
  ]) {
    const { code, stdout, stderr } = await otagate(['doctor', ...args]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
  }
});

function faultsOf(stdout: string): string[] {
  const { findings } = JSON.parse(stdout) as DoctorReport;
  return findings.filter(({ severity }) => severity === 'fault').map(({ code }) => code);
}

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body = ''): true {
  response.writeHead(status, { 'Content-Length': String(body.length), ...headers }).end(body);
  return true;
}

// The Host of a stranger: it chooses no route, goes to no upstream, and into no link.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startJavaUpstream } from '../../src/demo/upstream-java.ts';
import { type AttackRig, openRoutes, startAttackRig } from '../rig/attack-rig.ts';
import { startGate } from '../rig/gate.ts';
import { ask } from '../rig/raw-client.ts';

/** Head lines in place of `Host: ota.test`, and the statuses that are right; 200 must show our own name upstream. */
const HOSTS: [lines: string, statuses: number[]][] = [
  ['', [400]],
  ['Host: \r\n', [400]],
  ['Host: evil.test\r\n', [404]],
  ['Host: evil.test:80\r\n', [404]],
  ['Host: ota.test.evil.test\r\n', [404]],
  ['Host: evil.test/ota.test\r\n', [400]],
  ['Host: ota.test, evil.test\r\n', [400]],
  ['Host: ota.test evil.test\r\n', [400]],
  ['Host: ota.test\r\nHost: evil.test\r\n', [400]],
  ['Host: evil.test\r\nHost: ota.test\r\n', [400]],
  ['Host: ota.test\r\nhost: ota.test\r\n', [400]],
  ['Host: ota.test\r\n Host: evil.test\r\n', [400]],
  ['Host:ota.test\r\n', [200]],
  ['Host: OTA.Test\r\n', [200]],
  ['Host: ota.test.\r\n', [200]],
  ['Host: ota.test:1\r\n', [200]],
  ['Host: ota.test:evil\r\n', [400]],
  ['Host: ota.test:80:80\r\n', [400]],
  ['Host: user@ota.test\r\n', [400]],
  ['Host: ota.test@evil.test\r\n', [400]],
  ['Host: user:pass@ota.test:80\r\n', [400]],
  ['Host: http://ota.test/\r\n', [400]],
  ['Host: ota.test\tevil.test\r\n', [400]],
  ['Host: ota.test%00\r\n', [400]],
  ['Host: ota.test\xe9\r\n', [400]],
  ['Host: 127.0.0.1\r\n', [404]],
  ['Host: [::1]\r\n', [404]],
  ['Host: [::1\r\n', [400]],
  ['Host: 0x7f.1\r\n', [404]],
  ['Host: localhost\r\n', [404]],
  [`Host: ${'a.'.repeat(200)}ota.test\r\n`, [400, 404]],
  ['Host: ota.test\r\nX-Forwarded-Host: evil.test\r\nX-Host: evil\r\n', [200]],
  ['Host: ota.test\r\nH_o_s_t: evil.test\r\nHost_: evil\r\n', [200]],
];

/** Absolute-form targets: their authority counts, and Host does not (RFC 9112 section 3.2.2). */
const TARGETS: [target: string, host: string, statuses: number[]][] = [
  ['http://ota.test/thing', 'ota.test', [200]],
  ['http://ota.test/thing', 'evil.test', [200]],
  ['http://evil.test/thing', 'ota.test', [404]],
  ['http://ota.test@evil.test/thing', 'ota.test', [400]],
  ['http://evil.test@ota.test/thing', 'ota.test', [400]],
  ['http:///thing', 'ota.test', [400, 200]],
  ['http://ota.test\\@evil.test/thing', 'ota.test', [400]],
  ['//evil.test/thing', 'ota.test', [200]],
  ['/\\evil.test/thing', 'ota.test', [400]],
  ['ftp://ota.test/thing', 'ota.test', [400]],
  ['evil.test:80', 'ota.test', [400]],
];

describe('a Host that is not ours', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  async function check(bytes: string, statuses: number[]): Promise<void> {
    const reply = await ask(rig.plain, bytes);
    assert.ok(statuses.includes(reply?.status ?? 0), `${reply?.status}: ${reply?.text}`);
    assert.equal(rig.upstream.requests.length, reply?.status === 200 ? 1 : 0);
    const [seen] = rig.upstream.requests;
    if (seen === undefined) return;
    const site = `ota.test:${rig.gate.http}`;
    assert.deepEqual([seen.values('host'), seen.values('x-forwarded-host')], [[site], [site]]);
    assert.ok(seen.target.startsWith('/'), seen.target);
  }

  for (const path of ['/thing', '/xiaozhi/ota/']) {
    for (const [lines, statuses] of HOSTS)
      it(`${path} ${JSON.stringify(lines.slice(0, 60))}`, () =>
        check(`GET ${path} HTTP/1.1\r\n${lines}\r\n`, statuses));
  }
  for (const [target, host, statuses] of TARGETS)
    it(`${target} with Host: ${host}`, () => check(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, statuses));

  it('none in HTTP/1.0, which knows no Host: it is an unknown one', async () => {
    await check('GET /thing HTTP/1.0\r\n\r\n', [404]);
    await check('GET /thing HTTP/1.0\r\nHost: \r\n\r\n', [400]);
    await check('GET /thing HTTP/1.0\r\nHost: ota.test\r\n\r\n', [200]);
    assert.equal((await ask(rig.secure, 'GET /thing HTTP/1.0\r\n\r\n'))?.status, 421);
  });

  it('a handshake goes upstream with our name only', async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    await check(`GET /xiaozhi/v1/ HTTP/1.1\r\nHost: evil.test\r\n${upgrade}\r\n`, [404]);
    await check(`GET /xiaozhi/v1/ HTTP/1.1\r\nHost: ota.test\r\n${upgrade}\r\n`, [200]);
  });

  it('came through unharmed', () => rig.unharmed());
});

describe('no Host where unknown ones are the main domain (defaultSite: main)', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'defaultSite: main' });
  });
  after(() => rig.stop());

  for (const path of ['/thing', '/xiaozhi/ota/']) {
    it(`${path}: served by HTTP/1.0, under our name; a fault in HTTP/1.1`, async () => {
      rig.upstream.forget();
      assert.equal((await ask(rig.plain, `GET ${path} HTTP/1.1\r\n\r\n`))?.status, 400);
      assert.equal((await ask(rig.plain, `GET ${path} HTTP/1.0\r\n\r\n`))?.status, 200);
      const [seen, ...others] = rig.upstream.requests;
      assert.deepEqual(others, []);
      assert.deepEqual(seen?.values('host'), [`ota.test:${rig.gate.http}`]);
    });
  }

  it('came through unharmed', () => rig.unharmed());
});

describe('a link that the server builds from Host', () => {
  for (const site of ['refuse', 'main']) {
    it(`leads to us, whatever the client said (defaultSite: ${site})`, async () => {
      let foreign = 0;
      const stranger = createServer((socket) => {
        foreign += 1;
        socket.destroy();
      });
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
      const address = stranger.address();
      const evil = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
      const firmware = { board: { version: '2.0.0', bytes: Buffer.alloc(100, 7) } };
      const java = await startJavaUpstream({ firmware, devices: new Map([['11:22:33:44:55:66', {}]]), voice: false });
      const gate = await startGate(
        `${openRoutes(java.origin).replaceAll('/ota/download/', '/otaMag/download/')}\ndefaultSite: ${site}`,
      );
      try {
        const body = JSON.stringify({ application: { version: '1.0.0' }, board: { type: 'board' } });
        for (const [target, host] of [
          ['/xiaozhi/ota/', evil],
          ['/xiaozhi/ota/', 'ota.test'],
          [`http://${evil}/xiaozhi/ota/`, 'ota.test'],
          ['http://ota.test/xiaozhi/ota/', evil],
        ]) {
          const headers = `Host: ${host}\r\nX-Forwarded-Host: ${evil}\r\nDevice-Id: 11:22:33:44:55:66\r\nClient-Id: x\r\n`;
          const reply = await ask(
            { port: gate.http },
            `POST ${target} HTTP/1.1\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
          );
          if (reply?.status === 404) continue;
          const text = reply?.text ?? '';
          assert.ok(!text.includes(evil), text);
          const link = new URL(JSON.parse(text).firmware.url);
          assert.equal(link.host, `ota.test:${gate.http}`);
          const image = await ask({ port: gate.http }, `GET ${link.pathname} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`);
          const ours = await ask({ port: gate.http }, `GET ${link.pathname} HTTP/1.1\r\nHost: ota.test\r\n\r\n`);
          assert.deepEqual([image?.status, ours?.status], [site === 'main' ? 200 : 404, 200]);
        }
        assert.ok(java.requests.length > 0);
        for (const { headers } of java.requests) assert.equal(headers.host, `ota.test:${gate.http}`);
        assert.equal(foreign, 0);
      } finally {
        await gate.stop();
        await java.close();
        stranger.close();
      }
    });
  }
});

// CVE-2026-29057: a body handed to a DELETE or OPTIONS without a length is read by the upstream as its next request.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, startAttackRig } from '../rig/attack-rig.ts';

const HIDDEN = 'GET /xiaozhi/config/server-base HTTP/1.1\r\nHost: ota.test\r\n\r\n';

describe('a body on a method that usually has none', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const framings: [name: string, lines: string, bytes: string][] = [
    ['chunked', 'Transfer-Encoding: chunked', `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`],
    ['with a length', `Content-Length: ${HIDDEN.length}`, HIDDEN],
  ];
  for (const method of ['DELETE', 'OPTIONS', 'GET', 'HEAD', 'TRACE', 'PUT', 'PROPFIND', 'QUERY']) {
    for (const [name, line, bytes] of framings) {
      it(`${method}, ${name}: the upstream sees one request with this body, and the next one after it`, async () => {
        const client = await rig.dial();
        client.send(`${method} /thing HTTP/1.1\r\nHost: ota.test\r\n${line}\r\n\r\n${bytes}${get('/next')}`);
        const first = await client.reply({ bodiless: method === 'HEAD' });
        const second = await client.reply();
        client.leave();
        assert.deepEqual([first?.status, second?.status], [200, 200]);
        assert.deepEqual(rig.upstream.faults, []);
        const seen = rig.upstream.requests.map((request) => [request.method, request.target, request.body.toString()]);
        seen.sort((a, b) => (a[1] === '/thing' ? -1 : b[1] === '/thing' ? 1 : 0));
        assert.deepEqual(seen, [
          [method, '/thing', HIDDEN],
          ['GET', '/next', ''],
        ]);
        assert.equal(rig.upstream.connections.map((connection) => connection.rest().toString()).join(''), '');
      });
    }
  }

  it('GET and POST to the OTA check, chunked: one request with a length', async () => {
    for (const method of ['GET', 'POST']) {
      rig.upstream.forget();
      const client = await rig.dial();
      client.send(
        `${method} /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n` +
          `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
      );
      assert.equal((await client.reply())?.status, 200);
      client.leave();
      assert.deepEqual(
        rig.upstream.requests.map((request) => request.body.toString()),
        [HIDDEN],
      );
      assert.deepEqual(rig.upstream.requests[0]?.values('content-length'), [String(HIDDEN.length)]);
    }
  });

  for (const [name, line, bytes] of framings) {
    it(`a GET of firmware with a body, ${name}: nothing of the body goes upstream, nor becomes a request`, async () => {
      const path = `/xiaozhi/ota/download/${name.replaceAll(' ', '-')}.bin`;
      const client = await rig.dial();
      client.send(`GET ${path} HTTP/1.1\r\nHost: ota.test\r\n${line}\r\n\r\n${bytes}`);
      assert.equal((await client.reply())?.status, 200);
      client.leave();
      await rig.gate.line(({ event, path: seen }) => event === 'request' && seen === path);
      assert.deepEqual(rig.upstream.faults, []);
      assert.deepEqual(
        rig.upstream.requests.map((request) => [request.method, request.target, request.body.length]),
        [['GET', path, 0]],
      );
      assert.equal(rig.upstream.connections.map((connection) => connection.rest().toString()).join(''), '');
    });
  }

  it('a DELETE whose body is larger than what is read whole: 413, and nothing upstream', async () => {
    const client = await rig.dial();
    client.send(`DELETE /thing HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n`);
    client.send(`11000\r\n${'x'.repeat(0x11000)}\r\n`);
    assert.equal((await client.reply())?.status, 413);
    client.leave();
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('came through unharmed', () => rig.unharmed());
});

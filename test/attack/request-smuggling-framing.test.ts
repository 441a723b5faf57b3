// Framing that two readers may understand differently (CVE-2022-32213, CVE-2023-30589, CVE-2024-27982): each such
// request is refused, or the upstream sees exactly what the gate saw.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, startAttackRig } from '../rig/attack-rig.ts';

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: ota.test\r\n\r\n';
const SIZE = HIDDEN.length.toString(16);
const CHUNKED = `${SIZE}\r\n${HIDDEN}\r\n0\r\n\r\n`;

/** Header lines and body as raw text; the request line and Host stand before them. */
const SUSPECT: Record<string, [lines: string, body: string]> = {
  'a length and chunked': [`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, `${SIZE}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'chunked and a length': [`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `${SIZE}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'chunked and a length of zero': ['Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', CHUNKED],
  'two lengths': [`Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN],
  'two equal lengths': [`Content-Length: ${HIDDEN.length}\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN],
  'a list of lengths': [`Content-Length: ${HIDDEN.length}, ${HIDDEN.length}\r\n`, HIDDEN],
  'a length with a plus': [`Content-Length: +${HIDDEN.length}\r\n`, HIDDEN],
  'a negative length': ['Content-Length: -1\r\n', HIDDEN],
  'a length with a space inside': ['Content-Length: 1 0\r\n', HIDDEN],
  'a length in hex': ['Content-Length: 0x10\r\n', HIDDEN],
  'a length with a fraction': ['Content-Length: 5.0\r\n', HIDDEN],
  'a length past every number': [`Content-Length: ${'9'.repeat(40)}\r\n`, HIDDEN],
  'an empty length': ['Content-Length: \r\n', HIDDEN],
  'a length before a space and a colon': [`Content-Length : ${HIDDEN.length}\r\n`, HIDDEN],
  'chunked, identity': ['Transfer-Encoding: chunked, identity\r\n', CHUNKED],
  'identity, chunked': ['Transfer-Encoding: identity, chunked\r\n', CHUNKED],
  identity: ['Transfer-Encoding: identity\r\n', CHUNKED],
  'gzip, chunked': ['Transfer-Encoding: gzip, chunked\r\n', CHUNKED],
  'chunked, chunked': ['Transfer-Encoding: chunked, chunked\r\n', CHUNKED],
  'chunked twice': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKED],
  'chunked, then identity': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', CHUNKED],
  xchunked: ['Transfer-Encoding: xchunked\r\n', CHUNKED],
  'chunked with a parameter': ['Transfer-Encoding: chunked;q=1\r\n', CHUNKED],
  'chunked in quotes': ['Transfer-Encoding: "chunked"\r\n', CHUNKED],
  'an empty coding': ['Transfer-Encoding: \r\n', CHUNKED],
  'a space before the colon': ['Transfer-Encoding : chunked\r\n', CHUNKED],
  'a tab before the colon': ['Transfer-Encoding\t: chunked\r\n', CHUNKED],
  'a space before the name': [' Transfer-Encoding: chunked\r\n', CHUNKED],
  'a tab before the value': ['Transfer-Encoding:\tchunked\r\n', CHUNKED],
  'a vertical tab before the value': ['Transfer-Encoding:\x0bchunked\r\n', CHUNKED],
  'a folded line': ['Transfer-Encoding:\r\n chunked\r\n', CHUNKED],
  'a folded line after another header': ['X-Thing: a\r\n\tTransfer-Encoding: chunked\r\n', CHUNKED],
  'a bare LF before it': ['X-Thing: a\nTransfer-Encoding: chunked\r\n', CHUNKED],
  'a bare CR before it': ['X-Thing: a\rTransfer-Encoding: chunked\r\n', CHUNKED],
  'a CR before the line end': ['Transfer-Encoding: chunked\r\r\n', CHUNKED],
  'a NUL in the value': ['Transfer-Encoding: chunked\0\r\n', CHUNKED],
  'a NUL in the name': ['Transfer-\0Encoding: chunked\r\n', CHUNKED],
  'a space in the name': [`Content Length: 5\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN],
  'an underscore in the name': [`Content_Length: 5\r\nTransfer_Encoding: chunked\r\nContent-Length: 3\r\n`, 'abc'],
  'a name of nothing': [': chunked\r\n', ''],
  'a line without a colon': ['Transfer-Encoding chunked\r\n', CHUNKED],
  'an old proxy’s header': [`Proxy-Connection: Transfer-Encoding\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN],
  'a chunk size with 0x': ['Transfer-Encoding: chunked\r\n', `0x${SIZE}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk size with a plus': ['Transfer-Encoding: chunked\r\n', `+${SIZE}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk size with a space': ['Transfer-Encoding: chunked\r\n', `${SIZE} \r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk size past every number': ['Transfer-Encoding: chunked\r\n', `${'f'.repeat(17)}\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk size with a bare LF': ['Transfer-Encoding: chunked\r\n', `${SIZE}\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk that ends with LF': ['Transfer-Encoding: chunked\r\n', `${SIZE}\r\n${HIDDEN}\n0\r\n\r\n`],
  'a chunk longer than its size': ['Transfer-Encoding: chunked\r\n', `3\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk extension': ['Transfer-Encoding: chunked\r\n', `${SIZE};a=b\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk extension with LF': ['Transfer-Encoding: chunked\r\n', `${SIZE};a\n${HIDDEN}\r\n0\r\n\r\n`],
  'a chunk extension with CR': ['Transfer-Encoding: chunked\r\n', `${SIZE};\rx\r\n${HIDDEN}\r\n0\r\n\r\n`],
  'chunk extensions of 20 KB': [
    'Transfer-Encoding: chunked\r\n',
    `${SIZE};${'a'.repeat(20_000)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  ],
  trailers: ['Transfer-Encoding: chunked\r\n', `${SIZE}\r\n${HIDDEN}\r\n0\r\nContent-Length: 9\r\nHost: x\r\n\r\n`],
  'two hosts': ['Host: second.test\r\n', ''],
};

describe('a request whose end can be read in two ways', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  for (const path of ['/thing', '/xiaozhi/ota/']) {
    for (const method of ['POST', 'GET', 'DELETE']) {
      for (const [name, [lines, body]] of Object.entries(SUSPECT)) {
        it(`${method} ${path}: ${name}`, async () => {
          const client = await rig.dial();
          client.send(`${method} ${path} HTTP/1.1\r\nHost: ota.test\r\n${lines}\r\n${body}`);
          const reply = await client.reply();
          client.leave();
          assert.deepEqual(rig.upstream.faults, []);
          assert.ok(
            rig.upstream.requests.every(({ target }) => target !== '/hidden'),
            'the body was taken for a request',
          );
          assert.ok(rig.upstream.requests.length <= 1, 'one request, or none');
          const status = reply?.status ?? 0;
          if (rig.upstream.requests.length === 0) assert.ok(status >= 400 && status <= 501, `refused, by ${status}`);
          // What a lenient server would frame by has not gone along.
          const head = rig.upstream.requests[0]?.head.text ?? '';
          assert.doesNotMatch(head, /transfer-encoding: (?!chunked\r)|_|\0|\r(?!\n)|(?<!\r)\n/i);
          assert.ok(rig.upstream.requests.every(({ body: seen }) => ['', 'abc', HIDDEN].includes(seen.toString())));
        });
      }
    }
  }

  it('HTTP/1.0 with chunked, HTTP/0.9, HTTP/2 in the clear and a line that is none', async () => {
    for (const bytes of [
      `POST /thing HTTP/1.0\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      'GET /thing\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
      'GET /thing HTTP/3.7\r\nHost: ota.test\r\n\r\n',
      'GET  /thing HTTP/1.1\r\nHost: ota.test\r\n\r\n',
      'GET /a /hidden HTTP/1.1\r\nHost: ota.test\r\n\r\n',
      'GET\t/thing\tHTTP/1.1\r\nHost: ota.test\r\n\r\n',
      'GÉT /thing HTTP/1.1\r\nHost: ota.test\r\n\r\n',
    ]) {
      rig.upstream.forget();
      const client = await rig.dial();
      client.send(bytes);
      const reply = await client.reply();
      client.leave();
      const told = bytes.slice(0, 24);
      assert.deepEqual(rig.upstream.faults, [], told);
      assert.ok(rig.upstream.requests.length <= 1, told);
      if (reply?.status === 200)
        assert.equal(rig.upstream.requests[0]?.body.toString(), bytes.includes('POST') ? HIDDEN : '', told);
      assert.notEqual(rig.upstream.requests[0]?.target, '/hidden');
    }
  });

  it('a body in a coding that would go upstream undone: 501', async () => {
    for (const path of ['/thing', '/xiaozhi/ota/', '/xiaozhi/ota/activate']) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const client = await rig.dial();
        client.send(
          `${method} ${path} HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${CHUNKED}`,
        );
        assert.equal((await client.reply())?.status, 501, `${method} ${path}`);
        client.leave();
      }
    }
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('CONNECT is no way through', async () => {
    const client = await rig.dial();
    client.send(
      'CONNECT ota.test:443 HTTP/1.1\r\nHost: ota.test:443\r\n\r\nGET /hidden HTTP/1.1\r\nHost: ota.test\r\n\r\n',
    );
    assert.notEqual((await client.reply())?.status, 200);
    await client.ended();
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('came through unharmed', () => rig.unharmed());
});

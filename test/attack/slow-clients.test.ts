// Clients that take for ever: what they hold is bounded, in memory and in time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { residentBytes } from '../rig/process-facts.ts';
import { ask, codeOf } from '../rig/raw-client.ts';

const MIB = 1024 * 1024;
const IMAGE = replyOf(Buffer.alloc(3_000_000, 7));
// What the buffers of the system would not take in whole.
const LARGE = replyOf(Buffer.alloc(24_000_000, 7));

describe('a client that takes for ever', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'limits: { header: 300ms, idle: 700ms, reply: 700ms, body: 2500ms }' });
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const heads: Record<string, string> = {
    nothing: '',
    'half a request line': 'GET /thi',
    'half a head': 'GET /thing HTTP/1.1\r\nHost: ota.test\r\nX-',
  };
  it('to send its head is ended by limits.header, over TLS and without', async () => {
    const all = Object.entries(heads).flatMap(([name, bytes]) =>
      [false, true].map((secure) => ({ name, bytes, secure })),
    );
    const ends = all.map(async ({ name, bytes, secure }) => {
      const client = secure ? await rig.dialSecurely() : await rig.dial();
      if (bytes !== '') client.send(bytes);
      const drip = setInterval(() => bytes !== '' && client.send('x'), 100);
      const reply = await client.reply({ withinMs: 15_000 }).finally(() => clearInterval(drip));
      if (reply !== null) assert.deepEqual([reply.status, codeOf(reply)], [408, 'REQUEST_TIMEOUT'], name);
      await client.ended();
      client.leave();
    });
    await Promise.all(ends);
    assert.equal(rig.upstream.requests.length, 0);
  });

  const bodies: Record<string, [bytes: string, code: string]> = {
    'a check': ['POST /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart', 'BODY_TIMEOUT'],
    'a chunked check': [
      'POST /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npart',
      'BODY_TIMEOUT',
    ],
    'an upload': ['POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart', 'BODY_TIMEOUT'],
    'a DELETE': [
      'DELETE /up HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npart',
      'BODY_TIMEOUT',
    ],
    'a refused page': [
      'POST /xiaozhi/config/ HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart',
      'ROUTE_REFUSED',
    ],
  };
  for (const [name, [bytes, code]] of Object.entries(bodies)) {
    it(`to send its body: ${name}`, async () => {
      const client = await rig.dial();
      client.send(bytes);
      const reply = await client.reply();
      assert.equal(codeOf(reply), code);
      assert.equal(reply?.status, code === 'BODY_TIMEOUT' ? 408 : 403);
      await client.ended();
      await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
    });
  }

  it('to send its body byte by byte, each in time: limits.body ends a check, an upload and a DELETE', async () => {
    const drips = [
      ['POST', '/xiaozhi/ota/'],
      ['POST', '/up'],
      ['DELETE', '/up'],
    ];
    const ends = drips.map(async ([method, path]) => {
      const client = await rig.dial();
      client.send(`${method} ${path} HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const drip = setInterval(() => client.send('1\r\na\r\n'), 150);
      const reply = await client.reply().finally(() => clearInterval(drip));
      assert.deepEqual([reply?.status, codeOf(reply)], [408, 'BODY_TIMEOUT'], `${method} ${path}`);
      await client.ended();
    });
    await Promise.all(ends);
    await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
  });

  it('but goes on sending: a slow upload is not cut', async () => {
    const client = await rig.dial();
    client.send('POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 16\r\n\r\n');
    for (const letter of 'abcdefghijklmnop') {
      await sleep(100);
      client.send(letter);
    }
    assert.equal((await client.reply())?.status, 200);
    client.leave();
    assert.equal((await rig.upstream.request()).body.toString(), 'abcdefghijklmnop');
  });

  for (const path of ['/large']) {
    it(`to read ${path}: twenty of them, with 24 MB each, cost less than 64 MiB, and limits.idle ends them`, async () => {
      // The first downloads make a process grow once, whoever reads them; and its heap grows in steps of 30 MiB.
      rig.upstream.answer = () => IMAGE;
      for (let turn = 0; turn < 10; turn += 1) await ask(rig.secure, get(path));
      rig.upstream.forget();
      rig.upstream.answer = () => LARGE;
      const pid = Number(
        readFileSync(`/proc/${rig.gate.pid}/task/${rig.gate.pid}/children`, 'utf8').trim().split(' ')[0],
      );
      const before = residentBytes(pid);
      const clients = await Promise.all(Array.from({ length: 20 }, () => rig.dialSecurely()));
      for (const client of clients) {
        client.socket.pause();
        client.send(get(`${path}/unread`));
      }
      await until('twenty requests', () => rig.upstream.requests.length === 20);
      await sleep(300);
      const grown = residentBytes(pid) - before;
      assert.ok(grown < 64 * MIB, `${Math.round(grown / MIB)} MiB`);
      const ended = () =>
        rig.gate.lines.filter((line) => line.path === `${path}/unread` && line.code === 'CLIENT_GONE');
      await until('twenty records', () => ended().length === 20);
      await until('the upstream left alone', () => rig.upstream.connections.every((seen) => seen.over() !== null));
      for (const client of clients) client.leave();
    });
  }

  it('to read an answer that was written whole: limits.idle ends it, too', async () => {
    // Without a length, the gate reads an image whole before it answers.
    const size = 15_000_000;
    const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n`;
    const chunked = Buffer.concat([Buffer.from(head), Buffer.alloc(size, 7), Buffer.from('\r\n0\r\n\r\n')]);
    rig.upstream.answer = () => chunked;
    const path = '/xiaozhi/ota/download/unread.bin';
    const client = await rig.dialSecurely();
    client.socket.pause();
    client.send(get(path));
    const { ms } = await rig.gate.line((line) => line.event === 'request' && line.path === path);
    assert.ok(Number(ms) >= 700, `${ms} ms: it was not stuck`);
    client.leave();
  });

  it('but goes on reading: a slow download is not cut', async () => {
    rig.upstream.answer = () => IMAGE;
    const client = await rig.dialSecurely();
    client.send(get('/xiaozhi/ota/download/a.bin'));
    for (let turn = 0; turn < 12; turn += 1) {
      client.socket.pause();
      await sleep(150);
      client.socket.resume();
      await sleep(1);
    }
    const reply = await client.reply();
    assert.deepEqual([reply?.whole, reply?.body.length], [true, 3_000_000]);
    client.leave();
  });

  it('came through unharmed', () => rig.unharmed());
});

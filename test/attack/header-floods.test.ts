// Heads that are too large, too many or too odd: refused whole, or read whole.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, startAttackRig } from '../rig/attack-rig.ts';
import { ask, codeOf, dial } from '../rig/raw-client.ts';

const MANY = Array.from({ length: 2_200 }, (_, index) => `a:${index % 10}`);

describe('a flood of headers', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  const tooLarge: Record<string, string> = {
    'one header of 17 KB': get('/thing', `X-Large: ${'x'.repeat(17_000)}`),
    'a cookie of 100 KB': get('/thing', `Cookie: ${'a=b; '.repeat(20_000)}`),
    'twenty thousand headers': get('/thing', ...Array.from({ length: 20_000 }, () => 'a: b')),
    'a path of 17 KB': get(`/${'x'.repeat(17_000)}`),
    'a query of 17 KB': get(`/thing?${'x'.repeat(17_000)}`),
    'a name of 17 KB': get('/thing', `${'x'.repeat(17_000)}: a`),
    'a method of 17 KB': `${'X'.repeat(17_000)} / HTTP/1.1\r\n\r\n`,
    'a folded header without end': `GET / HTTP/1.1\r\nA: b\r\n${' x\r\n'.repeat(6_000)}\r\n`,
  };
  for (const [name, bytes] of Object.entries(tooLarge)) {
    for (const secure of [false, true]) {
      it(`${name} (${secure ? 'TLS' : 'plain'}): refused, and nothing goes upstream`, async () => {
        const client = secure ? await rig.dialSecurely() : await rig.dial();
        client.send(bytes);
        const reply = await client.reply();
        // What is still being sent turns the answer into a reset now and then.
        if (reply !== null) assert.ok([400, 431].includes(reply.status), `${reply.status}`);
        if (reply?.status === 431) assert.equal(codeOf(reply), 'HEADERS_TOO_LARGE');
        await client.ended();
        assert.equal(rig.upstream.requests.length, 0);
      });
    }
  }

  it('431 tells the limit', async () => {
    const reply = await ask(rig.plain, get('/thing', `X-Large: ${'x'.repeat(16_400)}`));
    assert.deepEqual([reply?.status, codeOf(reply)], [431, 'HEADERS_TOO_LARGE']);
  });

  it('a head just below 16 KiB goes through whole', async () => {
    for (const path of ['/thing', '/xiaozhi/ota/']) {
      rig.upstream.forget();
      const reply = await ask(rig.plain, get(`${path}?${'q'.repeat(8_000)}`, `X-Large: ${'x'.repeat(7_500)}`));
      assert.equal(reply?.status, 200);
      const seen = await rig.upstream.request();
      assert.equal(seen.values('x-large')[0]?.length, 7_500);
      assert.equal(seen.target.length, path.length + 8_001);
    }
  });

  it('sixteen thousand headers of one name cost no time that grows with their square', async () => {
    const line = Array.from({ length: 16_000 }, () => 'a:');
    const startedMs = performance.now();
    for (const path of ['/thing', '/xiaozhi/ota/', '/xiaozhi/ota/activate']) await ask(rig.plain, get(path, ...line));
    assert.ok(performance.now() - startedMs < 1_000, `${performance.now() - startedMs} ms`);
  });

  it('2,200 headers are read to the last one: none hides behind a number', async () => {
    const hidden: [line: string, status: number][] = [
      ['Host: evil.test', 400],
      ['Content-Length: 4', 200],
      ['Transfer-Encoding: gzip, chunked', 501],
      ['X-Last: here', 200],
    ];
    for (const [line, status] of hidden) {
      rig.upstream.forget();
      const client = await rig.dial();
      const body = line.startsWith('Content') ? 'body' : line.startsWith('Transfer') ? '0\r\n\r\n' : '';
      client.send(`POST /thing HTTP/1.1\r\nHost: ota.test\r\n${[...MANY, line].join('\r\n')}\r\n\r\n${body}`);
      assert.equal((await client.reply())?.status, status, line);
      client.leave();
      if (status !== 200) continue;
      const seen = await rig.upstream.request();
      assert.equal(seen.values('a').join(', ').split(', ').length, MANY.length);
      assert.equal(seen.body.toString(), body);
      if (line.startsWith('X-Last')) assert.deepEqual(seen.values('x-last'), ['here']);
    }
  });

  it('a thousand headers for a check and for firmware, too', async () => {
    for (const path of ['/xiaozhi/ota/']) {
      rig.upstream.forget();
      const reply = await ask(rig.plain, get(path, ...MANY.slice(0, 1_000), 'X-Last: here'));
      assert.equal(reply?.status, 200);
      assert.deepEqual((await rig.upstream.request()).values('x-last'), ['here']);
    }
  });

  it('three hundred requests, one after the other, on one connection', async () => {
    const client = await rig.dial();
    for (let round = 0; round < 30; round += 1) {
      client.send(get('/thing').repeat(10));
      for (let index = 0; index < 10; index += 1) assert.equal((await client.reply())?.status, 200);
    }
    client.leave();
    assert.equal(rig.upstream.requests.length, 300);
  });

  it('two hundred connections that each stop in the middle of a head: others are served', async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => dial(rig.plain)));
    for (const client of clients) client.send('GET /thing HTTP/1.1\r\nHost: ota');
    assert.equal((await ask(rig.secure, get('/thing')))?.status, 200);
    for (const client of clients) client.reset();
  });

  it('came through unharmed', () => rig.unharmed());
});

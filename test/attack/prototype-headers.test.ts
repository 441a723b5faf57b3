// Names that every object has (CVE-2026-21710): as headers, query and JSON keys they are names like any other.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { OK } from '../rig/raw-upstream.ts';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'length',
];
const DEVICE = ['Device-Id: 11:22:33:44:55:66', 'Client-Id: x', 'User-Agent: board/1.0.0'];

describe('names that every object has', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = () => OK;
  });

  const requests: Record<string, (lines: string[]) => string> = {
    'a page': (lines) => get('/thing', ...lines),
    'a check': (lines) => post('/xiaozhi/ota/', '{}', ...lines),
    'a handshake': (lines) => get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket', ...lines),
    'a refused page': (lines) => get('/xiaozhi/config/', ...lines),
  };
  for (const [kind, request] of Object.entries(requests)) {
    it(`as headers of ${kind}, once and twice`, async () => {
      for (const times of [1, 2, 3]) {
        rig.upstream.forget();
        const lines = NAMES.flatMap((name) => Array.from({ length: times }, (_, index) => `${name}: value${index}`));
        const client = await rig.dial();
        client.send(request(lines));
        assert.equal((await client.reply())?.status, kind === 'a refused page' ? 403 : 200);
        client.leave();
        for (const name of NAMES.filter((one) => !one.includes('_') && rig.upstream.requests.length > 0)) {
          const values = (rig.upstream.requests[0]?.values(name.toLowerCase()) ?? []).join(', ');
          assert.equal(values, Array.from({ length: times }, (_, index) => `value${index}`).join(', '), name);
        }
      }
    });

    it(`as headers of the reply to ${kind}`, async () => {
      for (const times of [1, 2]) {
        const lines = NAMES.flatMap((name) => Array.from({ length: times }, () => `${name}: value`));
        rig.upstream.answer = () => replyOf('abc', ...lines);
        const client = await rig.dial();
        client.send(request([]));
        const reply = await client.reply();
        client.leave();
        const refused = kind === 'a refused page';
        assert.equal(reply?.status, refused ? 403 : 200);
        if (!refused) assert.equal(reply.text, 'abc');
      }
    });
  }

  it('as names in Connection, in the query, as a route’s token and as Host', async () => {
    for (const name of NAMES) {
      const client = await rig.dial();
      client.send(get(`/${name}?${name}=1&${name}[${name}]=2`, `Connection: ${name}`, `${name}: x`));
      assert.equal((await client.reply())?.status, 200, name);
      client.send(get(`/.well-known/acme-challenge/${name}`));
      assert.equal((await client.reply())?.status, 404, name);
      client.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
      assert.ok([400, 404].includes((await client.reply())?.status ?? 0), name);
      client.leave();
    }
  });

  it('as keys of a check: the body goes through as it is, and the report is not fooled', async () => {
    for (const name of NAMES) {
      rig.upstream.forget();
      const body = `{"${name}":{"version":"6.6.6","type":"evil"},"application":{"${name}":{"version":"7"}},"board":"${name}"}`;
      const client = await rig.dial();
      client.send(post('/xiaozhi/ota/', body, ...DEVICE));
      assert.equal((await client.reply())?.status, 200);
      client.leave();
      assert.equal((await rig.upstream.request()).body.toString(), body);
    }
    const line = await rig.gate.line((one) => one.device === '11:22:33:44:55:66');
    assert.equal(line.version, '1.0.0');
  });

  it('as keys of a reply: they stay, byte for byte, and the addresses beside them are rewritten', async () => {
    const keys = NAMES.map((name) => `"${name}":{"url":"http://a/","version":"9"}`).join();
    const reply = `{${keys},"firmware":{${keys},"version":"2.0.0","url":"http://x/xiaozhi/ota/download/a.bin"}}`;
    rig.upstream.answer = () => replyOf(reply);
    const client = await rig.dial();
    client.send(post('/xiaozhi/ota/', '{}', ...DEVICE));
    const text = (await client.reply())?.text ?? '';
    client.leave();
    const url = /"version":"2\.0\.0","url":"([^"]*)"/.exec(text)?.[1] ?? '';
    assert.match(url, new RegExp(`^http://ota\\.test:${rig.gate.http}/xiaozhi/ota/download/~`));
    assert.equal(text.replace(url, 'http://x/xiaozhi/ota/download/a.bin'), reply);
  });

  it('came through unharmed', async () => {
    assert.equal(({} as Record<string, unknown>).version, undefined);
    await rig.unharmed();
  });
});

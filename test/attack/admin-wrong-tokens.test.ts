// Wrong tokens in great number: they cost the gate little, fill no log, and shut nobody out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';

const codeOf = ({ json: body }: { json: unknown }): string => (body as { code: string }).code;

describe('wrong tokens', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());
  const logged = () => rig.lines.filter(({ event }) => event === 'admin-token-wrong');

  it('a thousand of them at the login are refused quickly, and the command line waits for none', async () => {
    const began = performance.now();
    let slowestMs = 0;
    let left = 1_000;
    const guess = async (): Promise<number> =>
      (await rig.ask('tcp', '/api/v1/login', json({ token: `wrong ${left}` }))).status;
    const statuses: number[] = [];
    const guesser = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        statuses.push(await guess());
      }
    };
    const others = Array.from({ length: 20 }, guesser);
    while (left > 0) {
      const asked = performance.now();
      assert.equal((await rig.ask('socket', '/api/v1/status')).status, 200);
      slowestMs = Math.max(slowestMs, performance.now() - asked);
    }
    await Promise.all(others);
    const ms = performance.now() - began;
    assert.equal(statuses.length, 1_000);
    assert.deepEqual(
      [statuses.filter((one) => one === 401).length, statuses.filter((one) => one === 429).length],
      [10, 990],
    );
    assert.ok(ms < 10_000, `${Math.round(ms)} ms in all`);
    assert.ok(slowestMs < 1_000, `the command line waited ${Math.round(slowestMs)} ms`);
    assert.equal(logged().length, 10);
    assert.equal(logged()[0]?.client, '127.0.0.1');
  });

  it('are counted as one, at the login and elsewhere; nothing tells how right one was', async () => {
    const almost = `${rig.tokens.admin.slice(0, -1)}_`;
    for (const token of ['x', almost]) {
      const told = await rig.ask('tcp', '/api/v1/status', bearer(token));
      assert.deepEqual([told.status, codeOf(told)], [429, 'TOO_MANY_WRONG_TOKENS']);
      assert.ok(Number(told.headers['retry-after']) > 0);
    }
  });

  it('do not shut out who has a right one, from the same address', async () => {
    assert.equal((await rig.ask('tcp', '/api/v1/status', bearer(rig.tokens.read))).status, 200);
    assert.equal((await rig.ask('tcp', '/api/v1/login', json({ token: `${rig.tokens.admin}\n` }))).status, 200);
  });

  it('are counted for each address that the gate names, and for a network of IPv6 as one', async () => {
    const guess = async (from: string) =>
      (await rig.ask('public', '/api/v1/status', { headers: { ...bearer('x').headers, 'x-forwarded-for': from } }))
        .status;
    for (let at = 1; at <= 10; at += 1) assert.equal(await guess(`2001:db8::${at.toString(16)}`), 401);
    assert.equal(await guess('2001:db8::ff:1'), 429);
    assert.equal(await guess('2001:db8:0:1::1'), 401);
    // What a client wrote there itself stands before what the gate wrote.
    assert.equal(await guess('198.51.100.1, 2001:db8::1'), 429);
    assert.equal(await guess('2001:db8::1, 198.51.100.1'), 401);
  });

  it('of many addresses are refused past a number in all, and the log stays short', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 200; at += 1) {
      const headers = { ...bearer('x').headers, 'x-forwarded-for': `198.51.${at}.7` };
      statuses.push((await rig.ask('public', '/api/v1/status', { headers })).status);
    }
    assert.equal(statuses.at(-1), 429);
    assert.ok(logged().length <= 100, `${logged().length} lines`);
    assert.equal((await rig.ask('public', '/api/v1/status', bearer(rig.tokens.read))).status, 200);
  });

  it('of an odd form are wrong ones like others', async () => {
    for (const token of ['', ' ', '\u0000', '__proto__', 'x'.repeat(1_000)])
      assert.ok([401, 429].includes((await rig.ask('tcp', '/api/v1/login', json({ token }))).status));
    for (const body of [
      {},
      { token: null },
      { token: ['x'] },
      { token: 1 },
      { token: 'x'.repeat(1_001) },
      [],
      'x',
      null,
    ])
      assert.equal((await rig.ask('tcp', '/api/v1/login', json(body))).status, 400, JSON.stringify(body));
    const polluting = { ...json({}), body: `{"token":"x","__proto__":{"role":"admin"}}` };
    assert.equal((await rig.ask('tcp', '/api/v1/login', polluting)).status, 400);
    for (const { client, msg } of logged())
      assert.ok(!String(client).includes(rig.tokens.admin) && !msg.includes('wrong 9'));
  });
});

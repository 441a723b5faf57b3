// Clients of the admin port that send too slowly, too much, or nothing at all: others are served meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CONNECTIONS } from '../../src/control/admin/connections.ts';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';
import { until } from '../rig/bounded.ts';
import { ask as askRaw, codeOf, dial, type RawClient } from '../rig/raw-client.ts';

const TIMES = { headMs: 1_000, bodyMs: 700, idleMs: 1_500 };
const LOGIN = 'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('the admin port', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig({ times: TIMES });
  });
  after(() => rig.stop());
  const healthy = async (): Promise<boolean> =>
    (await askRaw({ port: rig.port }, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'))
      ?.status === 200;

  it('gives nobody for ever to send a head', async () => {
    const [silent, slow] = [await dial({ port: rig.port }), await dial({ port: rig.port })];
    slow.send('GET /healthz HTTP/1.1\r\n');
    const trickle = setInterval(() => slow.send('X: y\r\n'), 200);
    try {
      assert.equal((await slow.reply({ withinMs: 8_000 }))?.status, 408);
      await Promise.all([slow.ended(8_000), silent.ended(8_000)]);
    } finally {
      clearInterval(trickle);
    }
  });

  it('gives nobody for ever to send a body, and says so', async () => {
    const client = await dial({ port: rig.port });
    client.send(`${LOGIN}Content-Length: 1000\r\n\r\n{`);
    const trickle = setInterval(() => client.send(' '), 100);
    try {
      assert.equal(codeOf(await client.reply({ withinMs: 5_000 })), 'REQUEST_TIMEOUT');
      await client.ended();
    } finally {
      clearInterval(trickle);
    }
    assert.ok(await healthy());
  });

  it('does not read the body of one whom it refused for ever', async () => {
    const client = await dial({ port: rig.port });
    client.send('POST /api/v1/firmware HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    assert.equal((await client.reply())?.status, 401);
    const flood = setInterval(() => client.send(`400\r\n${'x'.repeat(1024)}\r\n`), 50);
    try {
      await client.ended(5_000);
    } finally {
      clearInterval(flood);
    }
  });

  it('waits for bytes of an upload as long as some come, and not when none do', async () => {
    const head = `POST /api/v1/firmware HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.admin}\r\nContent-Type: application/octet-stream\r\nContent-Length: 16\r\n\r\n`;
    const [steady, stuck] = [await dial({ port: rig.port }), await dial({ port: rig.port })];
    stuck.send(`${head}a`);
    steady.send(head);
    for (const letter of 'abcdefghijklmnop') {
      await sleep(100);
      steady.send(letter);
    }
    assert.equal((await steady.reply())?.status, 200);
    await stuck.ended();
    steady.leave();
  });

  it('waits for its own slow answers', async (t) => {
    const slow = await startAdminRig({
      times: { ...TIMES, idleMs: 400 },
      actions: { renew: () => sleep(1_500).then(() => ({ kept: [], renewed: ['a.test'], faults: [] })) },
    });
    t.after(() => slow.stop());
    for (const door of ['socket', 'tcp'] as const) {
      const told = await slow.ask(door, '/api/v1/certificates/renew', json({}, bearer(slow.tokens.admin).headers));
      assert.equal(told.status, 200, told.text);
    }
  });

  it('has room for who comes, however many others hold connections and say nothing', async () => {
    const reader = await dial({ port: rig.port });
    reader.send(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.read}\r\n\r\n`);
    await reader.come(100);
    const idle: RawClient[] = [];
    for (let at = 0; at < MAX_CONNECTIONS + 50; at += 1) {
      const client = await dial({ port: rig.port });
      if (at % 2 === 0) client.send('GET /healthz HTTP/1.1\r\nHost: localh');
      idle.push(client);
    }
    assert.ok(await healthy());
    await until('fifty that gave way', () => idle.filter((client) => client.over() !== null).length >= 50);
    assert.equal(reader.over(), null, 'who was let in stays');
    for (const client of [reader, ...idle]) client.leave();
  });

  it('takes no head above 16 KiB, and no body above 64 KiB but an upload', async () => {
    const many = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${'X-Some-Name: y\r\n'.repeat(4_000)}\r\n`;
    const long = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`;
    const path = `GET /${'y'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    for (const bytes of [many, long, path]) {
      const reply = await askRaw({ port: rig.port }, bytes);
      assert.deepEqual([reply?.status, codeOf(reply)], [431, 'HEADERS_TOO_LARGE']);
    }
    const body = JSON.stringify({ token: 'x'.repeat(70_000) });
    const told = await rig.ask('tcp', '/api/v1/login', { ...json({}), body });
    assert.deepEqual([told.status, (told.json as { code: string }).code], [413, 'BODY_TOO_LARGE']);
    const chunked = await askRaw(
      { port: rig.port },
      `${LOGIN}Transfer-Encoding: chunked\r\n\r\n11170\r\n${'x'.repeat(70_000)}\r\n`,
    );
    assert.equal(codeOf(chunked), 'BODY_TOO_LARGE');
    const param = await rig.ask('tcp', `/api/v1/devices/${'x'.repeat(400)}`, bearer(rig.tokens.read));
    assert.ok([400, 404, 414].includes(param.status), String(param.status));
    assert.ok(await healthy());
  });

  it('lives on after bytes that are no request', async () => {
    for (const bytes of [
      '\x00\x01\x02\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'GET /api/v1/devices/%00%0a HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /%c0%ae%c0%ae/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ]) {
      const client = await dial({ port: rig.port });
      client.send(bytes);
      const reply = await client.reply({ withinMs: 3_000 }).catch(() => null);
      assert.doesNotMatch(reply?.text ?? '', /at .*\.[jt]s|node_modules|stack/);
      client.leave();
    }
    assert.ok(await healthy());
    assert.deepEqual(
      rig.lines.filter(({ event }) => event === 'admin-failed'),
      [],
    );
  });
});

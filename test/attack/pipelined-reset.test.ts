// Many requests on one connection at once: an attacker's cheapest way to many upstream connections, and, with a reset
// behind them, to exchanges that nobody ends.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { OK } from '../rig/raw-upstream.ts';

describe('pipelined requests', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = () => OK;
  });

  it('are answered in their order', async () => {
    rig.upstream.answer = async ({ target }) => {
      await sleep(target === '/0' ? 100 : 0);
      return `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;
    };
    const client = await rig.dial();
    const targets = Array.from({ length: 10 }, (_, index) => `/${index}`);
    client.send(targets.map((target) => get(target)).join(''));
    for (const target of targets) assert.equal((await client.reply())?.text, target);
    client.leave();
  });

  for (const path of ['/thing', '/xiaozhi/ota/']) {
    it(`${path}: what runs ends, and what waits never begins, when the client resets the connection`, async () => {
      rig.upstream.answer = () => undefined;
      const from = rig.gate.lines.length;
      const client = await rig.dial();
      const one = path === '/xiaozhi/ota/' ? post(path, '{}') : get(path);
      client.send(one.repeat(3));
      await rig.upstream.request(0);
      client.reset();
      await rig.gate.line((line) => rig.gate.lines.indexOf(line) >= from && line.status === 499);
      await until('no upstream connection left', () => rig.upstream.connections.every((seen) => seen.over() !== null));
      await sleep(50);
      assert.equal(rig.upstream.requests.length, 1);
    });
  }

  it('garbage behind a request is not answered in the middle of its reply', async () => {
    rig.upstream.answer = (_, { socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(500)}`);
      setTimeout(() => socket.write('x'.repeat(500)), 200);
      return undefined;
    };
    const client = await rig.dial();
    client.send(get('/one'));
    await client.come(500);
    client.send('\x16\x03\x01 garbage\r\n\r\n');
    await client.ended();
    assert.equal(
      client
        .pending()
        .toString()
        .match(/HTTP\/1\.1/g)?.length,
      1,
    );
  });

  it('what comes behind a last request is not answered', async () => {
    const client = await rig.dial();
    client.send(get('/one', 'Connection: close') + get('/two'));
    await client.ended();
    assert.ok(rig.upstream.requests.every(({ target }) => target === '/one'));
  });

  it('a WebSocket handshake behind a request that runs: the two answers do not mix', async () => {
    rig.upstream.answer = async ({ target }) => {
      await sleep(50);
      return target === '/one'
        ? OK
        : 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    };
    const client = await rig.dial();
    client.send(get('/one') + get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket'));
    assert.notEqual((await client.reply())?.status, 101);
    await client.ended();
  });

  it('two thousand at once do not become two thousand upstream connections', async () => {
    rig.upstream.answer = () => undefined;
    const client = await rig.dial();
    client.send(get('/thing').repeat(2_000));
    await client.ended();
    await sleep(100);
    assert.ok(rig.upstream.connections.length <= 1, `${rig.upstream.connections.length} connections`);
    await until('no upstream connection left', () => rig.upstream.connections.every((seen) => seen.over() !== null));
  });

  it('came through unharmed', () => rig.unharmed());

  it('leave nothing in the gate that a drain would wait for', async () => {
    const startedMs = Date.now();
    rig.gate.kill('SIGTERM');
    await rig.gate.exited;
    assert.ok(Date.now() - startedMs < 3_000, `${Date.now() - startedMs} ms`);
  });
});

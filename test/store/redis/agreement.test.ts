// What several machines agree on in Redis: leases with one holder, and sets that nobody gets into past their bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { setKey } from '../../../src/store/redis/keys.ts';
import { type AgreementLink, RedisAgreement } from '../../../src/store/redis/redis-agreement.ts';
import { RedisLink } from '../../../src/store/redis/redis-link.ts';
import { peer } from '../../peer.ts';
import { until } from '../../rig/bounded.ts';
import { redisFor, redisStoreOf } from '../../rig/redis.ts';

const { skip } = peer('redis');

test('agreement over Redis', { skip }, async (t) => {
  const redis = await redisFor(t);
  const store = redisStoreOf(redis);
  const machine = async (name: string): Promise<{ agreement: RedisAgreement; link: RedisLink }> => {
    const link = new RedisLink({ store, log: pino({ level: 'silent' }), onThere: () => {}, onNudge: () => {} });
    await link.start();
    t.after(() => link.stop());
    return { agreement: new RedisAgreement(link, 'otagate', name), link };
  };
  const [one, two] = [await machine('one'), await machine('two')];

  await t.test('a lease has one holder, and goes on to the next with a greater token', async () => {
    const first = await one.agreement.lease('order');
    assert.ok(first !== null);
    assert.equal(await two.agreement.lease('order'), null);
    await first.release();
    const second = await two.agreement.lease('order');
    assert.ok(second !== null && second.token > first.token);
    await second.release(2_000);
    assert.equal(await one.agreement.lease('order'), null, 'it rests');
  });

  await t.test('one that cannot be renewed is given up before another has it', async () => {
    const held = await one.agreement.lease('fill', 1_200);
    assert.ok(held !== null);
    let lostMs = 0;
    held.lost.addEventListener('abort', () => {
      lostMs = performance.now();
    });
    one.link.stop();
    const next = await until(
      'the next holder',
      async () => (await two.agreement.lease('fill', 1_200)) ?? false,
      10_000,
    );
    const gotMs = performance.now();
    assert.ok(held.lost.aborted && lostMs <= gotMs);
    assert.ok(next.token > held.token);
    await next.release();
  });

  await t.test('no wave lets in more than its size, whoever asks, and whatever Redis loses', async () => {
    const three = await machine('three');
    const ask = (number: number) =>
      (number % 2 === 0 ? two : three).agreement.admit('rollout/a', `device-${number}`, 10);
    const answers = await Promise.all(Array.from({ length: 60 }, (_, number) => ask(number)));
    const members = answers.flatMap((answer, number) => (answer === 'in' ? [`device-${number}`] : []));
    assert.equal(members.length, 10);
    for (const device of members) assert.equal(await three.agreement.admit('rollout/a', device, 10), 'in', 'it stays');
    await redis.command('FLUSHALL');
    const known = async (): Promise<string[]> => members;
    assert.equal(await two.agreement.admit('rollout/a', 'another', 10, known), 'full');
    assert.equal(await two.agreement.admit('rollout/a', members[0] ?? '', 10, known), 'in');
    three.link.stop();
    assert.equal(await three.agreement.admit('rollout/a', members[0] ?? '', 10), 'unknown');
  });

  await t.test('a wave that is forgotten while Redis is gone is empty for the next one of its name', async () => {
    let link = two.link;
    const cut: AgreementLink = {
      run: (...command) => link.run(...command),
      runScript: (...command) => link.runScript(...command),
    };
    const agreement = new RedisAgreement(cut, 'otagate', 'four');
    assert.equal(await agreement.admit('rollout/b', 'an-old-one', 1), 'in');
    link = one.link; // stopped above
    await agreement.forget('rollout/b');
    assert.equal(await agreement.admit('rollout/b', 'a-new-one', 1), 'unknown');
    link = two.link;
    assert.equal(await agreement.admit('rollout/b', 'a-new-one', 1), 'in');
    assert.equal(await agreement.admit('rollout/b', 'an-old-one', 1), 'full');
  });

  await t.test('a set lives on while it is used, and no longer, though it was full when it was told anew', async () => {
    assert.equal(await two.agreement.admit('rollout/c', 'another', 1, async () => ['a-member']), 'full');
    const key = setKey('otagate', 'rollout/c');
    assert.ok(Number(await redis.command('TTL', key)) > 0);
    await redis.command('EXPIRE', key, '60');
    assert.equal(await two.agreement.admit('rollout/c', 'a-member', 1), 'in');
    assert.ok(Number(await redis.command('TTL', key)) > 60);
  });
});

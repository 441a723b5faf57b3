// What one machine fetches passes through a real Redis to another: also where its file moves, where its fill fails, and
// where the other looks in the moment in which it ends.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { bodyOf, type Fetcher, type Reply } from '../../src/firmware/fetch.ts';
import type { CarriedFill } from '../../src/firmware/fetch-turn.ts';
import { Fills, newTotals } from '../../src/firmware/fills.ts';
import { Library } from '../../src/firmware/library.ts';
import { PassingImages } from '../../src/firmware/passing.ts';
import { passageName, SharedFills } from '../../src/firmware/shared-fills.ts';
import type { Turn } from '../../src/firmware/sharing.ts';
import { Shelf } from '../../src/firmware/shelf.ts';
import type { FillState } from '../../src/link/firmware.ts';
import type { Agreement } from '../../src/store/agreement.ts';
import { Passages } from '../../src/store/redis/passages.ts';
import { RedisAgreement } from '../../src/store/redis/redis-agreement.ts';
import { RedisLink } from '../../src/store/redis/redis-link.ts';
import { Sealing } from '../../src/store/redis/sealing.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { Upstreams } from '../../src/upstream/upstreams.ts';
import { peer } from '../peer.ts';
import { until } from '../rig/bounded.ts';
import { redisFor, redisStoreOf } from '../rig/redis.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const { skip } = peer('redis');
const BYTES = randomBytes(700_000);
const WHOLE: FillState = { kind: 'whole', sha256: '0f'.repeat(32) };
const FAILED: FillState = { kind: 'failed', code: 'UPSTREAM_RESET', detail: 'gone' };
// A machine that says nothing more counts as dead after 2.8 s.
const SOON_MS = 1_500;
const NO_FETCHER: Fetcher = {
  upstreams: new Upstreams(),
  limits: () => assert.fail('nobody is asked'),
  isOwn: () => false,
  mayFetch: () => false,
  originsOf: () => [],
};

type HandFill = CarriedFill & { tell: (news: { file?: string; state?: FillState }) => void };

/** A fill that a test moves on by hand, all of whose bytes stand in its file from the start. */
function handFill(name: string): HandFill {
  const watchers = new Set<() => void>();
  const now: { file: string; state: FillState } = {
    file: join(freshFolder(), 'a.part'),
    state: { kind: 'filling', have: 0 },
  };
  writeFileSync(now.file, BYTES);
  return {
    name,
    length: BYTES.length,
    kept: true,
    ready: Promise.resolve(),
    done: new Promise(() => {}),
    get file() {
      return now.file;
    },
    get state() {
      return now.state;
    },
    watch: (onChange) => {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    tell: (news) => {
      Object.assign(now, news);
      for (const onChange of watchers) onChange();
    },
  };
}

function replyFor(name: string): Reply {
  return {
    status: 200,
    upstream: 'main',
    url: new URL(`http://upstream.test/${name}`),
    headers: {},
    length: BYTES.length,
    start: 0,
    etag: null,
    lastModified: null,
    fileName: `${name}.bin`,
    contentType: 'application/octet-stream',
    begun: [],
    rest: { next: async () => null },
    abort: () => {},
  };
}

async function bytesOf(turn: Turn): Promise<Buffer> {
  assert.ok(turn.kind === 'theirs');
  const parts: Buffer[] = [];
  for await (const part of bodyOf(turn.reply)) parts.push(part);
  return Buffer.concat(parts);
}

const options = (running = false) => ({ promise: null, running, signal: new AbortController().signal });

test('fills that several machines share', { skip }, async (t) => {
  const redis = await redisFor(t);
  const log = pino({ level: 'silent' });
  const machine = async (name: string) => {
    const link = new RedisLink({ store: redisStoreOf(redis), log, onThere: () => {}, onNudge: () => {} });
    await link.start();
    t.after(() => link.stop());
    const passages = new Passages(link, new Sealing(Buffer.alloc(32).toString('base64')), 'otagate');
    const agreement = new RedisAgreement(link, 'otagate', name);
    return { agreement, passages, fills: new SharedFills(passages, agreement, log) };
  };
  const [one, two] = [await machine('one'), await machine('two')];
  /** The first machine has the turn and carries this fill. */
  const carried = async (name: string): Promise<HandFill> => {
    const fill = handFill(name);
    const ours = await one.fills.turn(name, options());
    assert.ok(ours.kind === 'ours' && ours.turn !== null);
    ours.turn(replyFor(name)).carry(fill);
    return fill;
  };

  await t.test('bytes come as they grow', async () => {
    const fill = await carried('grows');
    const reading = two.fills.turn('grows', options()).then(bytesOf);
    for (const have of [1, 300_000, BYTES.length]) {
      await sleep(50);
      fill.tell({ state: { kind: 'filling', have } });
    }
    fill.tell({ state: WHOLE });
    assert.ok((await reading).equals(BYTES));
  });

  await t.test('its file has left its name before the news of it: the bytes come all the same', async () => {
    const fill = await carried('moves');
    const reading = two.fills.turn('moves', options()).then(bytesOf);
    const named = join(fill.file, '../named');
    renameSync(fill.file, named);
    await sleep(200);
    fill.tell({ state: { kind: 'filling', have: BYTES.length } });
    await sleep(200);
    fill.tell({ file: named, state: WHOLE });
    assert.ok((await reading).equals(BYTES));
  });

  for (const file of ['stays', 'goes first'])
    await t.test(`its fill failed, and its file ${file}: whoever reads behind it hears so at once`, async () => {
      const fill = await carried(`fails, file ${file}`);
      const turn = await two.fills.turn(`fails, file ${file}`, options());
      const sinceMs = performance.now();
      const reading = bytesOf(turn);
      reading.catch(() => {}); // heard below
      if (file === 'goes first') rmSync(fill.file);
      fill.tell({ state: { kind: 'filling', have: 10_000 } });
      await sleep(200);
      fill.tell({ state: FAILED });
      await assert.rejects(reading, { code: 'UPSTREAM_RESET', retry: true });
      assert.ok(performance.now() - sinceMs < SOON_MS);
    });

  await t.test('who has lost the turn breaks off no passage of the next one', async () => {
    const late = await one.fills.turn('lost', options());
    assert.ok(late.kind === 'ours' && late.turn !== null);
    // As after a failover to a Redis that had not heard of it.
    await redis.command('DEL', `otagate:{otagate}:lease:fill/${passageName('lost')}`);
    const next = await two.fills.turn('lost', options());
    assert.ok(next.kind === 'ours' && next.turn !== null);
    const fill = handFill('lost');
    next.turn(replyFor('lost')).carry(fill);
    const reading = until('its passage', async () => (await two.fills.follow(passageName('lost'))) ?? false).then(
      (reply) => bytesOf({ kind: 'theirs', reply }),
    );
    late.turn(replyFor('lost')).carry(handFill('lost'));
    await sleep(100);
    fill.tell({ state: WHOLE });
    assert.ok((await reading).equals(BYTES));
  });

  await t.test('a stop waits for no byte of another machine', async () => {
    const fill = await carried('slow');
    const turn = await two.fills.turn('slow', options());
    assert.ok(turn.kind === 'theirs');
    const folder = freshFolder();
    const shelf = new Shelf(folder);
    const state = openSqliteState(folder, Date.now());
    const fills = new Fills({
      library: new Library(state.catalogue, shelf, log),
      shelf,
      passing: new PassingImages(),
      fetcher: NO_FETCHER,
      log,
      settings: () => ({ maxBytes: 10_000_000, recheckMs: 1_000 }),
      sharing: two.fills,
      totals: newTotals(),
    });
    const place = { upstream: 'main', url: turn.reply.url, host: 'gate.test', authorization: null };
    const behind = fills.begin('slow', place, turn.reply, false, null);
    fill.tell({ state: { kind: 'filling', have: 10_000 } });
    await until('its first bytes', () => behind.state.kind === 'filling' && behind.state.have > 0);
    const sinceMs = performance.now();
    const stopped = fills.stop();
    await Promise.race([stopped, sleep(SOON_MS)]);
    fill.tell({ state: FAILED });
    await stopped;
    assert.ok(performance.now() - sinceMs < SOON_MS);
    assert.equal(behind.state.kind, 'failed');
    assert.deepEqual(fills.leftovers(), ['slow'], 'it can be gone on with');
    state.close();
  });

  for (const running of [false, true])
    await t.test(`what began and ended between a look and the turn counts (running: ${running})`, async () => {
      const name = `between ${running}`;
      const late: Agreement = {
        admit: two.agreement.admit.bind(two.agreement),
        forget: two.agreement.forget.bind(two.agreement),
        lease: async (lease, lifeMs) => {
          const fill = await carried(name);
          fill.tell({ state: WHOLE });
          for (;;) {
            const taken = await two.agreement.lease(lease, lifeMs);
            if (taken !== null) return taken;
            await sleep(10);
          }
        },
      };
      const turn = await new SharedFills(two.passages, late, log).turn(name, options(running));
      assert.ok((await bytesOf(turn)).equals(BYTES));
      // Until its end lies before whatever is asked next, however slowly that is answered.
      await sleep(500);
      assert.equal((await one.fills.turn(name, options(true))).kind, 'ours', 'and the turn is free again');
    });
});

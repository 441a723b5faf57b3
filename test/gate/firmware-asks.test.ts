// What a gate hears of the images that it has open: no news is lost, whoever comes and goes meanwhile, and no file stays.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FirmwareAsks } from '../../src/gate/firmware-asks.ts';
import type { FillState, FirmwareAnswer, FirmwareAsk } from '../../src/link/firmware.ts';
import type { ToControl } from '../../src/link/messages.ts';
import { until, within } from '../rig/bounded.ts';
import { freshFolder } from '../store/fresh-folder.ts';

const BYTES = Buffer.alloc(100_000, 'firmware');
const WHOLE: FillState = { kind: 'whole', sha256: '0f'.repeat(32) };
const ASK = {
  url: 'http://a.test/',
  upstream: 'main',
  host: 'a.test',
  hint: null,
  authorization: null,
} as unknown as FirmwareAsk;

function opened() {
  const path = join(freshFolder(), 'a.part');
  writeFileSync(path, BYTES);
  const sent: number[] = [];
  const held: string[] = [];
  const asks = new FirmwareAsks(
    async (message: ToControl) => {
      if (message.kind === 'ask') sent.push(message.id);
    },
    (sha256) => held.push(sha256),
  );
  const named = { fileName: 'a.bin', contentType: 'x/y', lastModifiedMs: null, stored: true, app: null };
  const answer = (state: FillState, file = path): FirmwareAnswer => ({
    kind: 'object',
    how: 'joined',
    object: { id: 'fill', file, length: BYTES.length, state, ...named },
    holdsMs: 0,
  });
  return { path, sent, held, asks, answer };
}

function openBelow(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(path, '..'));
    } catch {
      return false;
    }
  }).length;
}

describe('an image that a gate has open', () => {
  it('misses no news where the last one that read it leaves between an answer and its opening', async () => {
    const { path, sent, asks, answer } = opened();
    const first = asks.open(ASK);
    asks.onAnswer(sent[0] ?? 0, answer({ kind: 'filling', have: 10 }));
    const reader = await first;
    const second = asks.open(ASK);
    // In one read: the answer, the last news of the fill, and then the end of the first download.
    asks.onAnswer(sent[1] ?? 0, answer({ kind: 'filling', have: 10 }));
    asks.onProgress({ id: 'fill', file: path, state: WHOLE });
    reader.leave();
    const { file, leave } = await second;
    assert.deepEqual(file.state, WHOLE);
    await within('the news', file.changed());
    leave();
    await until('no open file', () => openBelow(path) === 0);
  });

  it('goes on hearing for those who read where another one cannot open it', async () => {
    const { path, sent, asks, answer } = opened();
    const first = asks.open(ASK);
    asks.onAnswer(sent[0] ?? 0, answer({ kind: 'filling', have: 10 }));
    const { file, leave } = await first;
    // It moves to a place where nothing is any more: what is open stays open.
    rmSync(path);
    asks.onProgress({ id: 'fill', file: `${path}.gone`, state: { kind: 'filling', have: 20 } });
    assert.equal((await file.read(0, 20)).length, 20);
    const second = asks.open(ASK);
    asks.onAnswer(sent[1] ?? 0, answer({ kind: 'filling', have: 30 }, `${path}.gone`));
    (await second).leave();
    asks.onProgress({ id: 'fill', file: `${path}.gone`, state: WHOLE });
    assert.deepEqual(file.state, WHOLE);
    assert.equal((await file.read(0, BYTES.length)).length, BYTES.length);
    leave();
    leave();
    await until('no open file', () => openBelow(path) === 0);
  });

  it('is asked for once more where it left the disk in between, and not a third time', async () => {
    const { path, sent, asks, answer } = opened();
    const asking = asks.open(ASK);
    renameSync(path, `${path}.kept`);
    asks.onAnswer(sent[0] ?? 0, answer(WHOLE));
    await until('the second ask', () => sent.length === 2);
    asks.onAnswer(sent[1] ?? 0, answer(WHOLE, `${path}.kept`));
    (await asking).leave();
    const hopeless = asks.open(ASK);
    hopeless.catch(() => {});
    for (const nth of [2, 3]) {
      await until('an ask', () => sent.length > nth);
      asks.onAnswer(sent[nth] ?? 0, answer(WHOLE));
    }
    await assert.rejects(hopeless, { code: 'ENOENT' });
    await until('no open file', () => openBelow(path) === 0);
  });

  it('ends with control', async () => {
    const { sent, asks, answer } = opened();
    const first = asks.open(ASK);
    asks.onAnswer(sent[0] ?? 0, answer({ kind: 'filling', have: 10 }));
    const { file, leave } = await first;
    const waiting = asks.open(ASK);
    waiting.catch(() => {});
    asks.abandon();
    assert.equal(file.state.kind, 'failed');
    await assert.rejects(waiting, { code: 'INTERNAL' });
    leave();
  });
});

describe('an answer that holds', () => {
  const HOLDS_MS = 1_000;

  /** Asks once, and is told that the answer holds for so long. */
  async function told(holdsMs: number, ask = ASK) {
    const all = opened();
    const { path, sent, asks } = all;
    const sha256 = '0f'.repeat(32);
    const named = { fileName: 'a.bin', contentType: 'x/y', lastModifiedMs: null, stored: true, app: null };
    const object = { id: sha256, file: path, length: BYTES.length, state: WHOLE, ...named };
    const first = asks.open(ask);
    asks.onAnswer(sent[0] ?? 0, { kind: 'object', how: 'hit', object, holdsMs });
    (await first).leave();
    return { ...all, sha256 };
  }

  it('serves the same link without asking, and says so', async () => {
    const { sent, held, asks, sha256 } = await told(HOLDS_MS);
    const { file, how, leave } = await within('the image', asks.open(ASK));
    assert.equal(how, 'hit');
    assert.deepEqual(await file.read(0, 20), BYTES.subarray(0, 20));
    leave();
    assert.deepEqual([sent.length, held], [1, [sha256]]);
  });

  it('is asked for anew past its time, by another link, and where control said that things changed', async (t) => {
    const cases: { name: string; holdsMs: number; first: FirmwareAsk; change: (asks: FirmwareAsks) => unknown }[] = [
      { name: 'it does not hold', holdsMs: 0, first: ASK, change: () => {} },
      { name: 'its time is over', holdsMs: 20, first: ASK, change: () => sleep(30) },
      { name: 'another link', holdsMs: HOLDS_MS, first: { ...ASK, url: 'http://a.test/b' }, change: () => {} },
      { name: 'for one client', holdsMs: HOLDS_MS, first: { ...ASK, authorization: 'Basic YQ==' }, change: () => {} },
      { name: 'changed', holdsMs: HOLDS_MS, first: ASK, change: (asks) => asks.letGo() },
    ];
    for (const { name, holdsMs, first, change } of cases)
      await t.test(name, async () => {
        const { sent, held, asks, answer } = await told(holdsMs, first);
        await change(asks);
        const again = asks.open(name === 'for one client' ? first : ASK);
        assert.deepEqual([sent.length, held], [2, []]);
        asks.onAnswer(sent[1] ?? 0, answer(WHOLE));
        (await again).leave();
      });
  });

  it('is asked for where its file is gone', async () => {
    const { path, sent, asks, answer } = await told(HOLDS_MS);
    rmSync(path);
    const again = asks.open(ASK);
    await until('an Ask', () => sent.length === 2);
    const other = join(freshFolder(), 'b.part');
    writeFileSync(other, BYTES);
    asks.onAnswer(sent[1] ?? 0, answer(WHOLE, other));
    (await again).leave();
  });
});

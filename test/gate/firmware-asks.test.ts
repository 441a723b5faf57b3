// What a gate hears of the images that it has open: no news is lost, whoever comes and goes meanwhile, and no file stays.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
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
  const asks = new FirmwareAsks(async (message: ToControl) => {
    if (message.kind === 'ask') sent.push(message.id);
  });
  const named = { fileName: 'a.bin', contentType: 'x/y', lastModifiedMs: null, stored: true, app: null };
  const answer = (state: FillState, file = path): FirmwareAnswer => ({
    kind: 'object',
    how: 'joined',
    object: { id: 'fill', file, length: BYTES.length, state, ...named },
  });
  return { path, sent, asks, answer };
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

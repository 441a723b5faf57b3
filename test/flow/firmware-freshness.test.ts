// Stable links: the server's own words say how long an image counts as fresh, whose eyes it is for, and what happens
// when the server cannot be asked.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type Asked, fileServer, filesYaml, send, sendCut } from '../rig/file-server.ts';
import { assertImage, fetchFrom, sha256 } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { headerOf, jsonOf, type RawReply } from '../rig/wire.ts';

const SIZE = 60_000;
let made = 0;

type Answer = (response: ServerResponse, asked: Asked, nth: number) => void;
type Case = { path: string; asked: Asked[]; answer: Answer; image: Buffer; other: Buffer };

/** Sends a file under these headers, or 304 where the client has it. */
function sendOr304(response: ServerResponse, asked: Asked, bytes: Buffer, headers: Record<string, string> = {}): void {
  const etag = `"${sha256(bytes).slice(0, 8)}"`;
  if (asked.headers['if-none-match'] === etag) response.writeHead(304, { ETag: etag, ...headers }).end();
  else send(response, bytes, { ETag: etag, ...headers });
}

test('a stable link', { concurrency: true }, async (t) => {
  const cases = new Map<string, Case>();
  const files = await fileServer(t, (asked, response) => {
    const one = cases.get(asked.url);
    if (one === undefined) return void response.destroy();
    one.asked.push(asked);
    one.answer(response, asked, one.asked.length);
  });
  const gate = await gateFor(t, filesYaml(files.origin, 'firmware: { recheck: 1h }'));
  const running: Promise<void>[] = [];
  const it = (name: string, run: (one: Case) => Promise<void>): void => {
    made += 1;
    const [image, other] = ['image', 'other'].map((seed) =>
      buildImage({ version: '1.0.0', size: SIZE, seed: `${seed} ${made}` }),
    );
    assert.ok(image && other);
    const one: Case = { path: `/fw/${made}.bin`, asked: [], answer: () => {}, image, other };
    cases.set(one.path, one);
    running.push(t.test(name, () => run(one)));
  };
  const get = async ({ path }: Case, headers: Record<string, string> = {}): Promise<RawReply> =>
    fetchFrom(gate, path, { headers });
  const getAll = async (one: Case, times: number): Promise<void> => {
    for (let nth = 1; nth <= times; nth += 1) assertImage(await get(one), one.image, `download ${nth}`);
  };
  const cacheOf = (reply: RawReply): string => headerOf(reply, 'Cache-Status') ?? '';
  const isKept = (bytes: Buffer): boolean =>
    readdirSync(join(gate.folder, 'state/firmware-v1/images')).includes(sha256(bytes));

  for (const words of ['max-age=60', 'public, max-age=60', 'max-age=60, must-revalidate', 'Max-Age=60']) {
    it(`is not asked about within its lifetime: ${words}`, async (one) => {
      one.answer = (response) => send(response, one.image, { 'Cache-Control': words });
      await getAll(one, 7);
      assert.equal(one.asked.length, 1);
    });
  }

  it('is asked about past its lifetime, and a 304 begins it anew', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': 'max-age=4' });
    await getAll(one, 2);
    await sleep(4_100);
    const reply = await get(one);
    assertImage(reply, one.image);
    assert.equal(cacheOf(reply), 'otagate; fwd=stale; fwd-status=304');
    assert.equal(one.asked.length, 2);
    await getAll(one, 1);
    assert.equal(one.asked.length, 2);
  });

  it('without a lifetime is asked about a few times, then once in firmware.recheck', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image);
    await getAll(one, 30);
    assert.equal(one.asked.length, 16);
  });

  it('that was replaced serves the new file to the next', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image);
    await getAll(one, 1);
    one.answer = (response, asked) => sendOr304(response, asked, one.other);
    assertImage(await get(one), one.other);
    assertImage(await get(one), one.other);
  });

  for (const words of ['no-cache', 'No-Cache', 'max-age=0', 'no-cache, private="x"']) {
    it(`is asked about each time: ${words}`, async (one) => {
      one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': words });
      await getAll(one, 8);
      assert.equal(one.asked.length, 8);
    });
  }

  it('is asked about each time, though its 304 says nothing more', async (one) => {
    one.answer = (response, asked) => {
      if (asked.headers['if-none-match'] === '"one"') response.writeHead(304).end();
      else send(response, one.image, { ETag: '"one"', 'Cache-Control': 'no-cache' });
    };
    await getAll(one, 8);
    assert.equal(one.asked.length, 8);
  });

  it('is asked about each time, though its fetch was picked up in the middle', async (one) => {
    const headers = { 'Cache-Control': 'no-cache', ETag: '"one"' };
    one.answer = (response, asked, nth) => {
      if (nth <= 3) return sendCut(response, one.image, 30_000, headers);
      if (asked.headers['if-none-match'] === '"one"') return response.writeHead(304, headers).end();
      return send(response, one.image, headers);
    };
    assert.equal((await get(one)).whole, false);
    const fileName = basename(one.path);
    await gate.line((line) => line.event === 'firmware-failed' && line.fileName === fileName);
    assert.equal(one.asked.length, 3);
    await getAll(one, 1);
    const before = one.asked.length;
    await getAll(one, 7);
    assert.equal(one.asked.length, before + 7);
  });

  for (const words of ['no-store', 'private', 'No-Store', 'PRIVATE, max-age=60']) {
    it(`is kept by nobody: ${words}`, async (one) => {
      one.answer = (response) => send(response, one.image, { 'Cache-Control': words });
      await getAll(one, 3);
      assert.equal(one.asked.length, 3);
      assert.equal(isKept(one.image), false);
    });
  }

  it('that may not be kept is not said to be', async (one) => {
    one.answer = (response) => send(response, one.image, { 'Cache-Control': 'no-store' });
    assert.equal(cacheOf(await get(one)), 'otagate; fwd=bypass');
  });

  it('asked for with credentials is for this client alone', async (one) => {
    one.answer = (response, { headers: { authorization } }) =>
      send(response, authorization === undefined ? one.image : one.other, { 'Cache-Control': 'max-age=60' });
    const mine = { Authorization: 'Bearer mine' };
    assertImage(await get(one, mine), one.other);
    await getAll(one, 2);
    assertImage(await get(one, mine), one.other);
    assert.equal(one.asked.length, 3);
    assert.equal(isKept(one.other), false);
  });

  for (const [what, fail] of Object.entries<Answer>({
    'breaks off': (response) => void response.socket?.destroy(),
    'answers 503': (response) => send(response, Buffer.from('busy'), {}, 503),
    'answers with a page': (response) => send(response, Buffer.from('<h1>no</h1>'), { 'Content-Type': 'text/html' }),
  })) {
    it(`is served as it was, with a warning, while the server ${what}`, async (one) => {
      one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': 'max-age=0' });
      await getAll(one, 1);
      one.answer = fail;
      const reply = await get(one);
      assertImage(reply, one.image);
      assert.equal(cacheOf(reply), 'otagate; hit; detail=upstream-error');
      const hash = sha256(one.image);
      await gate.line((line) => line.event === 'firmware-stale' && line.sha256 === hash && line.level === 'warn');
    });
  }

  it('is not, where the server forbids it', async (one) => {
    const headers = { 'Cache-Control': 'max-age=0, must-revalidate' };
    one.answer = (response, asked) => sendOr304(response, asked, one.image, headers);
    await getAll(one, 1);
    one.answer = (response) => void response.socket?.destroy();
    assert.equal((await get(one)).status, 502);
  });

  it('is gone when the server says 404, and back when it is back', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': 'max-age=0' });
    await getAll(one, 1);
    const back = one.answer;
    one.answer = (response) => send(response, Buffer.alloc(0), {}, 404);
    for (const reply of [await get(one), await get(one)]) {
      assert.equal(reply.status, 404);
      assert.equal(jsonOf(reply).code, 'FIRMWARE_LINK_DEAD');
    }
    one.answer = back;
    await getAll(one, 1);
  });

  it('is gone, though the 404 takes longer than a device waits', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': 'max-age=0' });
    await getAll(one, 1);
    one.answer = (response) => void setTimeout(() => send(response, Buffer.alloc(0), {}, 404), 3_600);
    await getAll(one, 1);
    await sleep(1_200);
    one.answer = (response) => void response.socket?.destroy();
    assert.notEqual((await get(one)).status, 200, 'what was taken away is not served any more');
  });

  it('is served at once while the server is asked behind it, by one question for all', async (one) => {
    const headers = { 'Cache-Control': 'max-age=1, stale-while-revalidate=60' };
    one.answer = (response) => send(response, one.image, headers);
    await getAll(one, 1);
    await sleep(1_200);
    const before = one.asked.length;
    one.answer = (response) => void setTimeout(() => send(response, one.other, headers), 2_000);
    const beganMs = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => getAll(one, 2)));
    assert.ok(performance.now() - beganMs < 2_000, 'nobody waits for the answer');
    await until('the new file', async () => (await get(one)).body.equals(one.other));
    assert.ok(one.asked.length - before <= 2, `${one.asked.length - before} questions`);
  });

  it('is served as it was within three seconds, while the server is silent', async (one) => {
    one.answer = (response, asked) => sendOr304(response, asked, one.image, { 'Cache-Control': 'max-age=0' });
    await getAll(one, 1);
    one.answer = () => {};
    const beganMs = performance.now();
    await getAll(one, 1);
    assert.ok(performance.now() - beganMs < 4_500, `${performance.now() - beganMs} ms`);
  });

  it('is asked about, though its tag is not ASCII', async (one) => {
    const tagged =
      (tag: string, bytes: Buffer): Answer =>
      (response, asked) => {
        if (asked.headers['if-none-match'] === tag) return response.writeHead(304, { ETag: tag }).end();
        return send(response, bytes, { ETag: tag });
      };
    one.answer = tagged('"\u00e9\u00e8"', one.image);
    await getAll(one, 2);
    one.answer = tagged('"\u00e9\u00ea"', one.other);
    assertImage(await get(one), one.other);
  });
  await Promise.all(running);
});

// Ranges and conditions at an image that is not here yet, that is on its way, and that is here: the answer is the same,
// but for the tag, which nobody can know before the last byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { fileServer, filesYaml, sendPaced } from '../rig/file-server.ts';
import { assertImage, fetchFrom, sha256 } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';
import { headerOf, type RawReply } from '../rig/wire.ts';

const LENGTH = 240_000;
const IMAGE = buildImage({ version: '1.0.0', size: LENGTH });
const TAG = `"sha256-${sha256(IMAGE)}"`;
const FILL_MS = 1_500;
const WARM = '/fw/warm.bin';

type State = 'cold' | 'filling' | 'warm';
type Expected = { status: number; start?: number; end?: number };

const WHOLE: Expected = { status: 200 };
const part = (start: number, end: number): Expected => ({ status: 206, start, end });

/** The headers of a GET, and what comes of it whatever the state is. */
const asked: [headers: Record<string, string>, expected: Expected][] = [
  [{}, WHOLE],
  [{ Range: 'bytes=0-' }, part(0, LENGTH)],
  [{ Range: 'bytes=100-199' }, part(100, 200)],
  [{ Range: 'bytes=0-0' }, part(0, 1)],
  [{ Range: `bytes=${LENGTH - 1}-` }, part(LENGTH - 1, LENGTH)],
  [{ Range: 'bytes=-1000' }, part(LENGTH - 1000, LENGTH)],
  [{ Range: 'bytes=200000-999999999' }, part(200_000, LENGTH)],
  [{ Range: `bytes=${LENGTH}-` }, { status: 416 }],
  [{ Range: 'bytes=-0' }, { status: 416 }],
  [{ Range: 'bytes=0-99,200-299' }, WHOLE],
  [{ Range: 'lines=1-2' }, WHOLE],
  [{ Range: 'bytes=9-1' }, WHOLE],
  [{ Range: 'bytes=100-199', 'If-Range': '"another"' }, WHOLE],
  [{ Range: 'bytes=100-199', 'If-Range': 'Sat, 29 Oct 1994 19:43:31 GMT' }, WHOLE],
  [{ 'If-None-Match': '"another", W/"yet-another"' }, WHOLE],
  [{ 'If-Modified-Since': 'Sat, 29 Oct 1994 19:43:31 GMT' }, WHOLE],
  [{ 'If-Modified-Since': 'no date' }, WHOLE],
  [{ 'If-Match': '"another"' }, { status: 412 }],
  [{ 'If-Match': '*' }, WHOLE],
  [{ 'If-None-Match': '*' }, { status: 304 }],
  [{ 'If-Unmodified-Since': 'Sat, 29 Oct 1994 19:43:31 GMT' }, { status: 412 }],
];

function assertAnswer(reply: RawReply, { status, start, end }: Expected, what: string): void {
  assert.equal(reply.status, status, what);
  assert.equal(headerOf(reply, 'Accept-Ranges'), 'bytes', what);
  assert.match(headerOf(reply, 'Cache-Status') ?? '', /^otagate; /, what);
  if (status === 200) assertImage(reply, IMAGE, what);
  if (status === 416) assert.equal(headerOf(reply, 'Content-Range'), `bytes */${LENGTH}`, what);
  if (status !== 304) assert.equal(headerOf(reply, 'Content-Length'), String(reply.body.length), what);
  if (status !== 206 || start === undefined || end === undefined) return;
  assert.equal(headerOf(reply, 'Content-Range'), `bytes ${start}-${end - 1}/${LENGTH}`, what);
  assert.ok(reply.body.equals(IMAGE.subarray(start, end)), what);
}

test('ranges and conditions', { concurrency: true }, async (t) => {
  const files = await fileServer(t, (_, response) =>
    sendPaced(response, IMAGE, (LENGTH / FILL_MS) * 1000, { ETag: '"one"', 'Cache-Control': 'max-age=60' }),
  );
  const gate = await gateFor(t, filesYaml(files.origin, 'firmware: { pace: { device: none } }'));
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawReply> =>
    fetchFrom(gate, path, { headers, method });
  const warming = get(WARM);
  let names = 0;
  /** A path on which an image is in that state. */
  const pathIn = async (state: State): Promise<string> => {
    if (state === 'warm') {
      await warming;
      return WARM;
    }
    names += 1;
    const path = `/fw/${names}.bin`;
    if (state === 'cold') return path;
    void get(path);
    // In its first half: what is asked for is mostly not here yet.
    await until('a fill', () => files.asked.some(({ url }) => url === path));
    return path;
  };

  const running: Promise<void>[] = [];
  for (const state of ['cold', 'filling', 'warm'] as const) {
    running.push(
      t.test(`at an image that is ${state}`, async () => {
        const all = asked.map(async ([headers, expected]) => {
          const what = `${state}, ${JSON.stringify(headers)}`;
          const path = await pathIn(state);
          const reply = await get(path, headers);
          assertAnswer(reply, expected, what);
          // Who was answered by a head alone left a fill behind, and no second one comes of it.
          await get(path, { Range: 'bytes=-1' });
          assert.equal(files.asked.filter(({ url }) => url === path).length, 1, what);
        });
        await Promise.all(all);
      }),
      t.test(`HEAD at an image that is ${state}`, async () => {
        const path = await pathIn(state);
        const reply = await get(path, { Range: 'bytes=0-1' }, 'HEAD');
        assert.equal(reply.status, 200);
        assert.equal(headerOf(reply, 'Content-Length'), String(LENGTH));
        assert.equal(reply.body.length, 0);
        assert.equal((await get(path, {}, 'PUT')).status, 405);
      }),
    );
  }

  running.push(
    t.test('a range beyond what is here waits for it', async () => {
      const path = await pathIn('filling');
      const beganMs = performance.now();
      const [near, far] = await Promise.all(
        ['bytes=0-9', `bytes=${LENGTH / 2}-${LENGTH / 2 + 9}`].map(async (Range) => {
          const reply = await get(path, { Range });
          return { reply, ms: performance.now() - beganMs };
        }),
      );
      assert.ok(near && far && near.ms < far.ms);
      assert.ok(far.reply.body.equals(IMAGE.subarray(LENGTH / 2, LENGTH / 2 + 10)));
      assert.ok(far.ms < FILL_MS * 0.9 + 300, `not for the end of the fill: ${far.ms} ms`);
      const [before, within] = await Promise.all([
        get(path, { Range: 'bytes=-4097' }),
        get(path, { Range: 'bytes=-9' }),
      ]);
      assert.ok(before.whole && within.whole);
    }),
  );
  await Promise.all(running);

  // Behind the others, which bring the same bytes under other names.
  await t.test('the tag and the date of an image that is here', async () => {
    const path = await pathIn('warm');
    const whole = await get(path);
    const date = headerOf(whole, 'Last-Modified') ?? '';
    assert.equal(headerOf(whole, 'ETag'), TAG);
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 30_000, date);
    const known: [Record<string, string>, Expected][] = [
      [{ 'If-None-Match': TAG }, { status: 304 }],
      [{ 'If-None-Match': `"x", W/${TAG}` }, { status: 304 }],
      [{ 'If-Modified-Since': date }, { status: 304 }],
      [{ 'If-None-Match': '"x"', 'If-Modified-Since': date }, WHOLE],
      [{ 'If-Match': TAG }, WHOLE],
      [{ 'If-Match': `W/${TAG}` }, { status: 412 }],
      [{ 'If-Unmodified-Since': date }, WHOLE],
      [{ Range: 'bytes=0-9', 'If-Range': TAG }, part(0, 10)],
      [{ Range: 'bytes=0-9', 'If-Range': `W/${TAG}` }, WHOLE],
      [{ Range: 'bytes=0-9', 'If-Range': date }, part(0, 10)],
    ];
    for (const [headers, expected] of known) assertAnswer(await get(path, headers), expected, JSON.stringify(headers));
    const head = await get(path, { 'If-None-Match': TAG }, 'HEAD');
    assert.deepEqual([head.status, headerOf(head, 'ETag')], [304, TAG]);
  });
});

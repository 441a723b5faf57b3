// A server that stalls, breaks off, contradicts itself or is replaced in the middle: what a device gets is whole and
// right, or visibly short.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type Asked, fileServer, filesYaml, send, sendCut, sendUpTo } from '../rig/file-server.ts';
import { assertImage, fetchFrom, isComplete, tryFetch } from '../rig/firmware-links.ts';
import { gateFor } from '../rig/gate.ts';

const IMAGE = buildImage({ version: '1.0.0', size: 300_000 });
const OTHER = buildImage({ version: '1.0.0', size: 300_000, seed: 'other' });
const SHORTER = buildImage({ version: '1.0.0', size: 200_000, seed: 'shorter' });
const CUT = 100_000;
const TAG = { ETag: '"one"' };
const NEW_TAG = { ETag: '"two"' };

type Answer = (response: ServerResponse, asked: Asked, nth: number) => void;
type Case = {
  path: string;
  /** What the server was asked for this path, and how it answers from now on. */
  asked: Asked[];
  answer: Answer;
  /** Answers that nobody has ended yet. */
  open: number;
};

/** Where a request wants to begin. */
function from({ headers }: Asked): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

function sendRest(response: ServerResponse, bytes: Buffer, at: number, headers: Record<string, string> = {}): void {
  const range = { 'Content-Range': `bytes ${at}-${bytes.length - 1}/${bytes.length}` };
  send(response, bytes.subarray(at), { ...range, ...headers }, 206);
}

/** Breaks the first answer off. */
function cutFirst(then: Answer, headers: Record<string, string> = TAG): Answer {
  return (response, asked, nth) => (nth === 1 ? sendCut(response, IMAGE, CUT, headers) : then(response, asked, nth));
}

const compared: Record<string, Record<string, string>> = {
  'no tag': {},
  'a weak tag': { ETag: 'W/"one"' },
  'a date only': { 'Last-Modified': 'Sat, 29 Oct 2022 19:43:31 GMT' },
};

/** A server on which the file was replaced after the first answer broke off: how it answers the request for the rest. */
const replaced: Record<string, Answer> = {
  'sends the whole new file': (response) => send(response, OTHER, NEW_TAG),
  'sends the whole new file, under the old tag': (response) => send(response, OTHER, TAG),
  'sends a shorter file': (response) => send(response, SHORTER, NEW_TAG),
  'sends a part of the new one, with its tag': (response, asked) =>
    from(asked) > 0 ? sendRest(response, OTHER, from(asked), NEW_TAG) : send(response, OTHER, NEW_TAG),
  'sends a part of the new one, without a tag': (response, asked) =>
    from(asked) > 0 ? sendRest(response, OTHER, from(asked)) : send(response, OTHER),
  'sends a part of the new one, with the old tag': (response, asked) =>
    from(asked) > 0 ? sendRest(response, OTHER, from(asked), TAG) : send(response, OTHER, TAG),
  'sends a part from another place than was asked for': (response, asked) =>
    from(asked) > 0 ? sendRest(response, OTHER, from(asked) - 5_000, TAG) : send(response, OTHER, TAG),
  'sends a part that lies about its place': (response, asked) => {
    const at = from(asked);
    const lie = { ...TAG, 'Content-Range': `bytes ${at}-${OTHER.length - 1}/${OTHER.length}` };
    if (at > 0) send(response, OTHER.subarray(1_000, OTHER.length - at + 1_000), lie, 206);
    else send(response, OTHER, TAG);
  },
  'sends a part without saying which': (response, asked) => send(response, OTHER, TAG, from(asked) > 0 ? 206 : 200),
  'has nothing there any more': (response, asked) => {
    if (from(asked) > 0) send(response, Buffer.alloc(0), { 'Content-Range': `bytes */${SHORTER.length}` }, 416);
    else send(response, SHORTER, NEW_TAG);
  },
};

const lengths: Record<string, (response: ServerResponse) => void> = {
  'fewer bytes than it promised, each time': (response) => sendCut(response, IMAGE, CUT),
  'more bytes than it promised': (response) => endRaw(response, 'Content-Length: 200000\r\nConnection: close\r\n'),
  'a length that is none': (response) => endRaw(response, 'Content-Length: many\r\n'),
  'two lengths': (response) => endRaw(response, 'Content-Length: 300000\r\nContent-Length: 200000\r\n'),
};

function endRaw(response: ServerResponse, fields: string): void {
  response.socket?.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n`), IMAGE]));
}

// All at the same time: most of them wait for the pause before a second attempt.
test('a download whose server fails on its way', { concurrency: true }, async (t) => {
  const cases = new Map<string, Case>();
  const files = await fileServer(t, (asked, response) => {
    const one = cases.get(asked.url);
    if (one === undefined) return void response.destroy();
    one.asked.push(asked);
    one.open += 1;
    response.on('close', () => {
      one.open -= 1;
    });
    one.answer(response, asked, one.asked.length);
  });
  const gate = await gateFor(t, filesYaml(files.origin, 'limits: { idle: 2s, reply: 2s }'));
  const running: Promise<void>[] = [];
  const it = (name: string, answer: Answer, run: (one: Case) => Promise<void>): void => {
    const one: Case = { path: `/fw/${cases.size}.bin`, asked: [], answer, open: 0 };
    cases.set(one.path, one);
    running.push(t.test(name, () => run(one)));
  };

  const rest = cutFirst((response, asked) => sendRest(response, IMAGE, from(asked), TAG));
  it('goes on where it was, by a range that is bound to the tag', rest, async ({ path, asked }) => {
    assertImage(await fetchFrom(gate, path), IMAGE);
    assert.equal(asked.length, 2);
    const { range, 'if-range': ifRange } = asked[1]?.headers ?? {};
    assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
    assert.equal(ifRange, '"one"');
  });

  for (const [what, headers] of Object.entries(compared)) {
    const again = cutFirst((response) => send(response, IMAGE, headers), headers);
    it(`begins again and compares, where there is ${what}`, again, async ({ path, asked }) => {
      assertImage(await fetchFrom(gate, path), IMAGE);
      const ranges = asked.map((one) => one.headers.range);
      assert.deepEqual(ranges, [undefined, undefined], 'a part could be of other bytes');
    });
  }

  const noRanges = cutFirst((response) => send(response, IMAGE, TAG));
  it('takes the whole file too, where the server knows no ranges', noRanges, async ({ path }) =>
    assertImage(await fetchFrom(gate, path), IMAGE),
  );

  const stalls: Answer = (response, asked, nth) =>
    nth === 1 ? sendUpTo(response, IMAGE, CUT, TAG) : sendRest(response, IMAGE, from(asked), TAG);
  it('goes on behind a stall', stalls, async ({ path }) => assertImage(await fetchFrom(gate, path), IMAGE));

  const silent: Answer = (response, _, nth) => nth > 1 && send(response, IMAGE, TAG);
  it('is refused behind silence, and asked for again by the next', silent, async ({ path }) => {
    const replies = await Promise.all([tryFetch(gate, path), tryFetch(gate, path)]);
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      [504, 504],
    );
    assertImage(await fetchFrom(gate, path), IMAGE);
  });

  const twice = cutFirst((response, asked, nth) => {
    const at = from(asked);
    if (nth > 2) return sendRest(response, IMAGE, at, TAG);
    const range = `bytes ${at}-${IMAGE.length - 1}/${IMAGE.length}`;
    response.writeHead(206, { ...TAG, 'Content-Length': String(IMAGE.length - at), 'Content-Range': range });
    response.write(IMAGE.subarray(at, at + 50_000), () => response.socket?.end());
  });
  it('survives two breaks', twice, async ({ path }) => assertImage(await fetchFrom(gate, path), IMAGE));

  for (const [what, then] of Object.entries(replaced)) {
    it(`never mixes two files, where the server ${what}`, cutFirst(then), async ({ path, asked }) => {
      assert.ok(!isComplete(await tryFetch(gate, path)), 'what began with one file cannot end with another');
      const next = await until('the new file', async () => {
        const reply = await tryFetch(gate, path);
        return reply !== null && isComplete(reply) && reply;
      });
      assert.ok(next.body.equals(OTHER) || next.body.equals(SHORTER));
      assert.ok(asked.length <= 7, `${asked.length} requests`);
    });
  }

  for (const [what, answer] of Object.entries(lengths)) {
    it(`is visibly short or refused, where the server sends ${what}`, answer, async ({ path, asked }) => {
      const reply = await tryFetch(gate, path);
      assert.equal(isComplete(reply), false);
      assert.notEqual(reply?.status, 500);
      assert.ok(asked.length <= 4, `${asked.length} requests`);
    });
  }

  const inTurn: Answer = (response, _, nth) => sendCut(response, nth % 2 === 0 ? IMAGE : SHORTER, CUT);
  it('comes to an end, where two files come in turn, and neither of them whole', inTurn, async ({ path, asked }) => {
    assert.equal(isComplete(await tryFetch(gate, path)), false);
    await sleep(3_000);
    assert.ok(asked.length <= 8, `${asked.length} requests in 3 s for one download`);
  });

  // So much that the system cannot hold it: who does not read it must hang up.
  const rangeOf = (asked: Asked) => ({ 'Content-Range': `bytes ${from(asked)}-29999999/30000000`, ...NEW_TAG });
  const unread = cutFirst((response, asked) => send(response, Buffer.alloc(20_000_000), rangeOf(asked), 206));
  it('hangs up on an answer that it does not want', unread, async (one) => {
    await tryFetch(gate, one.path);
    await until('the end of every answer', () => one.asked.length > 1 && one.open === 0);
  });
  await Promise.all(running);
});

// An upstream that lies, stalls, floods or breaks off: the client gets a problem with the right code, or a body that is
// visibly cut; the connection to the upstream is given up, and the gate lives.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { codeOf, type RawReply } from '../rig/raw-client.ts';
import type { Answer } from '../rig/raw-upstream.ts';

const FOLDER = '/xiaozhi/ota/download/';
const REQUESTS: Record<string, string> = {
  web: get('/thing'),
  device: post('/xiaozhi/ota/activate', '{}'),
  'ota-check': post('/xiaozhi/ota/', '{}'),
  websocket: get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
};

const bytes =
  (text: string): Answer =>
  () =>
    text;
const breakOff =
  (text: string): Answer =>
  (_, { socket }) => {
    socket.write(text, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 20));
    return undefined;
  };
const end =
  (text: string): Answer =>
  (_, { socket }) => {
    socket.end(text, 'latin1');
    return undefined;
  };
/** Writes again and again until nobody listens. */
const flood =
  (head: string, more: string, everyMs: number): Answer =>
  (_, { socket }) => {
    socket.write(head, 'latin1');
    const timer = setInterval(() => socket.write(more, 'latin1'), everyMs);
    socket.on('close', () => clearInterval(timer));
    return undefined;
  };

/** What each kind of request may get: codes of problems, `cut` for a body cut short, a status where that is right. */
const LIES: Record<string, { answer: Answer; expected: (string | number)[] }> = {
  'says nothing': { answer: () => undefined, expected: ['UPSTREAM_TIMEOUT'] },
  'closes without a word': { answer: end(''), expected: ['UPSTREAM_RESET'] },
  'resets without a word': { answer: breakOff(''), expected: ['UPSTREAM_RESET'] },
  'sends garbage': { answer: bytes('\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n'), expected: ['UPSTREAM_REPLY'] },
  'sends half a head': { answer: end('HTTP/1.1 200 OK\r\nContent-Le'), expected: ['UPSTREAM_RESET', 'UPSTREAM_REPLY'] },
  'stalls in its head': { answer: bytes('HTTP/1.1 200 OK\r\nContent-Le'), expected: ['UPSTREAM_TIMEOUT'] },
  'drips its head': { answer: flood('HTTP/1.1 200 OK\r\n', 'X-A: b\r\n', 50), expected: ['UPSTREAM_TIMEOUT'] },
  'sends an endless head': {
    answer: flood('HTTP/1.1 200 OK\r\n', `X-A: ${'b'.repeat(4096)}\r\n`, 1),
    expected: ['UPSTREAM_REPLY'],
  },
  'resets in its body': {
    answer: breakOff('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'),
    expected: ['cut', 'UPSTREAM_RESET'],
  },
  'ends before its length': {
    answer: end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'),
    expected: ['cut', 'UPSTREAM_RESET', 'UPSTREAM_REPLY'],
  },
  'ends in a chunk': {
    answer: end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'),
    expected: ['cut', 'UPSTREAM_RESET', 'UPSTREAM_REPLY'],
  },
  'stalls in its body': {
    answer: bytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'),
    expected: ['cut', 'UPSTREAM_TIMEOUT'],
  },
  'stalls in a chunk': {
    answer: bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'),
    expected: ['cut', 'UPSTREAM_TIMEOUT'],
  },
  'sends a chunk that is none': {
    answer: bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc'),
    expected: ['cut', 'no reply', 'UPSTREAM_REPLY', 'UPSTREAM_RESET'],
  },
  'sends a length and chunks': {
    answer: bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
    expected: ['UPSTREAM_REPLY'],
  },
  'sends two lengths': {
    answer: bytes('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'),
    expected: ['UPSTREAM_REPLY'],
  },
  'sends a negative length': {
    answer: bytes('HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc'),
    expected: ['UPSTREAM_REPLY'],
  },
  'has controls in its status text': {
    answer: bytes('HTTP/1.1 200 O\x1b[31mK\x07\r\nContent-Length: 3\r\n\r\nabc'),
    expected: ['UPSTREAM_REPLY', 200],
  },
  'has a NUL in a header': {
    answer: bytes('HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 3\r\n\r\nabc'),
    expected: ['UPSTREAM_REPLY'],
  },
  'answers 101 to what asked for none': {
    answer: (request) =>
      request.values('upgrade').length > 0
        ? 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'
        : 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /',
    expected: ['UPSTREAM_RESET', 'UPSTREAM_REPLY', 200],
  },
  'sends chunk extensions of 40 KB': {
    answer: bytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;${'x'.repeat(40_000)}\r\nabc\r\n0\r\n\r\n`),
    expected: ['no reply', 'UPSTREAM_REPLY', 'UPSTREAM_RESET', 200],
  },
  'answers with a status that is none': {
    answer: bytes('HTTP/1.1 999 Yes\r\nContent-Length: 3\r\n\r\nabc'),
    expected: ['UPSTREAM_REPLY', 999],
  },
  'answers with a status below 100': {
    answer: bytes('HTTP/1.1 099 Odd\r\nContent-Length: 3\r\n\r\nabc'),
    expected: ['UPSTREAM_REPLY', 'UPSTREAM_RESET'],
  },
  'answers with a status of four digits': { answer: bytes('HTTP/1.1 2000 OK\r\n\r\n'), expected: ['UPSTREAM_REPLY'] },
};

describe('an upstream that', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'limits: { reply: 300ms, idle: 300ms }' });
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  for (const [lie, { answer, expected }] of Object.entries(LIES)) {
    it(lie, async () => {
      rig.upstream.answer = answer;
      const replies = Object.entries(REQUESTS).map(async ([kind, request]): Promise<[string, RawReply | null]> => {
        const client = await rig.dial();
        client.send(request);
        const reply = await client.reply({ withinMs: 15_000 }).finally(client.leave);
        return [kind, reply];
      });
      for (const [kind, reply] of await Promise.all(replies)) {
        const got = outcome(reply);
        assert.ok(expected.includes(got), `${kind}: ${got}, status ${reply?.status}: ${reply?.text.slice(0, 300)}`);
        if (got === 'UPSTREAM_TIMEOUT') assert.equal(reply?.status, 504);
        else if (typeof got === 'string' && got.startsWith('UPSTREAM')) assert.equal(reply?.status, 502);
      }
      // What was given to the pool is closed by it, well after this.
      if (expected.some((one) => typeof one === 'number')) return;
      await until('each upstream given up', () => rig.upstream.connections.every((seen) => seen.over() !== null));
    });
  }

  it('is told by its code, with the upstream and the next step, and the next request is answered at once', async () => {
    const circle = 'HTTP/1.1 302 Found\r\nLocation: /thing\r\nContent-Length: 0\r\n\r\n';
    const faults: [answer: Answer | undefined, code: (string | undefined)[]][] = [
      [LIES['says nothing']?.answer, ['UPSTREAM_TIMEOUT']],
      [LIES['resets in its body']?.answer, ['UPSTREAM_RESET']],
      [LIES['sends garbage']?.answer, ['UPSTREAM_REPLY']],
      [LIES['ends before its length']?.answer, ['UPSTREAM_RESET', 'UPSTREAM_REPLY']],
      // Nobody here follows it: a browser ends the circle by itself, and no device would.
      [bytes(circle), [undefined, 'UPSTREAM_STATUS']],
    ];
    for (const kind of ['web', 'ota-check']) {
      for (const [answer, codes] of faults) {
        const asked = await rig.dial();
        assert.ok(answer);
        rig.upstream.answer = answer;
        const before = rig.gate.lines.length;
        const seen = rig.upstream.connections.length;
        asked.send(REQUESTS[kind] ?? '');
        const reply = await asked.reply({ withinMs: 15_000 }).finally(asked.leave);
        const id = reply?.header('x-request-id');
        const line = await rig.gate.line((one) => one.event === 'request' && one.id === id);
        assert.ok(rig.gate.lines.indexOf(line) >= before);
        const what = `${kind}: ${line.code}, ${line.detail}`;
        assert.ok(codes.includes(line.code as string | undefined), what);
        if (line.code === undefined) assert.deepEqual([reply?.status, reply?.header('location')], [302, '/thing']);
        else if (reply?.whole === true)
          assert.match(
            String(line.detail),
            /^upstream main (at http|redirects the OTA check to .thing, .*upstreams.main)/,
            what,
          );
        else assert.match(String(line.detail), /ended after 3 bytes/, what);
        if (reply?.status === 302 || line.code === 'UPSTREAM_STATUS')
          assert.ok(rig.upstream.connections.length <= seen + 1, 'not followed');
        rig.upstream.answer = bytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
        const next = await rig.dial();
        next.send(REQUESTS[kind] ?? '');
        assert.equal((await next.reply().finally(next.leave))?.status, 200, what);
      }
    }
  });

  // At once, and each by a path of its own: the store asks three times before it gives up.
  it('does so to a fetch of firmware: a problem, or a whole body, and never a part that looks whole', async () => {
    const lies = Object.entries(LIES);
    rig.upstream.answer = (request, connection) => {
      const [, lie] = lies[Number(/(\d+)\.bin$/.exec(request.target)?.[1])] ?? [];
      return lie?.answer(request, connection);
    };
    const all = lies.map(async ([lie, { expected }], index) => {
      const client = await rig.dial();
      client.send(get(`${FOLDER}${index}.bin`));
      const reply = await client.reply({ withinMs: 20_000 }).finally(client.leave);
      const got = outcome(reply);
      assert.ok(['UPSTREAM_STATUS', ...expected].includes(got), `${lie}: ${got}: ${reply?.text.slice(0, 300)}`);
      if (got === 200) assert.equal(reply?.text, 'abc', lie);
    });
    await Promise.all(all);
    await until('all given up', () => rig.gate.status().then(({ firmware }) => firmware.filling === 0), 20_000);
  });

  it('sends more than its length: the client gets the length, and the rest becomes no answer to anybody', async () => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    for (const request of [REQUESTS.web, REQUESTS['ota-check'], get(`${FOLDER}more.bin`), get(`${FOLDER}late.bin`)]) {
      for (const lateMs of [0, 30]) {
        rig.upstream.answer = (_, { socket }) => {
          setTimeout(() => socket.write(poison), lateMs);
          return `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc${lateMs === 0 ? poison : ''}`;
        };
        const first = await rig.dial();
        first.send(request ?? '');
        assert.equal((await first.reply())?.text, 'abc');
        await new Promise((resolve) => setTimeout(resolve, lateMs + 20));
        rig.upstream.answer = bytes('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue');
        first.send(request ?? '');
        assert.ok(
          ['true', 'UPSTREAM_RESET'].includes(
            await first.reply().then((reply) => (reply?.status === 200 ? reply.text : codeOf(reply))),
          ),
        );
        first.leave();
      }
    }
  });

  it('never ends its reply to a check or to a device: 502, with a bound on what is read', async () => {
    for (const kind of ['ota-check', 'device', 'websocket']) {
      rig.upstream.forget();
      rig.upstream.answer = flood('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(512 * 1024), 5);
      const client = await rig.dial();
      client.send(REQUESTS[kind] ?? '');
      assert.equal(codeOf(await client.reply()), 'REPLY_TOO_LARGE', kind);
      await until('the upstream given up', () => rig.upstream.connections.every((seen) => seen.over() !== null));
      client.leave();
    }
  });

  it('came through unharmed', () => rig.unharmed());
});

function outcome(reply: RawReply | null): string | number {
  if (reply === null) return 'no reply';
  if (!reply.whole) return 'cut';
  return reply.header('content-type') === 'application/problem+json' ? codeOf(reply) : reply.status;
}

// Text from outside in the log: every line is one JSON object, and no string in it can end a line, drive a terminal, or
// reorder what a reader sees.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { ask } from '../rig/raw-client.ts';

/** ESC, C1 controls as raw bytes and as UTF-8, separators and bidirectional overrides. */
const ODD = ['\x1b[31m', '\x9b31m', '\x85', '\x7f', '\x07', 'é', '\u2028', '\u2029', '\u202e', '\ufeff', '\u0085'].map(
  (text) => Buffer.from(text, text.charCodeAt(0) > 255 || text === '\u0085' ? 'utf8' : 'latin1').toString('latin1'),
);
const FAKE = '{"level":"info","event":"fake"}';
const SPLIT = ['\r\n', '\n', '\r', '%0a', '%0d%0a', '\\n', '\\u000a'].map((end) => `${end}${FAKE}`);
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

describe('the log', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'log: { format: json, level: debug }' });
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  let asked = 0;
  /** Its line comes behind those of all that was asked before. */
  async function allLogged(): Promise<void> {
    asked += 1;
    const path = `/the-last-one-${asked}`;
    await ask(rig.plain, get(path));
    await rig.gate.line((line) => line.event === 'request' && line.path === path);
  }

  async function clean(): Promise<void> {
    await allLogged();
    const walk = (value: unknown): void => {
      if (typeof value === 'string') assert.doesNotMatch(value, UNPRINTABLE, JSON.stringify(value));
      else if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value)) [key, inner].forEach(walk);
    };
    for (const line of rig.gate.lines) {
      walk(line);
      assert.notEqual(line.event, 'fake');
      assert.ok(JSON.stringify(line).length < 4_096, 'a line is bounded');
    }
  }

  const places: Record<string, (text: string) => string> = {
    'the path': (text) => get(`/a${text}b`),
    'the path of a refused page': (text) => get(`/xiaozhi/config/${text}`),
    'the path of firmware': (text) => get(`/xiaozhi/ota/download/${text}`),
    'the query': (text) => get(`/a?${text}`),
    'the method': (text) => `G${text}T / HTTP/1.1\r\nHost: ota.test\r\n\r\n`,
    'the whole target': (text) => get(text),
    Host: (text) => `GET / HTTP/1.1\r\nHost: ota.test${text}\r\n\r\n`,
    'X-Request-Id': (text) => get('/a', `X-Request-Id: ${text}`),
    'X-Forwarded-For': (text) => get('/a', `X-Forwarded-For: ${text}`),
    'Device-Id': (text) => post('/xiaozhi/ota/', '{}', `Device-Id: 11:22${text}`),
    'Client-Id': (text) => post('/xiaozhi/ota/', '{}', `Device-Id: a`, `Client-Id: ${text}`),
    'User-Agent': (text) => post('/xiaozhi/ota/', '{}', 'Device-Id: a', `User-Agent: board${text}/1.0${text}`),
    'the SSID, not escaped': (text) => post('/xiaozhi/ota/', `{"board":{"type":"b","ssid":"${text}"}}`, 'Device-Id: a'),
    'the version and the board': (text) =>
      post('/xiaozhi/ota/', `{"application":{"version":"1${text}"},"board":{"type":"${text}"}}`, 'Device-Id: a'),
    Upgrade: (text) => get('/xiaozhi/v1/', 'Connection: Upgrade', `Upgrade: websocket${text}`),
  };
  for (const [place, request] of Object.entries(places)) {
    it(`${place} of a request`, async () => {
      for (const text of [...ODD, ...SPLIT, 'x'.repeat(8_000)]) await ask(rig.plain, request(text));
      await clean();
    });
  }

  const answers: Record<string, (text: string) => Buffer> = {
    'the version': (text) =>
      replyOf(JSON.stringify({ firmware: { version: `2${text}`, url: 'http://x/xiaozhi/ota/download/a' } })),
    'the link': (text) =>
      replyOf(JSON.stringify({ firmware: { version: '2.0', url: `http://x${text}/xiaozhi/ota/download/a${text}` } })),
    'the path of the link': (text) =>
      replyOf(JSON.stringify({ firmware: { version: '2.0', url: `http://x/xiaozhi/ota/download/${text}` } })),
    'the voice address': (text) => replyOf(JSON.stringify({ websocket: { url: `ws://x/xiaozhi/v1/${text}` } })),
    'text that is no JSON': (text) => replyOf(text),
    'the content coding': (text) => replyOf('{}', `Content-Encoding: gz${text}`),
    Location: (text) =>
      Buffer.from(`HTTP/1.1 302 Found\r\nLocation: http://x${text}/\r\nContent-Length: 0\r\n\r\n`, 'latin1'),
    'the status text': (text) => Buffer.from(`HTTP/1.1 500 ${text}\r\nContent-Length: 0\r\n\r\n`, 'latin1'),
    'no HTTP at all': (text) => Buffer.from(`${text}\r\n\r\n`, 'latin1'),
    'a header’s name': (text) => Buffer.from(`HTTP/1.1 200 OK\r\nX${text}: a\r\nContent-Length: 0\r\n\r\n`, 'latin1'),
  };
  for (const [place, answer] of Object.entries(answers)) {
    it(`${place} of an upstream’s reply`, async () => {
      for (const text of [...ODD, ...SPLIT, 'x'.repeat(8_000)]) {
        const bytes = answer(text);
        rig.upstream.answer = (_, { socket }) => {
          socket.end(bytes);
          return undefined;
        };
        for (const request of [post('/xiaozhi/ota/', '{}', 'Device-Id: a'), get('/xiaozhi/ota/download/a'), get('/a')])
          await ask(rig.plain, request);
      }
      await clean();
    });
  }

  it('names no tokens: neither those in a query nor whole seals', async () => {
    await ask(rig.plain, get('/a?token=secret-token'));
    await ask(rig.plain, get(`/xiaozhi/ota/download/~${'S'.repeat(60)}`));
    await ask(rig.plain, get(`/x?u=/~${'S'.repeat(60)}`, 'Authorization: Bearer secret-token', 'Cookie: secret-token'));
    await allLogged();
    const text = JSON.stringify(rig.gate.lines);
    assert.ok(!text.includes('secret-token') && !text.includes('S'.repeat(20)));
  });

  it('came through unharmed', () => rig.unharmed());
});

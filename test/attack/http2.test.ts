// Attacks that HTTP/2 brings along: floods of cheap frames, and what an HTTP/1.1 upstream would read differently.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, startAttackRig } from '../rig/attack-rig.ts';
import { until, within } from '../rig/bounded.ts';
import { askHttp2, FRAME, type FrameClient, frame, hpack, openFrames, openHttp2 } from '../rig/http2-client.ts';

const END_STREAM = 1;
const END_HEADERS = 4;
const ENHANCE_YOUR_CALM = 11;

type Fields = [name: string, value: string][];

let rig: AttackRig;
before(async () => {
  rig = await startAttackRig({ more: 'limits: { header: 2s }\n' });
});
after(() => rig.stop());
beforeEach(() => rig.upstream.forget());

const way = () => ({ port: rig.gate.https, ca: rig.gate.root });

/** A request's fields; `more` come after, a name that is there already in its place. */
function request(path: string, more: Fields = []): Fields {
  const own: Fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'ota.test'],
    [':path', path],
  ];
  const given = new Set(more.filter(([name]) => name.startsWith(':')).map(([name]) => name));
  const pseudo = own.filter(([name]) => !given.has(name));
  return [
    ...pseudo,
    ...more.filter(([name]) => name.startsWith(':')),
    ...more.filter(([name]) => !name.startsWith(':')),
  ];
}

function headers(stream: number, fields: Fields, flags = END_HEADERS | END_STREAM): Buffer {
  return frame(FRAME.headers, flags, stream, hpack(fields));
}

/** The end of a stream: its status, or the reset that it got, or the end of the whole connection. */
async function outcome(client: FrameClient, stream: number): Promise<string> {
  const last = (one: FrameClient['frames'][number]): boolean =>
    one.type === FRAME.goaway ||
    (one.stream === stream && (one.type === FRAME.reset || (one.flags & END_STREAM) !== 0));
  const found = await client.frame(last).catch(() => null);
  if (found === null) return 'closed';
  if (found.type === FRAME.goaway) return 'goaway';
  return found.type === FRAME.reset ? `reset ${found.payload.readUInt32BE(0)}` : 'answered';
}

test('rapid reset: a client that takes back all that it asks for loses its connection, and the upstream is spared', async () => {
  const client = await openFrames(way());
  for (let index = 0; index < 4_000 && client.socket.writable; index += 1) {
    const stream = 2 * index + 1;
    client.send(headers(stream, request('/reset')), frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, 8])));
    if (index % 100 === 0) await sleep(1);
  }
  await client.ended();
  assert.ok(rig.upstream.connections.length <= 400, `${rig.upstream.connections.length} connections to the upstream`);
  await rig.unharmed();
});

test('a head that never ends: CONTINUATION after CONTINUATION', async () => {
  const client = await openFrames(way());
  const block = hpack(request('/endless', [['x-fill', 'a'.repeat(1_000)]]));
  client.send(frame(FRAME.headers, END_STREAM, 1, block));
  const more = hpack(
    Array.from({ length: 10 }, (_, index): [string, string] => [`x-more-${index}`, 'b'.repeat(1_500)]),
  );
  for (let index = 0; index < 3_000 && client.socket.writable; index += 1) {
    client.send(frame(FRAME.continuation, 0, 1, more));
    if (index % 50 === 0) await sleep(1);
  }
  await client.ended();
  assert.equal(rig.upstream.requests.length, 0);
  await rig.unharmed();
});

test('a head that stops in its middle, and a connection that asks for nothing, are closed', async () => {
  const half = await openFrames(way());
  half.send(frame(FRAME.headers, END_STREAM, 1, hpack(request('/half'))));
  const silent = await openFrames(way());
  const pinging = setInterval(() => silent.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 300);
  try {
    await Promise.all([half.ended(), silent.ended()]);
  } finally {
    clearInterval(pinging);
  }
  await rig.unharmed();
});

test('floods of PING and of SETTINGS end the connection', async () => {
  for (const [what, bytes] of [
    ['PING', frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', frame(FRAME.settings, 0, 0)],
  ] as const) {
    const client = await openFrames(way());
    for (let index = 0; index < 200; index += 1) client.send(bytes);
    const goaway = await client.frame(({ type }) => type === FRAME.goaway);
    assert.equal(goaway.payload.readUInt32BE(4), ENHANCE_YOUR_CALM, what);
    await client.ended();
    await rig.gate.line(({ reason, msg }) => reason === 'HTTP2_FLOOD' && msg.includes(what), 10_000);
  }
  await rig.unharmed();
});

test('a stream past the hundredth is refused, and those before are answered', async () => {
  rig.upstream.answer = () => sleep(1_000).then(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  const client = await openFrames(way());
  for (let index = 0; index < 110; index += 1) client.send(headers(2 * index + 1, request('/many')));
  assert.match(await outcome(client, 219), /reset 7|goaway/);
  assert.ok(rig.upstream.connections.length <= 100);
  client.socket.destroy();
  await rig.unharmed();
});

test('an authority and a Host that disagree are refused', async () => {
  const session = await openHttp2(way());
  const mixed = await askHttp2(session, { ':path': '/', ':authority': 'ota.test', host: 'second.test' });
  assert.equal(mixed.status, 400);
  assert.match(mixed.body.toString(), /HOST_AMBIGUOUS/);
  const alike = await askHttp2(session, { ':path': '/', ':authority': 'ota.test', host: 'OTA.test' });
  assert.equal(alike.status, 200);
  assert.equal(rig.upstream.requests.length, 1);
  assert.deepEqual(rig.upstream.requests[0]?.values('host'), [`ota.test:${rig.gate.https}`]);
  session.destroy();
  await rig.unharmed();
});

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: ota.test\r\n\r\n';

const HEADS: [name: string, fields: Fields][] = [
  [
    'transfer-encoding',
    request('/bad', [
      [':method', 'POST'],
      ['transfer-encoding', 'chunked'],
    ]),
  ],
  ['connection', request('/bad', [['connection', 'content-length']])],
  ['te that is not trailers', request('/bad', [['te', 'chunked']])],
  ['upgrade', request('/bad', [['upgrade', 'websocket']])],
  ['a line break in a value', request('/bad', [['x-a', `1\r\n\r\n${SMUGGLED}`]])],
  ['a line break in a name', request('/bad', [['x-a: 1\r\nx-b', '2']])],
  ['a colon in a name', request('/bad', [['x-a:x-b', '2']])],
  ['an upper-case name', request('/bad', [['Content-Length', '0']])],
  ['a space in the path', request('/bad', [[':path', '/bad HTTP/1.1\r\nx: y']])],
  ['a line break in the path', request('/bad', [[':path', `/bad\r\n\r\n${SMUGGLED}`]])],
  ['a path that is none', request('/bad', [[':path', 'smuggled']])],
  ['a request line for a method', request('/bad', [[':method', `GET /smuggled HTTP/1.1\r\nx: `]])],
  ['a lower-case method', request('/bad', [[':method', 'head']])],
  ['an authority with user and path', request('/bad', [[':authority', 'ota.test/smuggled@second.test']])],
  ['two authorities', [...request('/bad'), [':authority', 'second.test']]],
  [
    'two lengths',
    request('/bad', [
      [':method', 'POST'],
      ['content-length', '0'],
      ['content-length', '5'],
    ]),
  ],
  [
    'a length without a body',
    request('/bad', [
      [':method', 'POST'],
      ['content-length', '5'],
    ]),
  ],
  [
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'ota.test:22'],
    ],
  ],
  [
    'extended CONNECT',
    request('/bad', [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
    ]),
  ],
];

test('what would be another request by HTTP/1.1 never gets there', async (t) => {
  for (const [name, fields] of HEADS) {
    await t.test(name, async () => {
      rig.upstream.forget();
      const client = await openFrames(way());
      client.send(headers(1, fields));
      const end = await outcome(client, 1);
      assert.match(end, /answered|reset|goaway|closed/);
      // A field that is malformed by itself is left out, and the rest goes its way.
      for (const { target, head, body } of rig.upstream.requests) {
        assert.equal(target, '/bad');
        assert.equal(body.length, 0);
        assert.ok(!head.headers.some(([field]) => /^x-[ab]/.test(field)), JSON.stringify(head));
      }
      assert.ok(rig.upstream.requests.length <= (name.includes(' in a ') ? 1 : 0), end);
      assert.deepEqual(rig.upstream.faults, []);
      client.socket.destroy();
    });
  }
  await rig.unharmed();
});

test('a body that is longer or shorter than its length ends its stream, and no upstream takes it for whole', async () => {
  for (const [length, body] of [
    [5, `12345${SMUGGLED}`],
    [0, SMUGGLED],
    [500, '12345'],
  ] as const) {
    rig.upstream.forget();
    const client = await openFrames(way());
    const fields = request('/lied', [
      [':method', 'POST'],
      ['content-length', String(length)],
    ]);
    client.send(headers(1, fields, END_HEADERS), frame(FRAME.data, END_STREAM, 1, Buffer.from(body)));
    assert.match(await outcome(client, 1), /reset|goaway|closed/);
    await sleep(200);
    assert.ok(!rig.upstream.requests.some(({ target }) => target === '/smuggled'));
    if (length === 500) assert.equal(rig.upstream.requests.length, 0);
    client.socket.destroy();
  }
  await rig.unharmed();
});

test('an upload taken back, whatever its code, never looks whole to the upstream', async () => {
  for (const code of [0, 8]) {
    rig.upstream.forget();
    const client = await openFrames(way());
    const fields = request('/taken-back', [[':method', 'POST']]);
    client.send(headers(1, fields, END_HEADERS), frame(FRAME.data, 0, 1, Buffer.from('the first half')));
    const connection = await rig.upstream.connection();
    await until('the first half there', () => connection.bytes().includes('the first half'), 10_000);
    client.send(frame(FRAME.reset, 0, 1, Buffer.from([0, 0, 0, code])));
    await until('the end of its connection', () => connection.over() !== null, 10_000);
    assert.equal(rig.upstream.requests.length, 0, `taken back with code ${code}`);
    client.socket.destroy();
  }
  await rig.unharmed();
});

test('answers that wait for a window are given up with their stream or their connection', async () => {
  rig.upstream.answer = () => `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`;
  for (const end of ['reset', 'socket', 'goaway'] as const) {
    const client = await openFrames(way());
    // SETTINGS_INITIAL_WINDOW_SIZE (4) of nothing: no byte of a body may be sent.
    client.send(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
    const paths = ['/waits', '/xiaozhi/v1/waits', '/xiaozhi/ota/', '/xiaozhi/config/'];
    for (const [index, path] of paths.entries()) client.send(headers(2 * index + 1, request(path)));
    for (const index of paths.keys())
      await client.frame(({ type, stream }) => type === FRAME.headers && stream === 2 * index + 1);
    if (end === 'socket') client.socket.destroy();
    else if (end === 'goaway') client.send(frame(FRAME.goaway, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 2])));
    else for (const index of paths.keys()) client.send(frame(FRAME.reset, 0, 2 * index + 1, Buffer.from([0, 0, 0, 8])));
    await rig.gate.line(({ path, bytes }) => path === '/waits' && bytes !== undefined, 10_000);
    client.socket.destroy();
  }
  await rig.unharmed();
});

test('bytes that are no HTTP/2, and sockets torn down in the middle', async () => {
  const garbled = await openFrames(way());
  garbled.send(Buffer.alloc(5_000, 'x'));
  await garbled.ended();
  const session = await openHttp2(way());
  const stream = session.request({ ':path': '/torn', ':authority': 'ota.test' });
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  session.destroy(new Error('torn'));
  await within('its end', closed, 10_000);
  const other = await openHttp2(way());
  const gone = once(other, 'close');
  other.destroy();
  await gone;
  await rig.unharmed();
});

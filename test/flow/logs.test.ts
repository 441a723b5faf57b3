// The log: one line for each request, whatever it carried; nothing in it that drives a terminal or opens a door.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../rig/bounded.ts';
import { fileServer, filesYaml, send } from '../rig/file-server.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { type Act, plainReply, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, LAN, OUTSIDE } from '../rig/test-device.ts';
import { openVoices } from '../rig/voices.ts';
import { type Ask, ask, headerOf, jsonOf, open, readReply, requestBytes, type Way } from '../rig/wire.ts';

// C0 without the line end, DEL, C1, line separators, and what turns the direction of writing.
const DRIVES_A_TERMINAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u0085\u202e';

type Line = GateRig['lines'][number];

function accessLines(gate: GateRig): Line[] {
  return gate.lines.filter(({ event }) => event === 'request' || event === 'websocket');
}

/** All text of a line, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flat().flatMap(textsOf) : [];
}

test('exactly one access line for each request', async (t) => {
  const java = await javaServer(t);
  const slow = await scriptedUpstream(t, () => [3_000, ...plainReply('late')]);
  const gate = await gateFor(
    t,
    `domain: ota.test
${fullPreset(java)}
upstreams: { slow: "${slow.origin}", gone: "http://127.0.0.1:1" }
routes:
  - { name: slow, path: /slow/, upstream: slow }
  - { name: gone, path: /gone/, upstream: gone }`,
  );
  const lan = { port: gate.http, from: LAN };
  const outside = { port: gate.http, from: OUTSIDE };
  const secure = { port: gate.https, from: OUTSIDE, tls: { ca: gate.root } };
  const handshake = { Connection: 'Upgrade', Upgrade: 'websocket' };
  const sent: [Way, Ask, status: number][] = [
    [lan, { path: '/' }, 200],
    [lan, { path: '/', method: 'HEAD' }, 200],
    [secure, { path: '/xiaozhi/user/info' }, 200],
    [outside, { path: '/x' }, 308],
    [outside, { path: '/x', body: 'x' }, 403],
    [outside, { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() }, 426],
    [lan, { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() }, 200],
    [lan, { path: '/xiaozhi/ota/', headers: { Expect: '100-continue' }, body: checkBody() }, 200],
    [lan, { path: '/xiaozhi/otaMag/download/none' }, 404],
    [lan, { path: '/xiaozhi/config/server-base' }, 403],
    [lan, { path: '/%zz' }, 400],
    [lan, { path: '/', host: 'evil.test' }, 404],
    [lan, { path: '/', host: 'a b' }, 400],
    [lan, { path: '/gone/' }, 502],
    [lan, { path: '/.well-known/acme-challenge/none' }, 404],
    [lan, { path: '/xiaozhi/v1/', headers: handshake }, 400],
    [outside, { path: '/xiaozhi/v1/', headers: handshake }, 426],
    [lan, { path: '/xiaozhi/ota/', headers: handshake }, 400],
  ];
  for (const [way, what, status] of sent) {
    assert.equal((await ask(way, what)).status, status, JSON.stringify(what));
  }
  const kept = await open(lan);
  for (let nth = 0; nth < 3; nth += 1) {
    kept.write(requestBytes({ path: `/kept/${nth}`, headers: { Connection: 'keep-alive' } }));
    assert.equal((await readReply(kept, false, true)).status, 200);
  }
  kept.destroy();
  const [voice] = await openVoices(gate, 1);
  voice?.close();
  const impatient = await open(lan);
  impatient.write(requestBytes({ path: '/slow/' }));
  await until('the request at the server', () => slow.received.length === 1);
  impatient.destroy();
  const garbage = await ask(lan, Buffer.from('\x16\x03\x01 this is no HTTP\r\n\r\n', 'latin1'));
  assert.equal(garbage.status, 400);

  const expected = sent.length + 3 + 1 + 1;
  await until('every line', () => accessLines(gate).length >= expected);
  await gate.line(({ event }) => event === 'bad-request');
  const lines = accessLines(gate);
  assert.equal(lines.length, expected);
  assert.equal(new Set(lines.map(({ id }) => id)).size, expected, 'each with an id of its own');
  assert.equal(lines.find(({ path }) => path === '/slow/')?.status, 499, 'a client that left');
  assert.deepEqual(
    lines.slice(0, sent.length).map(({ status }) => status),
    sent.map(([, , status]) => (status === 200 ? 200 : status)),
  );
  for (const line of lines) {
    for (const key of ['client', 'scheme', 'method', 'path', 'action', 'because', 'status', 'bytes', 'ms']) {
      assert.notEqual(line[key], undefined, `${key} of ${line.msg}`);
    }
  }
});

test('who leaves within an answer has sent no bad request', async (t) => {
  const page = Buffer.alloc(12_000_000, 'page ');
  const files = await fileServer(t, (_, response) => send(response, page));
  const gate = await gateFor(
    t,
    filesYaml(files.origin).replaceAll('/fw/', '/page/').replace('role: firmware', 'role: web'),
  );
  const socket = await open({ port: gate.http, from: LAN });
  socket.on('error', () => {}).once('data', () => socket.pause());
  socket.write(requestBytes({ path: '/page/' }));
  await once(socket, 'data');
  await sleep(400);
  // Its side is over, while bytes for it are still on their way: the system answers those with a reset.
  socket.end();
  await sleep(200);
  socket.destroy();
  await until('its line', () => accessLines(gate).length === 1);
  await ask({ port: gate.http, from: LAN }, Buffer.from('this is no HTTP\r\n\r\n'));
  const isParsing = ({ event, reason }: Line): boolean => event === 'bad-request' && String(reason).startsWith('HPE_');
  await gate.line(isParsing);
  assert.deepEqual(
    gate.lines.filter((line) => line.event === 'bad-request' && !isParsing(line)),
    [],
  );
});

const ATTACKS: Ask[] = [
  { path: `/a${HOSTILE}b`, headers: {} },
  { path: '/a%0a%1b[2Jb', headers: {} },
  { path: '/a%C2%9B31m%E2%80%AEb', headers: {} },
  { path: '/', host: `evil${HOSTILE}.test` },
  { path: '/', headers: { 'X-Forwarded-For': HOSTILE, Referer: HOSTILE, 'User-Agent': HOSTILE } },
  { path: '/xiaozhi/ota/', headers: { ...CHECK_HEADERS, 'Device-Id': HOSTILE }, body: checkBody() },
  {
    path: '/xiaozhi/ota/',
    headers: { ...CHECK_HEADERS, 'User-Agent': `b/${HOSTILE}` },
    body: checkBody(HOSTILE, HOSTILE),
  },
  {
    path: '/xiaozhi/ota/',
    headers: CHECK_HEADERS,
    body: `{"application":{"version":"1\\n${HOSTILE}"},"board":{"type":"\\u001b[2J"}}`,
  },
];

async function attack(gate: GateRig): Promise<void> {
  for (const what of ATTACKS) {
    const bytes = requestBytes(what);
    await ask({ port: gate.http, from: LAN }, bytes).catch(() => {});
  }
}

test('hostile bytes stay within their line, and drive no terminal', async (t) => {
  const hostileOffer = (): Act[] =>
    plainReply(JSON.stringify({ firmware: { version: `${HOSTILE}\n`, url: `http://x/${HOSTILE}\n` } }));
  const strange = await scriptedUpstream(t, hostileOffer);
  const java = await javaServer(t);
  const yaml = (format: string): string => `domains: [ota.test, strange.test]
log: { format: ${format} }
${fullPreset(java)}
upstreams: { strange: "${strange.origin}" }
routes: [{ name: strange, host: strange.test, path: /xiaozhi/ota/, upstream: strange, role: ota-check }]`;
  for (const format of ['json', 'pretty']) {
    await t.test(format, async (t) => {
      const gate = await gateFor(t, yaml(format));
      strange.answerWith(hostileOffer);
      await attack(gate);
      const check = { path: '/xiaozhi/ota/', host: 'strange.test', headers: CHECK_HEADERS, body: checkBody() };
      assert.equal((await ask({ port: gate.http, from: LAN }, check)).status, 200);
      strange.answerWith(() => [
        `HTTP/1.1 302 Found\r\nLocation: http://x/${Buffer.from(HOSTILE).toString('latin1').replaceAll('\x1b', '')}\r\n\r\n`,
      ]);
      await ask({ port: gate.http, from: LAN }, check);
      await ask({ port: gate.http, from: LAN }, { path: '/the-last-one' });
      await until('the last line', () => gate.output.some((line) => line.includes('/the-last-one')));
      for (const line of gate.output) assert.doesNotMatch(line, DRIVES_A_TERMINAL, JSON.stringify(line));
      if (format === 'pretty') return;
      assert.equal(gate.lines.length, gate.output.length, 'every line is one JSON document');
      for (const text of gate.lines.flatMap(textsOf))
        assert.doesNotMatch(text, DRIVES_A_TERMINAL, JSON.stringify(text));
    });
  }
});

test('no secret and no query string in any line', async (t) => {
  const java = await javaServer(t, { mqttGateway: '172.18.0.6:1883' });
  const redirecting = await scriptedUpstream(t, () => [
    'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/login?ticket=QUERY-SECRET\r\nContent-Length: 0\r\n\r\n',
  ]);
  const gate = await gateFor(
    t,
    `domains: [ota.test, moved.test]
log: { format: json, level: trace }
${fullPreset(java)}
upstreams: { moved: "${redirecting.origin}" }
routes: [{ name: moved, host: moved.test, path: /xiaozhi/ota/, upstream: moved, role: ota-check }]`,
  );
  const lan = { port: gate.http, from: LAN };
  const headers = { ...CHECK_HEADERS, Authorization: 'Bearer HEADER-SECRET', Cookie: 'session=COOKIE-SECRET' };
  const reply = await ask(lan, { path: '/xiaozhi/ota/?key=QUERY-SECRET', headers, body: checkBody() });
  assert.equal(reply.status, 200);
  const { firmware, websocket, mqtt } = jsonOf(reply) as Record<
    'firmware' | 'websocket' | 'mqtt',
    Record<string, string>
  >;
  const path = new URL(String(firmware?.url)).pathname;
  const seal = /~([A-Za-z0-9_-]{40,})$/.exec(path)?.[1] ?? '';
  assert.notEqual(seal, '');
  const asked: [Way, Ask][] = [
    [lan, { path }],
    [lan, { path: path.replace('~', '%7E') }],
    [lan, { path: `${path.replace('~', '%7e')}%zz` }],
    [lan, { path: `${path}#x` }],
    [{ ...lan, from: OUTSIDE }, { path }],
    [lan, { path: `${path.slice(0, -1)}_` }],
    [lan, { path: `http://ota.test${path}?QUERY-SECRET` }],
    [lan, { path: '/%zz?password=QUERY-SECRET', headers }],
    [
      { ...lan, from: OUTSIDE },
      { path: '/login?password=QUERY-SECRET', headers },
    ],
    [
      lan,
      { path: '/xiaozhi/v1/?token=QUERY-SECRET', headers: { ...headers, Connection: 'Upgrade', Upgrade: 'websocket' } },
    ],
    [lan, { path: '/xiaozhi/ota/', host: 'moved.test', headers, body: checkBody() }],
  ];
  for (const [way, what] of asked) await ask(way, what);
  await until('every line', () => accessLines(gate).length === asked.length + 1);
  const text = `${gate.output.join('\n')}\n${gate.stderr()}`;
  for (const secret of ['QUERY-SECRET', 'HEADER-SECRET', 'COOKIE-SECRET', 'sample-secret']) {
    const leak = gate.output.find((line) => line.toLowerCase().includes(secret.toLowerCase()));
    assert.equal(leak, undefined, secret);
  }
  for (const secret of [websocket?.token, mqtt?.password, mqtt?.username, seal]) {
    assert.ok(secret && secret.length > 16);
    assert.ok(!text.includes(secret.slice(0, 16)), `${secret} in ${gate.output.find((line) => line.includes(secret))}`);
  }
  assert.ok(text.includes(`~${seal.slice(0, 6)}…`), 'enough of a seal to tell two of them apart');
  const firmwareLine = accessLines(gate).find((line) => line.route === 'firmware' && line.status === 200);
  assert.equal(firmwareLine?.device, headers['Device-Id'], 'the link says which device it is');
  assert.equal(accessLines(gate)[0]?.id, headerOf(reply, 'X-Request-Id'));
});

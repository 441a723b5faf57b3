// A reset at every stage, from either side: every emitter has an error handler, or one reset ends the process.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import { OK } from '../rig/raw-upstream.ts';

const UPGRADE = get('/xiaozhi/v1/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13');
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const FOLDER = '/xiaozhi/ota/download/';
const LARGE = `HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`;

/** Bytes after which a client resets, and what the upstream does meanwhile. */
const CLIENT_STAGES: Record<string, [bytes: string, reply: string | undefined]> = {
  'nothing sent': ['', undefined],
  'half a request line': ['GET /thi', undefined],
  'half a head': ['GET /thing HTTP/1.1\r\nHost: ota', undefined],
  'a whole request': [get('/thing'), undefined],
  'half a body': ['POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart', undefined],
  'half a body to a check': [
    'POST /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart',
    undefined,
  ],
  'half a chunk': ['POST /up HTTP/1.1\r\nHost: ota.test\r\nTransfer-Encoding: chunked\r\n\r\nff\r\npart', undefined],
  'a refused body': ['POST /xiaozhi/config/ HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 99\r\n\r\npart', undefined],
  'a body that waits for 100': [
    'POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    OK,
  ],
  'a large reply': [get('/thing'), LARGE],
  'a large firmware': [get(`${FOLDER}a.bin`), LARGE],
  'a check': [post('/xiaozhi/ota/', '{}'), undefined],
  'a handshake of a WebSocket': [UPGRADE, undefined],
  'a WebSocket': [UPGRADE, SWITCHING],
  'half a frame': [`${UPGRADE}\x82\x7e\x10\x00abc`, SWITCHING],
  'a WebSocket that is refused': [UPGRADE, 'HTTP/1.1 401 No\r\nContent-Length: 99\r\n\r\nx'],
};

/** What an upstream sends before it resets. */
const UPSTREAM_STAGES: Record<string, string> = {
  nothing: '',
  'half a status line': 'HTTP/1.1 20',
  'half a head': 'HTTP/1.1 200 OK\r\nContent-Le',
  'a head': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n',
  'half a body': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc',
  'half a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc',
  'a whole reply': OK,
  'a switch of protocols': SWITCHING,
  'half a frame': `${SWITCHING}\x82\x7e\x10\x00abc`,
  'a redirect with half a body': 'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 99\r\n\r\nabc',
};

const REQUESTS = [
  get('/thing'),
  post('/xiaozhi/ota/activate', '{}'),
  post('/xiaozhi/ota/', '{}'),
  'POST /up HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 999999\r\n\r\npart',
  UPGRADE,
];

describe('a reset', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig();
  });
  after(() => rig.stop());
  beforeEach(() => rig.upstream.forget());

  it('of the client, at every stage', async () => {
    for (const [bytes, reply] of Object.values(CLIENT_STAGES)) {
      rig.upstream.answer = () => reply;
      for (const client of [await rig.dial(), await rig.dialSecurely()]) {
        client.send(bytes);
        await sleep(15);
        client.reset();
      }
    }
    await rig.unharmed();
  });

  it('of the client before its bytes have even been read', async () => {
    rig.upstream.answer = () => OK;
    for (const [bytes] of Object.values(CLIENT_STAGES)) {
      const client = await rig.dial();
      client.socket.write(bytes === '' ? 'x' : bytes, 'latin1', () => client.reset());
      const secure = await rig.dialSecurely();
      secure.socket.write(bytes === '' ? 'x' : bytes, 'latin1', () => secure.reset());
    }
    await rig.unharmed();
  });

  it('of the client in the TLS handshake', async () => {
    for (const untilReset of [0, 1, 2, 3, 5, 8]) {
      const below = connect(rig.gate.https, '127.0.0.1');
      const socket = connectSecurely({ socket: below, ca: rig.gate.root, servername: 'ota.test' });
      for (const each of [below, socket]) each.on('error', () => {});
      setTimeout(() => below.resetAndDestroy(), untilReset);
      // The first bytes of a client hello, then nothing.
      const bare = connect(rig.gate.https, '127.0.0.1');
      bare.on('error', () => {});
      bare.write(Buffer.from('16030100c8010000c40303', 'hex'));
      setTimeout(() => bare.resetAndDestroy(), untilReset);
    }
    await sleep(50);
    await rig.unharmed();
  });

  for (const [stage, bytes] of Object.entries(UPSTREAM_STAGES)) {
    it(`of the upstream after ${stage}: every client's connection gets an answer or an end`, async () => {
      rig.upstream.onHead = (_, { socket }) => {
        if (bytes === '') socket.resetAndDestroy();
        else socket.write(bytes, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 5));
      };
      rig.upstream.answer = () => undefined;
      for (const request of REQUESTS) {
        const client = await rig.dial();
        client.send(request);
        const reply = await client.reply();
        if (reply?.status === 101) await client.ended();
        client.leave();
      }
      rig.upstream.onHead = null;
      await rig.unharmed();
    });
  }

  // At once: the store asks three times before it gives up.
  it('of the upstream in a fetch of firmware, after each of these: an answer or an end', async () => {
    const stages = Object.entries(UPSTREAM_STAGES);
    rig.upstream.onHead = ({ start }, { socket }) => {
      const [, bytes] = stages[Number(/(\d+)\.bin/.exec(start)?.[1])] ?? [];
      if (!bytes) socket.resetAndDestroy();
      else socket.write(bytes, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 5));
    };
    rig.upstream.answer = () => undefined;
    const all = stages.map(async ([stage, bytes], index) => {
      const client = await rig.dial();
      client.send(get(`${FOLDER}${index}.bin`));
      const reply = await client.reply({ withinMs: 20_000 }).finally(client.leave);
      assert.ok(reply === null || !reply.whole || reply.status >= 500 || bytes === OK, `${stage}: ${reply?.status}`);
    });
    await Promise.all(all);
    rig.upstream.onHead = null;
    await rig.unharmed();
  });

  it('of both at the same moment', async () => {
    for (const request of [...REQUESTS, get(`${FOLDER}both.bin`)]) {
      const client = await rig.dial();
      rig.upstream.onHead = (_, { socket }) => {
        socket.resetAndDestroy();
        client.reset();
      };
      client.send(request);
      await client.ended();
    }
    rig.upstream.onHead = null;
    await rig.unharmed();
    assert.deepEqual(rig.upstream.faults, []);
  });
});

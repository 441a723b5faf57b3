// Clients that ask too often: an address on web routes, a device on its own, and neither at the cost of another.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AttackRig, get, post, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { ask, codeOf, type DialOptions, dial, type RawClient } from '../rig/raw-client.ts';

// Over ten seconds: fifty requests.
const LIMITS = 'limits: { addressRequests: 5, deviceRequests: 5, deviceWebSockets: 3, webSocketIdle: 1500ms }';
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n';
const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];
const device = (last: string): string => `Device-Id: 02:00:00:00:00:${last}`;

describe('a flood of requests', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: LIMITS });
  });
  after(() => rig.stop());

  const from = (address: string): DialOptions => ({ ...rig.plain, from: address });

  /** The statuses of so many requests on one connection, counted. */
  async function statuses(options: DialOptions, bytes: string, count: number): Promise<Record<string, number>> {
    const client = await dial(options);
    const counted: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      client.send(bytes);
      const status = String((await client.reply())?.status);
      counted[status] = (counted[status] ?? 0) + 1;
    }
    client.leave();
    return counted;
  }

  it('from one address: 429 with Retry-After past its rate, by HTTP and TLS together, and no other address notices', async () => {
    // The window may end in between: of 160 requests in a row, more than fifty pass then, and never all.
    const counted = await statuses(from('127.0.0.41'), get('/thing'), 160);
    assert.ok((counted['200'] ?? 0) >= 50 && (counted['429'] ?? 0) >= 50, JSON.stringify(counted));
    const reply = await ask({ ...rig.secure, from: '127.0.0.41' }, get('/thing'));
    if (reply?.status === 429) {
      assert.equal(codeOf(reply), 'REQUESTS_TOO_OFTEN');
      const seconds = Number(reply.header('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 10, `${seconds}`);
    }
    assert.equal((await ask(from('127.0.0.42'), get('/thing')))?.status, 200);
    const line = await rig.gate.line(({ because }) => because === 'address-too-often');
    assert.equal(line.status, 429);
    await until('the count', async () => Number((await rig.gate.status()).totals.refusals['address-too-often']) >= 50);
  });

  it('does not stand in the way of devices behind the same address, nor of the LAN', async () => {
    await statuses(from('127.0.0.43'), get('/thing'), 60);
    for (let index = 10; index < 99; index += 1) {
      const reply = await ask(from('127.0.0.43'), post('/xiaozhi/ota/', '{}', device(String(index))));
      assert.equal(reply?.status, 200);
    }
    assert.deepEqual(await statuses(from('127.0.0.2'), get('/thing'), 120), { 200: 120 });
  });

  it('from one device: 429, for it alone, and not for the same name elsewhere', async () => {
    const counted = await statuses(from('127.0.0.44'), post('/xiaozhi/ota/', '{}', device('aa')), 160);
    assert.ok((counted['200'] ?? 0) >= 50 && (counted['429'] ?? 0) >= 50, JSON.stringify(counted));
    assert.equal((await ask(from('127.0.0.44'), post('/xiaozhi/ota/', '{}', device('ab'))))?.status, 200);
    assert.equal((await ask(from('127.0.0.45'), post('/xiaozhi/ota/', '{}', device('aa'))))?.status, 200);
  });

  it('for parts of an image is one download, whatever its number of ranges', async () => {
    const part = get('/xiaozhi/ota/download/a.bin', 'Range: bytes=0-0', device('ac'));
    const counted = await statuses(from('127.0.0.46'), part, 120);
    assert.equal(counted['429'], undefined, JSON.stringify(counted));
  });

  it('of WebSockets: so many for each device, and room again behind one that has ended', async () => {
    rig.upstream.answer = () => Buffer.from(SWITCHING);
    const open = async (last: string): Promise<{ client: RawClient; status: number | undefined }> => {
      const client = await dial(from('127.0.0.47'));
      client.send(get('/xiaozhi/v1/', device(last), ...UPGRADE));
      return { client, status: (await client.reply())?.status };
    };
    const first = await open('ba');
    const more = [await open('ba'), await open('ba')];
    assert.deepEqual(
      [first, ...more].map(({ status }) => status),
      [101, 101, 101],
    );
    const refused = await open('ba');
    assert.equal(refused.status, 429);
    const other = await open('bb');
    assert.equal(other.status, 101);
    first.client.leave();
    const again = await until('room', async () => {
      const one = await open('ba');
      return one.status === 101 && one;
    });
    // One that speaks lives on; those that are silent are ended by limits.webSocketIdle.
    const speaking = setInterval(() => again.client.send('frame'), 200);
    for (const { client } of [...more, other]) await client.ended();
    assert.equal(again.client.over(), null);
    clearInterval(speaking);
    await again.client.ended();
  });

  it('came through unharmed', () => rig.unharmed());
});

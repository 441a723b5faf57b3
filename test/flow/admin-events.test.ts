// The live feed over real sockets: as it happens, resumed where it broke off, ended with the right to read it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type AdminRig, bearer, startAdminRig } from '../rig/admin.ts';
import { DEVICE } from '../rig/admin-stand-ins.ts';
import { until } from '../rig/bounded.ts';
import { dial, type RawClient } from '../rig/raw-client.ts';

const BEAT_MS = 150;

describe('the live feed', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig({ beatMs: BEAT_MS });
  });
  after(() => rig.stop());
  const clients: RawClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.leave();
  });

  async function listen(headers: Record<string, string>, to = rig): Promise<RawClient> {
    const client = await dial({ port: to.port });
    clients.push(client);
    const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    client.send(`GET /api/v1/events HTTP/1.1\r\n${lines.join('')}\r\n`);
    await until('its head', () => client.pending().includes('retry:') || client.pending().includes('HTTP/1.1 503'));
    return client;
  }
  const reader = (more: Record<string, string> = {}) => listen({ ...bearer(rig.tokens.read).headers, ...more });
  const textOf = (client: RawClient): string => client.pending().toString();
  const idsOf = (client: RawClient): string[] => [...textOf(client).matchAll(/^id: (\S+)$/gm)].map(([, id = '']) => id);

  it('tells what happens, as events with JSON', async () => {
    const client = await reader();
    assert.match(textOf(client), /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(textOf(client), /content-type: text\/event-stream; charset=utf-8\r\n/i);
    assert.match(textOf(client), /content-security-policy: default-src 'none'/i);
    rig.feed.publish('device', { ...DEVICE, board: 'a\r\n\r\nevent: fake' });
    rig.feed.publish('status', {});
    await until('both', () => textOf(client).includes('event: status'));
    const data = /^event: device\ndata: (.*)$/m.exec(textOf(client))?.[1] ?? '';
    assert.deepEqual(JSON.parse(data), { ...DEVICE, board: 'a\r\n\r\nevent: fake' });
    assert.doesNotMatch(textOf(client), /^event: fake/m);
  });

  it('goes on where it broke off: what was missed comes first, and once', async () => {
    const client = await reader();
    for (let at = 1; at <= 5; at += 1) rig.feed.publish('log', { id: at });
    await until('all five', () => idsOf(client).length === 5);
    client.leave();
    const last = idsOf(client)[1] ?? '';
    rig.feed.publish('log', { id: 6 });
    const again = await reader({ 'Last-Event-ID': last });
    rig.feed.publish('log', { id: 7 });
    await until('the rest', () => idsOf(again).length === 5);
    const told = [...textOf(again).matchAll(/^data: (.*)$/gm)].map(
      ([, data = '']) => (JSON.parse(data) as { id: number }).id,
    );
    assert.deepEqual(told, [3, 4, 5, 6, 7]);
    const lost = await reader({ 'Last-Event-ID': 'another-process.17' });
    await until('a status', () => textOf(lost).includes('event: status\ndata: {}'));
  });

  it('keeps a quiet connection alive', async () => {
    const client = await reader();
    await until(
      'three comments',
      () => textOf(client).split('\n:\n').length + textOf(client).split('\n\n:').length > 4,
    );
    assert.equal(client.over(), null);
  });

  it('has room for a hundred, and for others when one of them leaves', async () => {
    const isIn = (client: RawClient): boolean => textOf(client).includes('HTTP/1.1 200');
    const enter = async (): Promise<RawClient | false> => {
      const client = await reader();
      if (isIn(client)) return client;
      client.leave();
      return false;
    };
    const readers: RawClient[] = [];
    // Those of the tests before may still be on their way out.
    while (readers.length < 100) readers.push(await until('room', enter));
    const refused = await rig.ask('tcp', '/api/v1/events', bearer(rig.tokens.read));
    assert.deepEqual([refused.status, (refused.json as { code: string }).code], [503, 'TOO_MANY_READERS']);
    assert.equal(refused.headers['retry-after'], '30');
    readers.pop()?.leave();
    const one = await until('room', enter);
    assert.ok(isIn(one));
  });

  it('ends with the session or the token that it was opened with', async (t) => {
    // With a beat that nobody waits for: they end at once.
    const quiet = await startAdminRig();
    t.after(() => quiet.stop());
    const [session, other] = [await quiet.login('tcp', quiet.tokens.read), await quiet.login('tcp', quiet.tokens.read)];
    const [one, two, three] = [
      await listen({ Cookie: session.cookie }, quiet),
      await listen({ Cookie: other.cookie }, quiet),
      await listen(bearer(quiet.tokens.read).headers, quiet),
    ];
    await quiet.ask('tcp', '/api/v1/logout', { method: 'POST', headers: session.headers });
    const isOver = (client: RawClient): boolean => textOf(client).endsWith('\r\n0\r\n\r\n');
    await until('its end', () => isOver(one));
    assert.deepEqual([two, three].map(isOver), [false, false]);
    await quiet.ask('socket', '/api/v1/tokens/rotate', { method: 'POST' });
    await until('their ends', () => isOver(two) && isOver(three));
  });
});

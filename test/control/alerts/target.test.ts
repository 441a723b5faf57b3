// A webhook that is slow, refuses, or is gone: what is told is sent again, is bounded, and its token stays out of the log.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { Alert } from '../../../src/control/alerts/message.ts';
import { Target } from '../../../src/control/alerts/target.ts';
import { until } from '../../rig/bounded.ts';

const ALERT: Alert = { kind: 'disk-low', subject: '/data', state: 'begun', detail: 'almost full', atMs: 0 };
const PATIENCE = { tries: 3, firstPauseMs: 5, betweenMs: 1, timeoutMs: 300 };

async function rig(t: TestContext, answer: (nth: number) => number | 'silence') {
  const bodies: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks).toString());
    const status = answer(bodies.length);
    if (status !== 'silence') response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const { port } = server.address() as AddressInfo;
  const target = new Target(
    {
      webhook: `http://127.0.0.1:${port}/hook?key=TOPSECRET`,
      format: 'json',
      signingKey: null,
      kinds: ['disk-low'],
      language: 'en',
    },
    () => 'ota.example.com',
    log,
    PATIENCE,
  );
  t.after(() => {
    target.stop();
    server.closeAllConnections();
    server.close();
  });
  return { target, bodies, lines };
}

test('it is sent again until it is taken, and then no more', async (t) => {
  const { target, bodies, lines } = await rig(t, (nth) => (nth < 3 ? 503 : 200));
  target.tell(ALERT);
  await until('three tries', () => bodies.length === 3, 10_000);
  await until('it is taken', () => target.status.lastFault === null, 10_000);
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(), /TOPSECRET/);
});

test('it is given up after its tries, loudly, and the next one is tried', async (t) => {
  const { target, bodies, lines } = await rig(t, (nth) => (nth <= 3 ? 'silence' : 200));
  target.tell(ALERT);
  target.tell({ ...ALERT, subject: 'the next one' });
  await until('four requests', () => bodies.length === 4, 10_000);
  assert.match(lines.join(), /no answer in time; given up/);
  assert.match(bodies[3] ?? '', /the next one/);
});

test('fifty wait at the most: the oldest are dropped and counted', async (t) => {
  const { target } = await rig(t, () => 'silence');
  for (let n = 0; n < 61; n += 1) target.tell(ALERT);
  // One is on its way.
  assert.deepEqual([target.status.waiting, target.status.dropped], [50, 10]);
});

test('a trial says at once why it was not taken, and is not repeated', async (t) => {
  const { target, bodies } = await rig(t, () => 404);
  assert.equal(await target.try(ALERT), 'status 404');
  assert.equal(bodies.length, 1);
});

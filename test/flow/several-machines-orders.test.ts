// Several machines order one certificate: the CA may ask any of them, one that is killed is followed by another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { acmeYaml, NAME } from '../rig/acme-gate.ts';
import { until } from '../rig/bounded.ts';
import { fileServer, send } from '../rig/file-server.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { serverPreset } from '../rig/sample-servers.ts';
import { killAll } from '../rig/state-folder.ts';
import { steadyLoad } from '../rig/steady-load.ts';
import { lookAt } from '../rig/tls-client.ts';
import { ask } from '../rig/wire.ts';

const { skip } = peer('redis', 'pebble');

async function issuerOf(gate: GateRig): Promise<string> {
  const { certificates } = await gate.status();
  return certificates.find(({ names }) => names.includes(NAME))?.issuer ?? '';
}

test('one order over three machines, answered by one that orders nothing', { skip }, async (t) => {
  const redis = await redisFor(t);
  const key = storeKey();
  const { origin } = await fileServer(t, (_, response) => send(response, Buffer.from('{}')));
  const upstream = serverPreset(origin);
  const [http = 0, https = 0, ...own] = await freePorts(10);
  // Slow to look, so that who orders can be killed meanwhile.
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https, sleepTime: 3 });
  const doorYaml = `domain: ${NAME}
listen: { http: "127.0.0.1:${http}", https: "127.0.0.1:${https}" }
${redisYaml(redis, key, 'door')}
${upstream}`;
  const door = await gateFor(t, doorYaml);
  const ordering = (at: number): Promise<GateRig> =>
    gateFor(
      t,
      acmeYaml({
        ...{ http: own[2 * at] ?? 0, https: own[2 * at + 1] ?? 0 },
        ...{ directory: pebble.directory, caFile: pebble.caFile },
        more: `${upstream}\n${redisYaml(redis, key, `orders-${at}`)}`,
      }),
    );
  const gates = await Promise.all([ordering(0), ordering(1)]);

  const orders = (gate: GateRig): boolean => gate.lines.some(({ event }) => event === 'certificate-order');
  const holder = await until('an order', async () => gates.find(orders) ?? false, 20_000);
  const other = gates.find((gate) => gate !== holder) as GateRig;
  await until('the order at the CA', async () => pebble.made('order') === 1, 10_000);
  await sleep(200);
  assert.equal(orders(other), false, 'one at a time');
  await killAll(holder);

  await until('a certificate of the CA on the other', async () => /Pebble/.test(await issuerOf(other)), 30_000);
  assert.equal(pebble.made('account'), 1, 'one account for all');
  assert.equal(pebble.made('order'), 2, 'that of the killed one, and that of the one behind it');
  assert.ok(!door.lines.some(({ event }) => event === 'certificate-order'));

  // One that comes now has the certificate from the others.
  const third = await ordering(gates.indexOf(holder));
  await until('the certificate on the third', async () => /Pebble/.test(await issuerOf(third)), 10_000);
  assert.equal(pebble.made('order'), 2);

  await t.test('what Redis loses under load costs no order: all serve on, by the same certificate', async (t) => {
    const served = [other, third];
    const serial = (await lookAt(other.https)).leaf.serialNumber;
    // Each request by a handshake of its own, so that the certificate is seen each time.
    const loads = served.map((gate) =>
      steadyLoad(async () => {
        const { leaf } = await lookAt(gate.https);
        if (leaf.serialNumber !== serial) return `another certificate: ${leaf.serialNumber}`;
        const tls = { servername: NAME, rejectUnauthorized: false };
        const { status } = await ask({ port: gate.https, tls }, { path: '/xiaozhi/ota/', host: NAME });
        return status === 200 ? null : String(status);
      }),
    );
    const rebuilt = (gate: GateRig): number => gate.lines.filter(({ event }) => event === 'store-rebuilt').length;
    await redis.command('FLUSHALL');
    await until('it told', () => [door, ...served].some((gate) => rebuilt(gate) > 0), 15_000);
    // Each looks again what it has to order.
    for (const gate of served) assert.equal((await gate.command('reload')).code, 0);
    const fresh = await ordering(gates.indexOf(other) + 2);
    await until('the certificate on a new one', async () => /Pebble/.test(await issuerOf(fresh)), 10_000);
    for (const { failures, done } of loads) {
      const times = await done();
      assert.deepEqual(failures, []);
      assert.ok(times > 10, String(times));
      t.diagnostic(`${times} handshakes and requests`);
    }
    for (const gate of [...served, fresh]) assert.equal((await lookAt(gate.https)).leaf.serialNumber, serial);
    assert.equal(pebble.made('order'), 2, 'no new order');
    assert.equal(pebble.made('account'), 1, 'nor a new account');
    assert.match(await redis.command('HKEYS', 'otagate:{otagate}:records'), /certificate/, 'put back');
  });
});

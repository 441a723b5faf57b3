// Several machines order one certificate: the CA may ask any of them, one that is killed is followed by another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { acmeYaml, NAME } from '../rig/acme-gate.ts';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { redisFor, redisYaml, storeKey } from '../rig/redis.ts';
import { killAll } from '../rig/state-folder.ts';

const { skip } = peer('redis', 'pebble');
const UPSTREAM = 'upstream: { preset: xiaozhi-server, host: 127.0.0.1, ports: { api: 9, voice: 9 } }';

async function issuerOf(gate: GateRig): Promise<string> {
  const { certificates } = await gate.status();
  return certificates.find(({ names }) => names.includes(NAME))?.issuer ?? '';
}

test('one order over three machines, answered by one that orders nothing', { skip }, async (t) => {
  const redis = await redisFor(t);
  const key = storeKey();
  const [http = 0, https = 0, ...own] = await freePorts(6);
  // Slow to look, so that who orders can be killed meanwhile.
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https, sleepTime: 3 });
  const doorYaml = `domain: ${NAME}
listen: { http: "127.0.0.1:${http}", https: "127.0.0.1:${https}" }
${redisYaml(redis, key, 'door')}
${UPSTREAM}`;
  const door = await gateFor(t, doorYaml);
  const ordering = (at: number): Promise<GateRig> =>
    gateFor(
      t,
      acmeYaml({
        ...{ http: own[2 * at] ?? 0, https: own[2 * at + 1] ?? 0 },
        ...{ directory: pebble.directory, caFile: pebble.caFile },
        more: `${UPSTREAM}\n${redisYaml(redis, key, `orders-${at}`)}`,
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
});

// Where strangers look like neighbours: behind a proxy on this machine (loopback), or behind the machine's own gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateFor } from '../rig/gate.ts';
import { makeNamespace, namespaceHindrance } from '../rig/network-namespace.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const CHECK = { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() };

test('loopback is not LAN unless listed by hand', async (t) => {
  const java = await javaServer(t);
  const yaml = (lan: string): string => `domain: ota.test\nnetworks: { lan: ${lan} }\n${fullPreset(java)}`;
  const gate = await gateFor(t, yaml('private'));
  const status = async (from: string): Promise<number> => (await ask({ port: gate.http, from }, CHECK)).status;

  assert.equal(await status('127.0.0.1'), 426);
  assert.equal((await gate.reload(yaml('[private, 127.0.0.1]'))).code, 0);
  assert.equal(await status('127.0.0.1'), 200);
  assert.equal(await status('127.0.0.4'), 426, 'the one address that was listed, and no other');
  assert.equal((await gate.reload(yaml('0.0.0.0/0'))).code, 0);
  assert.equal(await status('127.0.0.1'), 426, 'a network that happens to hold it is not a listing by hand');
  assert.equal((await gate.reload(yaml('127.0.0.0/8'))).code, 0);
  assert.equal(await status('127.0.0.4'), 200);
});

const hindrance = namespaceHindrance();
if (hindrance !== null) console.error(`SKIPPED: the machine's own gateway, in a network namespace: ${hindrance}`);

test("the machine's own gateway is not LAN unless listed by hand", { skip: hindrance ?? false }, async (t) => {
  const namespace = makeNamespace();
  t.after(namespace.remove);
  const java = await javaServer(t, { host: namespace.gateway });
  const yaml = (lan: string): string => `domain: ota.test
networks: { lan: ${lan} }
listen: { http: "${namespace.inside}:0", https: none }
${fullPreset(java).replace('127.0.0.1', namespace.gateway)}`;
  const gate = await gateFor(t, yaml('private'), { prefix: namespace.prefix });
  const way = { port: gate.http, to: namespace.inside, from: namespace.gateway };

  assert.deepEqual((await gate.status()).lan.ownGateways, [namespace.gateway]);
  assert.equal((await ask(way, CHECK)).status, 426);
  const told = await gate.line(({ event }) => event === 'lan');
  assert.ok((told.notLan as string[]).includes(namespace.gateway));

  assert.equal((await gate.reload(yaml('10.0.0.0/8'))).code, 0);
  assert.equal((await ask(way, CHECK)).status, 426, 'its network alone is not a listing by hand');
  assert.equal((await gate.reload(yaml(`[private, ${namespace.gateway}]`))).code, 0);
  assert.equal((await ask(way, CHECK)).status, 200);
});

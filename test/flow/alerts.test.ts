// Behaviour: an upstream that is down is told to the webhook once, and once more when it answers again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { until } from '../rig/bounded.ts';
import { startGate } from '../rig/gate.ts';

test('an upstream that is down is told, listed, and told again when it is back', async (t) => {
  const told: { kind: string; state: string; gate: string }[] = [];
  const hook = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    told.push(JSON.parse(body));
    response.end();
  }).listen(0, '127.0.0.1');
  const upstream = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
  await Promise.all([once(hook, 'listening'), once(upstream, 'listening')]);
  const port = (upstream.address() as AddressInfo).port;
  await new Promise((resolve) => upstream.close(resolve));
  const gate = await startGate(`
domain: gate.test
defaultSite: main
upstreams: { console: "http://127.0.0.1:${port}" }
routes: [{ name: console, path: /, upstream: console, plainHttp: always }]
alerts:
  webhooks: [{ webhook: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/T" }]
  upstreamDown: 1s
`);
  t.after(async () => {
    await gate.stop();
    hook.close();
    upstream.close();
  });
  const ask = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${gate.http}/`);
    await response.text();
    return response.status;
  };
  const trial = await gate.command('alerts', 'test', '--json');
  assert.equal(trial.code, 0, trial.stderr);
  assert.equal(told[0]?.kind, 'test');

  await until(
    'the trouble is told',
    async () => {
      await ask();
      return told.length === 2;
    },
    15_000,
  );
  assert.deepEqual([told[1]?.kind, told[1]?.state, told[1]?.gate], ['upstream-down', 'begun', 'gate.test']);
  const listed = await gate.command('alerts', 'list');
  assert.match(listed.stdout, /upstream +upstream console has answered none of \d+ requests/);

  upstream.listen(port, '127.0.0.1');
  await once(upstream, 'listening');
  await until(
    'its end is told',
    async () => {
      await ask();
      return told.length === 3;
    },
    15_000,
  );
  assert.deepEqual([told[2]?.kind, told[2]?.state], ['upstream-down', 'over']);
});

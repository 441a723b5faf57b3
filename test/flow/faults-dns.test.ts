// The name servers go away under a running gate, silently or by saying that there is no such name: what was known serves
// on, what was not is told, and all is well again by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gateFor } from '../rig/gate.ts';
import { plainReply, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, LAN } from '../rig/test-device.ts';
import { ask, headerOf, jsonOf } from '../rig/wire.ts';
import { freePort, startBind, withoutBind } from '../tls/dns/bind.ts';

// Of this process alone, so that runs side by side do not meet.
const SERVER = `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 250}.53`;
const IN_PLACE = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
const TTL_MS = 10_000;

const skip = withoutBind || hindrance();

function hindrance(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root of a Linux can do that';
  const { status } = spawnSync('unshare', ['--mount', 'sh', '-c', IN_PLACE, '/etc/hostname', 'true']);
  return status === 0 ? false : 'this system lets nobody have a resolv.conf of its own';
}

/** The name server of the gate: the BIND at a port, or, where that is null, nobody. */
async function nameServer(t: TestContext): Promise<{ ask: (port: number | null) => void }> {
  let to: number | null = null;
  const front = createSocket('udp4');
  front.on('message', (question, asker) => {
    if (to === null) return;
    const back = createSocket('udp4').on('error', () => {});
    back.once('message', (reply) => {
      front.send(reply, asker.port, asker.address);
      back.close();
    });
    back.send(question, to, '127.0.0.1');
  });
  front.bind(53, SERVER);
  await once(front, 'listening');
  t.after(() => front.close());
  return {
    ask: (port) => {
      to = port;
    },
  };
}

test('name servers that fall silent, and that know a name no more', { skip }, async (t) => {
  const bindWith = async (records: string): Promise<number> => {
    const port = await freePort('127.0.0.1');
    const bind = await startBind('127.0.0.1', port, [
      { name: 'upstream.test', records: `@ IN NS ns1\nns1 IN A ${SERVER}\n${records}` },
    ]);
    t.after(() => bind.stop());
    return port;
  };
  const [whole, bare] = await Promise.all([bindWith('known IN A 127.0.0.1\nlater IN A 127.0.0.1'), bindWith('')]);
  const server = await nameServer(t);
  server.ask(whole);
  const upstream = await scriptedUpstream(t, () => plainReply('{"server_time":{"timestamp":1}}'));
  const { port } = new URL(upstream.origin);
  const folder = mkdtempSync(join(tmpdir(), 'otagate-resolv-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const resolv = join(folder, 'resolv.conf');
  writeFileSync(resolv, `nameserver ${SERVER}\noptions timeout:3 attempts:1\n`);
  const gate = await gateFor(
    t,
    `domain: ota.test
workers: 1
limits: { connect: 2s }
upstreams: { main: "http://known.upstream.test:${port}", late: "http://later.upstream.test:${port}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check }
  - { name: late, path: /late/, upstream: late, role: web }
  - { name: web, path: /, upstream: main, role: web }
`,
    { prefix: ['unshare', '--mount', 'sh', '-c', IN_PLACE, resolv] },
  );
  const way = { port: gate.http, from: LAN, withinMs: 15_000 };
  const page = (path: string) => ask(way, { path });
  const check = () => ask(way, { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() });

  assert.deepEqual([(await page('/')).status, (await check()).status], [200, 200]);
  server.ask(null);
  const silentMs = performance.now();
  const unknown = await page('/late/');
  assert.deepEqual([unknown.status, jsonOf(unknown).code], [502, 'UPSTREAM_CONNECT']);
  const line = await gate.line(({ id }) => id === headerOf(unknown, 'X-Request-Id'));
  assert.match(String(line.detail), /upstream late at .* cannot be reached/);

  await sleep(Math.max(0, silentMs + TTL_MS + 500 - performance.now()));
  const askedMs = performance.now();
  const replies = await Promise.all([page('/'), check()]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200],
    'what was known last',
  );
  const waitedMs = performance.now() - askedMs;
  const told = await gate.line(({ event }) => event === 'name-stale');
  assert.deepEqual([told.level, told.name, told.reason], ['warn', 'known.upstream.test', 'EAI_AGAIN']);
  assert.ok(performance.now() - askedMs > waitedMs, 'served before that was known');

  server.ask(bare);
  const gone = await page('/late/');
  assert.deepEqual([gone.status, jsonOf(gone).code, (await page('/')).status], [502, 'UPSTREAM_CONNECT', 200]);
  await gate.line((one) => one.id === headerOf(gone, 'X-Request-Id') && /ENOTFOUND/.test(String(one.detail)));

  server.ask(whole);
  assert.equal((await page('/late/')).status, 200);
  await sleep(2_000);
  for (let tries = 0; tries < 3; tries += 1) assert.equal((await check()).status, 200);
  await gate.line(({ event }) => event === 'name-stale-over');
  assert.equal(gate.lines.filter(({ event }) => event === 'name-stale').length, 1, 'told once');
});

// A reload changes what is decided from the next request on, and closes nothing that is open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryEndpoint } from '../../src/control/ports.ts';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { LAN, OUTSIDE } from '../rig/test-device.ts';
import { openVoices } from '../rig/voices.ts';
import { ask, jsonOf, open, readReply, requestBytes } from '../rig/wire.ts';

const VOICES = 200;
const REFUSED = 'routes: [{ name: reports, path: /reports/, refuse: true }]';

test('reloads under 200 open WebSockets', async (t) => {
  const java = await javaServer(t);
  const base = `domain: ota.test\nworkers: 2\n${fullPreset(java)}`;
  const gate = await gateFor(t, base);
  const pids = (await gate.status()).workers.map(({ pid }) => pid);
  const voices = await openVoices(gate, VOICES);
  t.after(() => {
    for (const voice of voices) voice.close();
  });
  const kept = await open({ port: gate.https, from: OUTSIDE, tls: { ca: gate.root }, withinMs: 30_000 });
  t.after(() => void kept.destroy());
  const onKept = async (path: string): Promise<number> => {
    kept.write(requestBytes({ path, headers: { Connection: 'keep-alive' } }));
    return (await readReply(kept, false, true)).status;
  };
  const allEcho = async (what: string): Promise<void> => {
    await Promise.all(voices.map((voice, index) => voice.echo(`${what} ${index}`)));
    assert.equal(voices.filter((voice) => voice.isOpen()).length, VOICES, what);
  };
  const reload = async (yaml: string): Promise<string> => {
    const result = await gate.reload(yaml);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout.trim();
  };
  const { port } = await tryEndpoint({ host: '127.0.0.1', port: 0 });
  const twoListeners = `${base}\n${REFUSED}\nlog: { format: json, level: debug }
listen: { http: "127.0.0.1:0", https: ["127.0.0.1:0", "127.0.0.1:${port}"] }`;
  await allEcho('before');
  assert.equal(await onKept('/reports/'), 200);

  await t.test('routes: kept connections see the new policy', async () => {
    assert.equal(await reload(`${base}\n${REFUSED}`), 'reloaded; changed: routes');
    assert.equal(await onKept('/reports/'), 403);
    await allEcho('after other routes');
  });

  await t.test('log level', async () => {
    assert.equal(await reload(`${base}\n${REFUSED}\nlog: { format: json, level: debug }`), 'reloaded; changed: log');
    const socket = await open({ port: gate.https, from: OUTSIDE });
    socket.end('no TLS at all\r\n\r\n');
    await gate.line(({ level, event }) => level === 'debug' && event === 'handshake-failed');
    await allEcho('after another log level');
  });

  await t.test('a listener more, and less', async () => {
    assert.equal(await reload(twoListeners), 'reloaded; changed: listen');
    const added = { port, from: OUTSIDE, tls: { ca: gate.root } };
    assert.equal((await ask(added, { path: '/' })).status, 200);
    assert.equal((await ask({ ...added, port: gate.https }, { path: '/' })).status, 200);
    assert.equal((await gate.status()).listeners.length, 3);
    const [onNew] = await openVoices({ https: port, root: gate.root }, 1);
    await allEcho('after one listener more');
    assert.equal(await reload(`${base}\n${REFUSED}\nlog: { format: json, level: debug }`), 'reloaded; changed: listen');
    await assert.rejects(ask(added, { path: '/' }), /ECONNREFUSED/);
    await onNew?.echo('a conversation through a listener that is gone');
    onNew?.close();
    await allEcho('after one listener less');
  });

  await t.test('nothing', async () => {
    assert.equal(
      await reload(`${base}\n${REFUSED}\nlog: { format: json, level: debug }\n# a comment`),
      'reloaded; nothing changed',
    );
    const { stdout } = await gate.command('reload', '--json');
    assert.deepEqual(JSON.parse(stdout), { ok: true, changed: [], warnings: [] });
  });

  await t.test('SIGHUP does the same', async () => {
    const told = (): unknown => gate.lines.findLast(({ event }) => event === 'reload')?.changed;
    const written = await gate.reload(base);
    assert.equal(written.stdout.trim(), 'reloaded; changed: routes, log');
    assert.equal(await onKept('/reports/'), 200);
    // A line may come behind the answer.
    await until('the line of the reload by command', () => String(told()) === 'routes,log');
    gate.kill('SIGHUP');
    await until('the line of the reload by signal', () => String(told()) === '');
    await allEcho('after SIGHUP');
  });

  assert.deepEqual(
    (await gate.status()).workers.map(({ pid }) => pid),
    pids,
    'no process was exchanged',
  );
  await gate.line(({ event }) => event === 'websocket');
  const closed = gate.lines.filter(({ event }) => event === 'websocket');
  assert.equal(closed.length, 1, 'the one that was closed by the test itself');
});

test('SIGHUP takes a changed file', async (t) => {
  const java = await javaServer(t);
  const base = `domain: ota.test\n${fullPreset(java)}`;
  const gate = await gateFor(t, base);
  gate.write(`${base}\n${REFUSED}`);
  assert.equal((await ask({ port: gate.http, from: LAN }, { path: '/reports/' })).status, 200, 'not before the signal');
  gate.kill('SIGHUP');
  const line = await gate.line(({ event }) => event === 'reload');
  assert.deepEqual(line.changed, ['routes']);
  const reply = await ask({ port: gate.http, from: LAN }, { path: '/reports/' });
  assert.equal(jsonOf(reply).code, 'ROUTE_REFUSED');
});

test('the number of workers changes without a restart, and what runs on a retired one finishes', async (t) => {
  const java = await javaServer(t);
  const yaml = (workers: number): string => `domain: ota.test\nworkers: ${workers}\n${fullPreset(java)}`;
  const gate = await gateFor(t, yaml(1));
  assert.equal((await gate.reload(yaml(3))).code, 0);
  const three = (await gate.status()).workers;
  assert.equal(three.length, 3);
  const voices = await openVoices(gate, 12);
  t.after(() => {
    for (const voice of voices) voice.close();
  });
  assert.equal((await gate.reload(yaml(1))).code, 0);
  assert.equal((await gate.status()).workers.length, 1);
  await Promise.all(voices.map((voice) => voice.echo('still here')));
  assert.equal((await ask({ port: gate.http, from: LAN }, { path: '/' })).status, 200);
});

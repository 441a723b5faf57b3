// Ports that are burnt into devices: the same table on each, and replies that lead to the port of today.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText } from '../../src/config/load.ts';
import { gateFor } from '../rig/gate.ts';
import { freePorts } from '../rig/nginx.ts';
import { fullPreset, javaServer, MAC } from '../rig/sample-servers.ts';
import { ask } from '../rig/wire.ts';

test('a device on an old port is answered as on the new one, and told the new one', async (t) => {
  const java = await javaServer(t);
  const [today = 0, console = 0, voice = 0] = await freePorts(3);
  const listen = `listen: { http: ["127.0.0.1:${today}", "127.0.0.1:${console}", "127.0.0.1:${voice}"], https: "127.0.0.1:0" }`;
  await gateFor(t, `domain: ota.test\n${listen}\npublic: { http: 80 }\n${fullPreset(java)}\n`);
  const check = {
    path: '/xiaozhi/ota/',
    body: '{"application":{"version":"1.0.0"},"board":{"type":"test-board"}}',
    headers: { 'Device-Id': MAC, 'Client-Id': 'c', 'Content-Type': 'application/json' },
  };
  const replies = [];
  for (const port of [today, console, voice]) {
    const { status, body } = await ask({ port, from: '127.0.0.2' }, { ...check, host: `ota.test:${port}` });
    assert.equal(status, 200);
    const { firmware, websocket } = JSON.parse(body.toString()) as {
      firmware: { url: string };
      websocket: { url: string };
    };
    assert.match(firmware.url, /^http:\/\/ota\.test\/xiaozhi\/otaMag\/download\/~/);
    assert.equal(websocket.url, 'ws://ota.test/xiaozhi/v1/');
    replies.push(firmware.url);
  }
  const link = new URL(replies[1] ?? '');
  for (const port of [today, voice]) {
    const image = await ask({ port, from: '127.0.0.2' }, { path: link.pathname });
    assert.deepEqual([image.status, image.whole], [200, true]);
  }
});

test('check says where an old port would be told to devices', () => {
  const base = 'domain: ota.example.com\nupstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';
  const warned = (rest: string): string[] =>
    checkText(`${base}${rest}`, '/etc/otagate.yaml', {}, 0).warnings.map(({ path, problem }) => `${path} ${problem}`);
  assert.deepEqual(warned('listen: { http: [8002, 80] }\n'), [
    'listen.http[0] is the first of several ports, so 8002 is what devices are told, and keep',
  ]);
  assert.deepEqual(warned('listen: { http: [80, 8002, 8000] }\n'), []);
  assert.deepEqual(warned('listen: { http: [8002, 80] }\npublic: { http: 80 }\n'), []);
  assert.deepEqual(warned('listen: { http: 8002 }\n'), []);
});

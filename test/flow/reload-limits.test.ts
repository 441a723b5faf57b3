// A reload of limits reaches the upstreams that the gate is connected to already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateFor } from '../rig/gate.ts';
import { serverPreset } from '../rig/sample-servers.ts';
import { plainReply, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, LAN } from '../rig/test-device.ts';
import { ask, jsonOf } from '../rig/wire.ts';

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{';

test('limits.idle holds for the reply to a check after a reload', async (t) => {
  const upstream = await scriptedUpstream(t, () => plainReply('{"firmware":{"version":"1.8.1","url":""}}'));
  const yaml = (idle: string): string =>
    `domain: ota.test\nlimits: { idle: ${idle} }\n${serverPreset(upstream.origin)}`;
  const gate = await gateFor(t, yaml('30s'));
  const check = () =>
    ask(
      { port: gate.http, from: LAN, withinMs: 8_000 },
      { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody() },
    );
  assert.equal((await check()).status, 200);
  assert.equal((await gate.reload(yaml('300ms'))).code, 0);
  upstream.answerWith(() => [HALF, 10_000]);
  const reply = await check();
  assert.equal(reply.status, 504);
  assert.equal(jsonOf(reply).code, 'UPSTREAM_TIMEOUT');
});

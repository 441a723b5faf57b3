// A firmware of 100 MB is uploaded to the console through the gate, and passes through it without staying there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateFor } from '../rig/gate.ts';
import { residentBytes } from '../rig/process-facts.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { LAN, OUTSIDE } from '../rig/test-device.ts';
import { type Uploaded, upload } from '../rig/upload.ts';
import { ask } from '../rig/wire.ts';

const BYTES = 100_000_000;
const WARM_UP_BYTES = 1_000_000;
const MIB = 1024 * 1024;

for (const scheme of ['http', 'https'] as const) {
  test(`100 MB by ${scheme}`, async (t) => {
    const java = await javaServer(t);
    const gate = await gateFor(t, `domain: ota.test\n${fullPreset(java)}`);
    const pid = (await gate.status()).workers[0]?.pid ?? 0;
    const from = scheme === 'http' ? LAN : OUTSIDE;

    for (const framing of ['chunked', 'content-length'] as const) {
      await t.test(framing, async (t) => {
        await upload(gate, { scheme, framing, bytes: WARM_UP_BYTES, from });
        const { uploaded, grownMib } = await watched(pid, () => upload(gate, { scheme, framing, bytes: BYTES, from }));
        assert.equal(uploaded.status, 200);
        const { code, data, bytes } = JSON.parse(uploaded.text) as { code: number; data: string; bytes: number };
        assert.deepEqual({ code, data, bytes }, { code: 0, data: `uploadfile/${uploaded.md5}.bin`, bytes: BYTES });
        t.diagnostic(`${scheme}, ${framing}: ${grownMib} MiB more`);
        assert.ok(grownMib < 32, `the gate grew by ${grownMib} MiB`);
      });
    }

    await t.test('the gate is well afterwards', async () => {
      assert.equal((await ask({ port: gate.http, from: LAN }, { path: '/' })).status, 200);
      assert.equal((await gate.status()).workers[0]?.pid, pid);
    });
  });
}

async function watched(pid: number, work: () => Promise<Uploaded>): Promise<{ uploaded: Uploaded; grownMib: number }> {
  const before = residentBytes(pid);
  assert.ok(before > 10 * MIB);
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, residentBytes(pid));
  }, 20);
  try {
    const uploaded = await work();
    return { uploaded, grownMib: Math.round((most - before) / MIB) };
  } finally {
    clearInterval(sampling);
  }
}

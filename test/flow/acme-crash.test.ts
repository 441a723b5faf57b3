// Everything is killed in the middle of orders, again and again: each start goes on from what is on disk, and in the end
// there is a certificate for every name, one account, and no broken file.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { peer } from '../peer.ts';
import { acmeYaml } from '../rig/acme-gate.ts';
import { until } from '../rig/bounded.ts';
import { startGate } from '../rig/gate.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { brokenFiles } from '../rig/state-files.ts';
import { lookAt } from '../rig/tls-client.ts';

const KILLS = 25;
// A little longer than an order takes, from the first request to the file on disk.
const SPREAD_MS = 600;
const NAMES = Array.from({ length: 16 }, (_, index) => `n${index}.example.com`);

test('killed at every moment of an order', { skip: peer('pebble').skip }, async (t) => {
  const [http = 0, https = 0] = await freePorts(2);
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https });
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const yaml = `stateDir: ${stateDir}\n${acmeYaml({ http, https, ...pebble, domains: NAMES })}`;
  // In no order, so that the first kills, which meet the account, are not all early ones.
  const moments = Array.from({ length: KILLS }, (_, index) => ((index + Math.random()) / KILLS) * SPREAD_MS);
  moments.sort(() => Math.random() - 0.5);

  for (const moment of moments) {
    const gate = await startGate(yaml);
    await pause(moment);
    const gates = childrenOf(gate.pid);
    gate.kill('SIGKILL');
    for (const pid of gates) kill(pid);
    await gate.exited;
    await gate.stop();
    assert.deepEqual(brokenFiles(stateDir), [], `after a kill ${Math.round(moment)} ms after the start`);
  }

  const gate = await startGate(yaml);
  t.after(() => gate.stop());
  const kept = await until(
    'a certificate for every name',
    async () => {
      const { acme } = await gate.status();
      return acme.every(({ notAfter }) => notAfter !== null) && acme;
    },
    30_000,
  );
  assert.equal(kept.length, NAMES.length);
  assert.deepEqual(
    gate.lines.filter(({ level, event }) => (level === 'error' || level === 'warn') && event !== 'certificate-finding'),
    [],
  );
  assert.ok(pebble.made('order') > NAMES.length, 'some orders were cut off, and begun again');
  const ca = await pebble.root();
  for (const servername of NAMES) {
    const trusted = async (): Promise<boolean> => (await lookAt(https, { ca, servername })).trust === 'trusted';
    await until(`a trusted certificate for ${servername}`, trusted);
  }
  assert.equal(pebble.made('account'), 1, 'one account, however often it was asked for');
  await gate.stop();
  assert.deepEqual(brokenFiles(stateDir, { databases: true }), []);
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended with its parent
  }
}

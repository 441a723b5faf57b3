// A snapshot that cannot be put in force leaves the one before it in force: rules, certificates and listeners.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tryEndpoint } from '../../src/control/ports.ts';
import type { ToControl } from '../../src/link/messages.ts';
import type { Snapshot } from '../../src/link/snapshot.ts';
import { bareSnapshot } from '../rig/bare-snapshot.ts';
import { within } from '../rig/bounded.ts';
import { hasOpenssl, selfSigned } from '../rig/made-certificate.ts';
import { lookAt } from '../rig/tls-client.ts';
import { ask } from '../rig/wire.ts';

const GATE = fileURLToPath(new URL('../../src/gate/main.ts', import.meta.url));
const NEW_RULE = { name: 'new', path: '/new/', target: { kind: 'refuse' }, role: 'web', plainHttp: 'always' } as const;

/** A port that is free, and stays so for the moment of a test. */
async function freePort(): Promise<number> {
  return (await tryEndpoint({ host: '127.0.0.1', port: 0 })).port;
}

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A gate process alone, and what it says of a snapshot. */
function startGate(t: TestContext): { child: ChildProcess; apply: (snapshot: Snapshot) => Promise<string | null> } {
  const child = fork(GATE, ['gate'], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  const apply = (snapshot: Snapshot): Promise<string | null> => {
    const applied = new Promise<string | null>((resolve) => {
      const hear = (message: unknown): void => {
        const told = message as ToControl;
        if (told.kind !== 'applied' || told.version !== snapshot.version) return;
        child.off('message', hear);
        resolve(told.fault);
      };
      child.on('message', hear);
    });
    child.send({ kind: 'snapshot', snapshot });
    return within('the answer to a snapshot', applied, 10_000);
  };
  return { child, apply };
}

function snapshotOf(version: number, http: number[], https: number[], cert: { cert: string; key: string }): Snapshot {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const bare = bareSnapshot(version);
  const certificates = ['ota.test', 'second.test'].map((name) => ({
    names: [name],
    certPem: cert.cert,
    keyPem: cert.key,
    publicChain: false,
  }));
  return {
    ...bare,
    policy: { ...bare.policy, routes: version === 1 ? [] : [NEW_RULE] },
    listen: { http: http.map(at), https: https.map(at), streams: [] },
    tls: { ...bare.tls, certificates },
  };
}

for (const shared of process.platform === 'linux' ? [true, false] : [false]) {
  test(`a listener that cannot be opened (${shared ? 'shared' : 'own'} ports)`, {
    skip: !hasOpenssl(),
  }, async (t) => {
    const { apply } = startGate(t);
    const [http, https, leaving] = [await freePort(), await freePort(), await freePort()];
    const [first, second] = [selfSigned('ota.test', 'P-256'), selfSigned('ota.test', 'P-256')];
    const status = async (port: number): Promise<number> => (await ask({ port }, { path: '/new/' })).status;
    // One name is the listener's own certificate, the other one is chosen from the keyring.
    const served = async (): Promise<string> => {
      const looks = ['ota.test', 'second.test'].map((servername) => lookAt(https, { servername }));
      const certificates = (await Promise.all(looks)).map(({ leaf }) => leaf.toString());
      assert.equal(certificates[0], certificates[1]);
      return certificates[0] === first.cert ? 'first' : 'second';
    };
    const make = (...wish: Parameters<typeof snapshotOf>): Snapshot => ({
      ...snapshotOf(...wish),
      shareListeners: shared,
    });
    assert.equal(await apply(make(1, [http, leaving], [https], first)), null);
    assert.deepEqual([await status(http), await status(leaving), await served()], [404, 404, 'first']);

    const [added, taken] = [await freePort(), await takenPort(t)];
    assert.match((await apply(make(2, [http, added, taken], [https], second))) ?? '', /EADDRINUSE/);
    assert.deepEqual([await status(http), await status(leaving), await served()], [404, 404, 'first']);
    await assert.rejects(status(added), /ECONNREFUSED/, 'what was opened before the fault is closed again');

    assert.equal(await apply(make(3, [http, added], [https], second)), null);
    assert.deepEqual([await status(http), await status(added), await served()], [403, 403, 'second']);
    await assert.rejects(status(leaving), /ECONNREFUSED/);
  });
}

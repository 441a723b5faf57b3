// The keeper of certificates against a small CA in the same process: clocks that jump, pauses, and configurations that change.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { AcmeConfig } from '../../src/config/acme-config.ts';
import { CertificateKeeper } from '../../src/control/certificate-keeper.ts';
import type { Presenter } from '../../src/tls/acme/order.ts';
import { until } from '../rig/bounded.ts';
import { type SmallAcme, smallAcmeFor } from '../rig/small-acme.ts';
import { Problem } from '../rig/small-acme-jws.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NAME = 'a.example.com';

type Rig = {
  acme: SmallAcme;
  keeper: CertificateKeeper;
  config: AcmeConfig;
  stateDir: string;
  /** Added to the two clocks. */
  jump: { wallMs: number; monotonicMs: number };
  events: () => string[];
  proofs: Map<string, string>;
  /** Looks at all certificates now, and resolves when that is done. */
  look: () => Promise<void>;
};

async function rigFor(
  t: TestContext,
  { present = async () => {} }: { present?: Presenter['present'] } = {},
): Promise<Rig> {
  const acme = await smallAcmeFor(t, 0);
  const stateDir = mkdtempSync(join(tmpdir(), 'otagate-keeper-'));
  const proofs = new Map<string, string>();
  acme.wishes.validate = async (_, token, keyAuthorization) => proofs.get(token) === keyAuthorization;
  const jump = { wallMs: 0, monotonicMs: 0 };
  const lines: { event: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const keeper = new CertificateKeeper({
    stateDir,
    log,
    clock: () => Date.now() + jump.wallMs,
    monotonic: () => performance.now() + jump.monotonicMs,
    onObtained: async () => {},
    presenter: {
      present: async (proof, signal) => {
        if (proof.type === 'http-01') proofs.set(proof.token, proof.keyAuthorization);
        await present(proof, signal);
      },
      cleanup: async (proof) => void (proof.type === 'http-01' && proofs.delete(proof.token)),
    },
  });
  t.after(async () => {
    await keeper.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const none = { email: null, profile: null, preferredChain: null, eab: null, dns: null };
  const { directory, caFile } = acme;
  const propagation = { timeoutMs: 1_000, resolvers: [] };
  const config: AcmeConfig = { directory, caFile, challenge: 'http-01', keyType: 'ecdsa', propagation, ...none };
  keeper.configure(config, [NAME]);
  const look = async (): Promise<void> => {
    keeper.start();
    await pause(30);
    await keeper.renew('queued behind the look');
  };
  return { acme, keeper, config, stateDir, jump, proofs, look, events: () => lines.map(({ event }) => event) };
}

test('a wall clock that jumps', async (t) => {
  const { acme, jump, look, events } = await rigFor(t);
  await look();
  await look();
  assert.equal(acme.signed.length, 1);
  jump.wallMs = 54 * DAY;
  await look();
  assert.equal(acme.signed.length, 1, 'more than a third is left');
  jump.wallMs = -3650 * DAY;
  await look();
  assert.equal(acme.signed.length, 1, 'back into the past');
  jump.wallMs = 61 * DAY;
  jump.monotonicMs = 2 * HOUR;
  await look();
  assert.equal(acme.signed.length, 2, 'less than a third is left');
  assert.equal(acme.signed[1]?.replaces, acme.signed[0]?.id);
  assert.ok(events().includes('certificate-clock'), 'by that clock, the new one is due already');
  for (const wallMs of [61 * DAY, 100 * DAY, 0]) {
    jump.wallMs = wallMs;
    jump.monotonicMs += 2 * HOUR;
    await look();
  }
  assert.equal(acme.signed.length, 2, 'a wrong clock does not order without end');
  jump.wallMs = 61 * DAY;
  jump.monotonicMs += 1.1 * DAY;
  await look();
  assert.equal(acme.signed.length, 3, 'but once a day');
});

test('a CA whose window is always past is followed once an hour', async (t) => {
  const { acme, jump, look } = await rigFor(t);
  acme.wishes.window = () => ({ start: new Date(Date.now() - HOUR), end: new Date(Date.now() - MINUTE) });
  for (let looks = 0; looks < 4; looks += 1) await look();
  assert.equal(acme.signed.length, 1);
  jump.monotonicMs += 61 * MINUTE;
  for (let looks = 0; looks < 4; looks += 1) await look();
  assert.equal(acme.signed.length, 2);
});

test('the window is asked for again when the CA says, not at every look', async (t) => {
  const { acme, jump, look } = await rigFor(t);
  const window = { start: new Date(Date.now() + 60 * DAY), end: new Date(Date.now() + 61 * DAY) };
  acme.wishes.window = () => ({ ...window, retryAfterSeconds: 7_200 });
  const asked = (): number => acme.askedOf('/renewal-info', 'GET').length;
  for (let looks = 0; looks < 3; looks += 1) await look();
  assert.equal(asked(), 1);
  jump.monotonicMs += 2.1 * HOUR;
  window.start = new Date(Date.now() - DAY);
  window.end = new Date(Date.now() - HOUR);
  await look();
  assert.deepEqual([asked(), acme.signed.length], [2, 2], 'a window that moved into the past renews');
});

test('pauses after failures keep to the clock that does not jump', async (t) => {
  const { acme, keeper, jump, look, events } = await rigFor(t);
  acme.wishes.instead = ({ path }) => {
    if (path === '/new-order') throw new Problem(500, 'serverInternal', 'out of order');
    return undefined;
  };
  const tries = (): number => acme.askedOf('/new-order').length;
  await look();
  assert.equal(tries(), 1);
  jump.wallMs = 365 * DAY;
  await look();
  assert.equal(tries(), 1, 'a jump of the wall clock does not shorten the pause');
  const [first] = keeper.status();
  assert.ok(first?.failures === 1 && (first.nextTryInSeconds ?? 0) >= 55, JSON.stringify(first));
  jump.monotonicMs += 73_000;
  await look();
  assert.equal(tries(), 2);
  const [second] = keeper.status();
  assert.ok(second?.failures === 2 && (second.nextTryInSeconds ?? 0) > 115, JSON.stringify(second));
  assert.equal(events().filter((event) => event === 'certificate-failed').length, 2);
  jump.wallMs = 0;
  acme.wishes.instead = () => undefined;
  assert.deepEqual(await keeper.renew(NAME), { kept: [NAME], renewed: [`${NAME} (ecdsa)`], faults: [] });
  assert.deepEqual(
    keeper.status().map(({ failures, lastError }) => [failures, lastError]),
    [[0, null]],
  );
});

test('a new configuration is tried at once, and names that left it are not kept', async (t) => {
  const { acme, keeper, config, look } = await rigFor(t);
  const [directory, caFile] = ['https://127.0.0.1:9/directory', config.caFile];
  keeper.configure({ ...config, directory }, [NAME]);
  await look();
  assert.match(keeper.status()[0]?.lastError ?? '', /cannot be reached \(ECONNREFUSED/);
  keeper.configure({ ...config, caFile }, [NAME, 'b.example.com']);
  await until('both are there', () => acme.signed.length === 2);
  await look();
  const names = (): string[] => keeper.status().map(({ name }) => name);
  assert.deepEqual(names(), [NAME, 'b.example.com']);
  keeper.configure(config, ['b.example.com']);
  await look();
  assert.deepEqual([names(), acme.signed.length], [['b.example.com'], 2]);
  keeper.configure(config, [NAME, 'b.example.com']);
  await look();
  assert.equal(acme.signed.length, 2, 'the first one is on disk still');
  keeper.configure(null, []);
  assert.deepEqual(keeper.status(), []);
});

test('another authority: the old certificate serves until the new one is there', async (t) => {
  const { keeper, config, look } = await rigFor(t);
  await look();
  const old = keeper.certificates();
  assert.equal(old.length, 1);
  const other = await smallAcmeFor(t, 0);
  other.wishes.validate = async () => false;
  keeper.configure({ ...config, directory: other.directory, caFile: other.caFile }, [NAME]);
  await look();
  assert.equal(keeper.status()[0]?.failures, 1);
  assert.deepEqual(keeper.certificates(), old);
  other.wishes.validate = async () => true;
  await keeper.renew(null);
  assert.equal(keeper.certificates()[0]?.directory, other.directory);
  assert.equal(other.signed[0]?.replaces, null, 'it replaces nothing of this authority');
});

test('renewals by command wait for each other', async (t) => {
  const { acme, keeper } = await rigFor(t);
  await Promise.all([keeper.renew(null), keeper.renew(NAME), keeper.renew(null)]);
  assert.deepEqual(
    acme.signed.map(({ replaces }) => replaces),
    [null, acme.signed[0]?.id, acme.signed[1]?.id],
  );
  assert.equal(acme.accounts(), 1);
});

test('an end in the middle of an order takes the proof away, and is no failure', async (t) => {
  const { acme, keeper, proofs } = await rigFor(t, {
    present: (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const renewing = keeper.renew(NAME);
  await until('the proof is there', () => proofs.size === 1);
  const started = performance.now();
  await keeper.stop();
  assert.ok(performance.now() - started < 1_000);
  assert.deepEqual((await renewing).renewed, []);
  assert.deepEqual([proofs.size, keeper.status()[0]?.failures, acme.signed.length], [0, 0, 0]);
});

test('a proof that cannot be put up is a failure with its reason', async (t) => {
  const { keeper, proofs } = await rigFor(t, { present: () => Promise.reject(new Error('no gate took it')) });
  const { faults } = await keeper.renew(NAME);
  assert.deepEqual(faults, [`${NAME} (ecdsa): no gate took it`]);
  assert.equal(proofs.size, 0);
});

test('a damaged file is told, and ordered again', async (t) => {
  const { acme, keeper, config, stateDir, look, events } = await rigFor(t);
  await look();
  keeper.configure(null, []);
  writeFileSync(join(stateDir, 'certificates-v1', `${NAME}.ecdsa.pem`), 'half a fi');
  keeper.configure(config, [NAME]);
  assert.ok(events().includes('certificate-damaged'));
  assert.deepEqual(keeper.certificates(), []);
  await look();
  assert.deepEqual([keeper.certificates().length, acme.signed.length, acme.accounts()], [1, 2, 1]);
});

// Rollouts stop for a board by what proven devices report from several addresses, and by nothing less; the image that a fleet
// came from stays until the new one has proved itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { Config } from '../../src/config/config.ts';
import { checkText } from '../../src/config/load.ts';
import { Audit } from '../../src/control/audit.ts';
import { type Notice, Notices } from '../../src/control/notices.ts';
import { RolloutWorks } from '../../src/control/rollout-works.ts';
import { Library } from '../../src/firmware/library.ts';
import { Shelf } from '../../src/firmware/shelf.ts';
import type { GateEvent } from '../../src/link/events.ts';
import type { KeptImage } from '../../src/store/catalogue.ts';
import { openSqliteState } from '../../src/store/sqlite.ts';
import { freshFolder, run, start } from './histories.ts';

const NOW = Date.UTC(2026, 11, 1);
const MINUTE = 60_000;

const SPRING = 'rollouts: [{ name: spring, action: offer, stop: { failures: 20%, least: 3, addresses: 3 } }]';

function configOf(yaml: string): Config {
  const base = 'domain: ota.test\nupstream: { preset: xiaozhi-server, host: 127.0.0.1 }\n';
  const loaded = checkText(base + yaml, '/etc/otagate.yaml', {}, NOW);
  assert.ok(loaded.ok);
  return loaded.config;
}

async function rig(t: TestContext, yaml = SPRING, freeBytes = () => 1e12) {
  const folder = freshFolder();
  const config = configOf(yaml);
  const state = openSqliteState(folder, NOW);
  t.after(() => state.close());
  const log = pino({ enabled: false });
  const notices = new Notices(log, () => NOW);
  const heard: Notice[] = [];
  notices.onNotice((notice) => heard.push(notice));
  let published = 0;
  const { history } = start({
    clock: () => NOW,
    freeBytes,
    onOutcome: (outcome) => works.onOutcome(outcome),
  });
  const library = new Library(state.catalogue, new Shelf(folder), log);
  const works = new RolloutWorks({
    store: state.rollouts,
    config: () => config,
    library,
    history,
    publish: async () => {
      published += 1;
    },
    changed: () => {},
    notices,
    audit: new Audit(state, log),
    log,
    now: () => NOW,
  });
  await works.load();
  works.rollouts.snapshot(config);
  let atMs = NOW;
  const settle = async (): Promise<void> => {
    history.flush();
    await new Promise(setImmediate);
  };
  /** One device goes through an offer, and comes back with what it then runs. */
  const upgrade = async (
    number: number,
    runs: string,
    { board = 'b', address = number, sealed = true }: { board?: string; address?: number; sealed?: boolean } = {},
  ): Promise<void> => {
    const [device, client] = [`device-${number}`, `10.0.0.${address}`];
    const promised = sealed ? { version: '2.1.0', board, opening: null } : null;
    const check = (version: string): GateEvent => {
      atMs += MINUTE;
      const offer = { kind: 'offered', version: '2.1.0', forced: false, sealed } as const;
      return {
        event: 'check',
        atMs,
        device,
        client,
        scheme: 'https',
        board,
        version,
        elfSha256: null,
        offer,
        opening: null,
      };
    };
    const see = (event: GateEvent): void => {
      history.observe(event);
      works.observe(event);
    };
    see(check('2.0.0'));
    await settle();
    atMs += MINUTE;
    see({ event: 'download-begun', atMs, download: `d${number}`, device, client, promised });
    see({
      ...{ event: 'download', atMs: atMs + 5_000, startedMs: atMs, download: `d${number}`, device, client, promised },
      ...{ offset: 0, bytes: 10, length: 10, complete: true, code: null, gapMs: 0, from: 'memory' },
    } as GateEvent);
    see(check(runs));
    await settle();
  };
  const stops = () => works.rollouts.standing(config)[0]?.stops.map(({ board, version }) => `${board} ${version}`);
  /** As long as nothing can be written, what is written to the keeping of rollouts fails in the file itself. */
  const writable = (can: boolean): void =>
    run(
      join(folder, 'state.sqlite'),
      can
        ? 'DROP TRIGGER full'
        : "CREATE TRIGGER full BEFORE INSERT ON rollout BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    );
  const written = async () => (await state.rollouts.all())[0];
  return {
    works,
    config,
    library,
    heard,
    upgrade,
    stops,
    writable,
    written,
    store: state.rollouts,
    publishedTimes: () => published,
  };
}

describe('a rollout', () => {
  it('stops for the board whose devices fail, says so once, and goes on elsewhere and when it is told to', async (t) => {
    const { works, heard, upgrade, stops, publishedTimes } = await rig(t);
    for (const number of [1, 2]) await upgrade(number, '2.0.0');
    for (const number of [11, 12, 13, 14]) await upgrade(number, '2.1.0', { board: 'c' });
    assert.deepEqual(stops(), [], 'two are too few');
    const before = publishedTimes();
    await upgrade(3, '2.0.0');
    assert.deepEqual(stops(), ['b 2.1.0']);
    assert.equal(publishedTimes(), before + 1, 'the gates hear of it');
    await upgrade(4, '2.0.0');
    assert.deepEqual(
      heard.map(({ kind, subject, state }) => `${kind} ${subject} ${state}`),
      ['rollout-stopped spring, b begun'],
    );
    assert.match(
      heard[0]?.detail ?? '',
      /3 of 3 devices failed with 2\.1\.0, from 3 addresses .* `otagate rollout rollback spring`/,
    );
    const [on] = await works.desk.offer('spring', 'command line');
    assert.deepEqual([on?.stops, heard.at(-1)?.state], [[], 'over']);
    await upgrade(5, '2.0.0');
    assert.deepEqual(stops(), [], 'what failed before does not count again');
  });

  const tooLittle: [what: string, of: (number: number) => { address?: number; sealed?: boolean }][] = [
    ['from one address', () => ({ address: 7 })],
    ['without links that were made for them', () => ({ sealed: false })],
  ];
  for (const [what, of] of tooLittle)
    it(`does not stop by failures ${what}`, async (t) => {
      const { upgrade, stops } = await rig(t);
      for (const number of [1, 2, 3, 4, 5]) await upgrade(number, '2.0.0', of(number));
      assert.deepEqual(stops(), []);
    });

  it('gives one address a part of a wave, whatever names it makes up, and leaves the rest to others', async (t) => {
    const wave = 'rollouts: [{ name: spring, action: offer, waves: { size: 6, pause: 1h }, stop: { addresses: 3 } }]';
    const { works, upgrade } = await rig(t, wave);
    const ask = (device: string, client: string) => works.admit('spring', device, client, 6);
    const forged = Array.from({ length: 20 }, (_, number) => `forged-${number}`);
    const answers = await Promise.all(forged.map((device) => ask(device, '2001:db8::1')));
    assert.deepEqual(answers, [true, true, ...Array(18).fill(false)], 'two of six, also of those that ask at once');
    assert.equal(await ask('forged-20', '2001:db8:0:7::1'), false, 'one network is one');
    assert.equal(await ask('forged-1', '2001:db8::1'), true, 'who is in stays in');
    await upgrade(1, '2.0.0');
    await upgrade(2, '2.0.0');
    await upgrade(3, '2.0.0');
    for (const number of [1, 2, 3])
      assert.equal(await ask(`device-${number}`, '2001:db8::1'), true, 'one that has proved itself is not counted');
    assert.equal(await ask('new', '10.0.0.9'), true);
    assert.equal(await ask('newer', '10.0.0.8'), false, 'six in all');
  });

  it('does not stop where few of many fail', async (t) => {
    const { upgrade, stops } = await rig(t);
    for (let number = 1; number <= 12; number += 1) await upgrade(number, '2.1.0');
    for (const number of [21, 22, 23]) await upgrade(number, '2.0.0');
    assert.deepEqual(stops(), [], '3 of 15 are 20 %, and not more');
    await upgrade(24, '2.0.0');
    assert.deepEqual(stops(), ['b 2.1.0']);
  });

  it('stops also where the disk has no room for the history', async (t) => {
    const { upgrade, stops } = await rig(t, SPRING, () => 0);
    for (const number of [1, 2, 3]) await upgrade(number, '2.0.0');
    assert.deepEqual(stops(), ['b 2.1.0']);
  });

  it('whose stop cannot be written stops all the same, and it is written once that can be', async (t) => {
    const { works, heard, upgrade, stops, writable, written, publishedTimes } = await rig(t);
    for (const number of [1, 2]) await upgrade(number, '2.0.0');
    writable(false);
    const before = publishedTimes();
    await upgrade(3, '2.0.0');
    assert.deepEqual([stops(), publishedTimes()], [['b 2.1.0'], before + 1], 'the gates hear of it');
    await works.refresh();
    assert.deepEqual([stops(), (await written())?.stops], [['b 2.1.0'], []], 'the next look does not take it back');
    await assert.rejects(works.desk.offer('spring', 'command line'), /disk is full/);
    await assert.rejects(works.desk.hold({ name: 'spring' }, 'command line'), /disk is full/);
    assert.deepEqual(
      [stops(), works.rollouts.kept('spring')?.held],
      [['b 2.1.0'], false],
      'what is refused is not done',
    );
    writable(true);
    await works.refresh();
    assert.deepEqual([stops(), (await written())?.stops.length], [['b 2.1.0'], 1]);
    assert.deepEqual(
      heard.map(({ state }) => state),
      ['begun'],
      'told once, and never taken back',
    );
    await works.desk.offer('spring', 'command line');
    await works.refresh();
    assert.deepEqual([stops(), heard.at(-1)?.state], [[], 'over']);
  });

  it('whose stop is not written yet keeps what another machine changes meanwhile', async (t) => {
    const { works, upgrade, stops, writable, written, store } = await rig(t);
    for (const number of [1, 2]) await upgrade(number, '2.0.0');
    writable(false);
    await upgrade(3, '2.0.0');
    writable(true);
    const kept = await written();
    assert.ok(kept);
    await store.put({ ...kept, percent: 7 });
    await works.refresh();
    assert.deepEqual([stops(), (await written())?.percent, (await written())?.stops.length], [['b 2.1.0'], 7, 1]);
  });

  it('whose beginning cannot be written begins once', async (t) => {
    const { works, writable, written } = await rig(t, 'rollouts: []');
    writable(false);
    const later = configOf(SPRING);
    works.rollouts.standing(later);
    const begun = works.rollouts.kept('spring');
    assert.equal(await works.rollouts.load(), false);
    assert.equal(works.rollouts.kept('spring'), begun);
    writable(true);
    await works.rollouts.load();
    assert.deepEqual(await written(), begun);
  });

  it('stands again after a restart, with its stops', async (t) => {
    const { works, config, upgrade } = await rig(t);
    for (const number of [1, 2, 3]) await upgrade(number, '2.0.0');
    await works.load();
    assert.equal(works.rollouts.standing(config)[0]?.stops.length, 1);
  });
});

function imageOf(version: string, addedMs: number): KeptImage {
  return {
    ...{ sha256: version.padEnd(64, '0'), kind: 'app', length: 10, fileName: `b_${version}.bin`, pinned: false },
    ...{ contentType: 'application/octet-stream', addedMs, offeredMs: addedMs },
    facts: { chip: 'esp32s3', project: 'xiaozhi', version, elfSha256: '' },
  };
}

it('keeps the image that a fleet came from, until five have upgraded; and rolls back to it', async (t) => {
  const { works, library, upgrade } = await rig(t);
  for (const [index, version] of ['1.9.9', '2.0.0', '2.1.0'].entries()) library.add(imageOf(version, NOW + index));
  await assert.rejects(
    works.desk.rollback('spring', 'command line'),
    /no image that the devices of rollout spring came from/,
  );
  await upgrade(1, '2.1.0');
  assert.deepEqual([...library.needed()], ['2.0.0'.padEnd(64, '0')]);
  assert.equal(library.makeRoom(11, 31), true);
  assert.deepEqual(
    library.images().map(({ fileName }) => fileName),
    ['b_2.0.0.bin', 'b_2.1.0.bin'],
    'the one that nobody needs goes',
  );
  for (const number of [2, 3, 4, 5]) await upgrade(number, '2.1.0');
  assert.deepEqual([...library.needed()], [], 'it has proved itself');
  const rolled = await works.desk.rollback('spring', 'command line');
  assert.deepEqual(rolled.targets, { b: '2.0.0' });
  assert.deepEqual([...library.needed()], ['2.0.0'.padEnd(64, '0')], 'what is sent is needed');
});

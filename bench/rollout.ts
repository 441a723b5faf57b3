// Rolls a version out to a simulated fleet in waves, through the code that control and gates run, where it fails on one board:
// how far it gets there before it stops, and how far elsewhere.
import pino from 'pino';
import { Audit } from '../src/control/audit.ts';
import { DeviceHistory } from '../src/control/history.ts';
import { Notices } from '../src/control/notices.ts';
import { RolloutWorks } from '../src/control/rollout-works.ts';
import { Library } from '../src/firmware/library.ts';
import { Shelf } from '../src/firmware/shelf.ts';
import type { GateEvent } from '../src/link/events.ts';
import { compileRollouts, type Rollouts } from '../src/ota/rollout.ts';
import { compileNetworks } from '../src/policy/networks.ts';
import { openSqliteState } from '../src/store/sqlite.ts';
import { loadedConfig } from './rig/loaded-config.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import type { Cell } from './rig/table.ts';

const SPEC = {
  name: 'rollout',
  about: 'a rollout in waves to a simulated fleet, with an image that fails on one board',
  deadlineMs: 4 * 60_000,
  options: {
    devices: { default: '10000', about: 'devices' },
    boards: { default: '5', about: 'boards; the image fails on the first of them' },
    wave: { default: '10', about: 'percent of the devices in a wave' },
  },
};

const FROM = '2.0.0';
const TO = '2.1.0';
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 11, 1);

type Simulated = { device: string; board: string; client: string; version: string; offered: boolean };

async function measure(bench: Bench): Promise<Report> {
  const [count, boards, percent] = [bench.number('devices'), bench.number('boards'), bench.number('wave')];
  const waves = Math.ceil(100 / percent);
  let nowMs = START_MS;
  const log = pino({ level: 'silent' });
  const config = loadedConfig(bench.folder, {
    rollouts: [{ name: 'spring', action: 'offer', waves: { size: `${percent}%`, pause: '1h' } }],
  });
  const state = openSqliteState(bench.folder, nowMs);
  const clock = (): number => nowMs;
  const notices = new Notices(log, clock);
  const told: string[] = [];
  notices.onNotice(({ state: at, detail }) => told.push(`${at}: ${detail}`));
  let rules: Rollouts | null = null;
  const history = new DeviceHistory({
    stateDir: bench.folder,
    log,
    clock,
    freeBytes: () => Number.POSITIVE_INFINITY,
    onOutcome: (outcome) => works.onOutcome(outcome),
  });
  const works = new RolloutWorks({
    store: state.rollouts,
    config: () => config,
    library: new Library(state.catalogue, new Shelf(bench.folder), log),
    history,
    // What a gate does with a Snapshot.
    publish: async () => {
      const { rules: standing, images } = works.rollouts.snapshot(config);
      rules = compileRollouts(standing, images, compileNetworks);
    },
    changed: () => {},
    notices,
    audit: new Audit(state, log),
    log,
    now: clock,
  });
  await works.load();
  const compiled = (): Rollouts => {
    const { rules: standing, images } = works.rollouts.snapshot(config);
    rules ??= compileRollouts(standing, images, compileNetworks);
    return rules;
  };

  const fleet = Array.from(
    { length: count },
    (_, at): Simulated => ({
      device: `02:00:${hex(at >> 24)}:${hex(at >> 16)}:${hex(at >> 8)}:${hex(at)}`,
      board: `board-${at % boards}`,
      client: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
      version: FROM,
      offered: false,
    }),
  );
  const failing = 'board-0';
  const rows: Cell[][] = [];
  const faults: string[] = [];
  let checks = 0;
  let decideMs = 0;

  const check = (one: Simulated): boolean => {
    const began = performance.now();
    const who = { device: one.device, board: one.board, version: one.version, elfSha256: null, client: one.client };
    const offered = one.version === TO ? null : TO;
    const verdict = compiled().decide(who, offered, nowMs);
    decideMs += performance.now() - began;
    checks += 1;
    const sent = offered !== null && verdict.action === 'pass';
    history.observe({
      ...{ event: 'check', atMs: nowMs, device: one.device, client: one.client, scheme: 'https', board: one.board },
      ...{ version: one.version, elfSha256: null, opening: null },
      offer: sent
        ? { kind: 'offered', version: TO, forced: false, sealed: true }
        : offered === null
          ? { kind: 'none' }
          : { kind: 'withheld', version: TO, rule: 'rollout', why: verdict.why },
    } as GateEvent);
    return sent;
  };

  const rebooting: Simulated[] = [];
  const settle = async (): Promise<void> => {
    for (const one of rebooting.splice(0)) check(one);
    history.flush();
    // What it tells is judged behind it.
    await new Promise(setImmediate);
  };

  for (let wave = 1; wave <= waves; wave += 1) {
    // Every device checks once in each wave, one after the other, as they come in the field.
    const pauseMs = Math.floor(HOUR_MS / (count + 1));
    for (const [at, one] of fleet.entries()) {
      nowMs = START_MS + (wave - 1) * HOUR_MS + at * pauseMs;
      // Control writes once a second; here a minute and a half lies between, which is what a device takes to come back.
      if (at % 250 === 0) await settle();
      if (!check(one)) continue;
      one.offered = true;
      history.observe(downloadOf(one, nowMs));
      if (one.board !== failing) one.version = TO;
      rebooting.push(one);
    }
    nowMs += 90_000;
    await settle();
    const of = (board: string): Simulated[] => fleet.filter((one) => one.board === board);
    const reached = (board: string): number => of(board).filter(({ offered }) => offered).length;
    const others = fleet.filter(({ board }) => board !== failing);
    const upgraded = others.filter(({ version }) => version === TO).length;
    const [rollout] = await works.desk.list();
    rows.push([wave, reached(failing), of(failing).length, upgraded, others.length, rollout?.stops.length ?? 0]);
    if (wave === 1 && (rollout?.stops ?? []).length !== 1) faults.push('it has not stopped within the first wave');
  }
  const first = Number(rows[0]?.[1]);
  const last = Number(rows.at(-1)?.[1]);
  if (last !== first) faults.push(`${last - first} more devices of ${failing} were offered it after the first wave`);
  if (history.dropped > 0) faults.push(`${history.dropped} observations were dropped`);
  const all = fleet.filter(({ board, version }) => board !== failing && version !== TO).length;
  if (all > 0) faults.push(`${all} devices of other boards never got it`);
  const [rollout] = await works.desk.list();
  const notes = [
    ...(rollout?.stops ?? []).map(({ board, why }) => `stopped for ${board}: ${why}`),
    ...told,
    `${checks} checks, ${((decideMs / checks) * 1000).toFixed(1)} µs each for the decision`,
  ];
  history.close();
  state.close();
  const columns = ['wave', `offered on ${failing}`, 'of', 'upgraded on others', 'of', 'stops'];
  return { tables: [{ title: `${count} devices, ${percent} % a wave`, columns, rows }], notes, faults };
}

function downloadOf(one: Simulated, atMs: number): GateEvent {
  return {
    event: 'download',
    atMs,
    startedMs: atMs,
    download: `r-${one.device}`,
    device: one.device,
    client: one.client,
    promised: { version: TO, board: one.board, opening: null },
    offset: 0,
    bytes: 2_500_000,
    length: 2_500_000,
    complete: true,
    code: null,
    gapMs: 20,
    from: 'memory',
  };
}

function hex(byte: number): string {
  return (byte & 0xff).toString(16).padStart(2, '0');
}

await runProgram(SPEC, measure);

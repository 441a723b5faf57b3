// Measures voice sessions: CPU for each frame that crosses, and the memory of those that are silent.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionsCalls } from '../load/sessions.ts';
import { startChild } from '../rig/child.ts';
import { DOMAIN } from '../rig/device-words.ts';
import { cpuMsOf, memoryOf } from '../rig/process-tree.ts';
import { inTurns, type Served } from '../rig/served.ts';
import { both, type Row, type Scenario, type Stage, valuesOf } from './scenario.ts';

const SPEAKING = 400;
const IDLE = 5_000;
const OPEN_MS = 60_000;
const SETTLE_MS = 3_000;

/** A process with so many sessions open at this server. @throws {Error} where one of them does not open */
async function openSessions(stage: Stage, server: Served, sessions: number) {
  const load = startChild<SessionsCalls>(stage.bench, new URL('../load/sessions.ts', import.meta.url));
  const way = { address: '127.0.0.1', port: server.https, ca: stage.certificate.cert, name: DOMAIN };
  const open = await load.call('open', { way, sessions, withinMs: OPEN_MS }, OPEN_MS + 10_000);
  if (open !== sessions) throw new Error(`${server.name}: ${open} of ${sessions} sessions opened`);
  return load;
}

async function speakingOnes(stage: Stage): Promise<Row[]> {
  const { bench, seconds, warmUpSeconds } = stage;
  const servers = await both(stage);
  const turns = await inTurns(servers, stage.rounds, async (server, round) => {
    bench.say(`websocket-frames: ${server.name}, round ${round + 1}`);
    const load = await openSessions(stage, server, SPEAKING);
    await load.call('speak', undefined);
    await sleep((round === 0 ? warmUpSeconds : 1) * 1000);
    const before = { cpuMs: cpuMsOf(server.pid()), ...(await load.call('state', undefined)) };
    await sleep(seconds * 1000);
    const after = { cpuMs: cpuMsOf(server.pid()), ...(await load.call('state', undefined)) };
    load.stop();
    const frames = after.sent - before.sent + after.received - before.received;
    if (after.ended > 0) throw new Error(`${server.name}: ${after.ended} sessions ended`);
    return { cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / frames, perSecond: frames / seconds };
  });
  for (const server of servers) await server.stop();
  return [
    {
      scenario: 'websocket-frames',
      what: `WebSocket frame over TLS, ${SPEAKING} sessions, 200 bytes each 60 ms`,
      unit: 'µs of CPU a frame',
      otagate: valuesOf(turns, 'otagate', ({ cpuUs }) => cpuUs),
      nginx: valuesOf(turns, 'nginx', ({ cpuUs }) => cpuUs),
      judged: 'ratio',
      bar: 1.4,
      aim: 1,
    },
  ];
}

async function silentOnes(stage: Stage): Promise<Row[]> {
  const memory = async (server: Served): Promise<number> => {
    const load = await openSessions(stage, server, IDLE);
    await sleep(SETTLE_MS);
    const [worker = 0] = server.workers();
    const { pssBytes } = memoryOf(worker);
    load.stop();
    await server.stop();
    return pssBytes / 1e6;
  };
  const otagate: number[] = [];
  const nginx: number[] = [];
  for (let round = 1; round <= stage.rounds; round += 1) {
    stage.bench.say(`websockets-idle: round ${round}`);
    otagate.push(await memory(await stage.otagate()));
    if (stage.nginx !== null) nginx.push(await memory(await stage.nginx()));
  }
  return [
    {
      scenario: 'websockets-idle',
      what: `${IDLE} idle WebSockets over TLS, one gate`,
      unit: 'MB (PSS)',
      otagate,
      nginx,
      judged: 'otagate',
      bar: 300,
      aim: 150,
    },
  ];
}

export const sessions: Scenario[] = [
  {
    name: 'websocket-frames',
    about: `CPU for a WebSocket frame over TLS, ${SPEAKING} sessions`,
    run: speakingOnes,
  },
  { name: 'websockets-idle', about: `memory of ${IDLE} idle WebSockets over TLS`, run: silentOnes },
];

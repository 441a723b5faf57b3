// Owns the way of a request through the gate. The page to read first: facts, decision, action, record.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LineFile, LineLog } from '../base/log.ts';
import type { EventQueue } from '../link/events.ts';
import { type Decision, decide, type Refusal, refuse } from '../policy/decide.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { carryOutAdmin } from './actions/admin.ts';
import { carryOutChallenge } from './actions/challenge.ts';
import { carryOutFiles } from './actions/files.ts';
import { carryOutFirmware } from './actions/firmware.ts';
import { carryOutOtaCheck } from './actions/ota-check.ts';
import { carryOutRedirect } from './actions/redirect.ts';
import { carryOutRefuse } from './actions/refuse.ts';
import { carryOutRelay } from './actions/relay.ts';
import { answerError } from './answer.ts';
import type { ClientRequest, ClientResponse } from './client.ts';
import { combinedLine } from './combined-line.ts';
import type { ControlTime } from './control-time.ts';
import { type Exchange, newStory, type Outlet } from './exchange.ts';
import { oneHeader, readFacts } from './facts.ts';
import type { FirmwareDesk } from './firmware-desk.ts';
import type { Live } from './live.ts';
import type { Logins } from './logins.ts';
import type { OpenSockets } from './open-sockets.ts';
import type { ProxyEngine } from './proxy-engine.ts';
import type { Rates } from './rates.ts';
import { record } from './record.ts';
import type { Tracing } from './tracing.ts';
import type { Turns } from './turns.ts';

export type Gate = {
  live: () => Live;
  engine: ProxyEngine;
  upstreams: Upstreams;
  firmware: FirmwareDesk;
  turns: Turns;
  logins: Logins;
  rates: Rates;
  /** The WebSockets that each device has open. */
  deviceSockets: OpenSockets;
  line: LineLog;
  /** For lines as nginx writes them; null where nobody wants them. */
  access: LineFile | null;
  /** Null where nobody asked for traces. */
  tracing: Tracing | null;
  time: ControlTime;
  events: EventQueue;
  /** Exchanges that are not over yet; a drain waits for them. */
  running: Set<Exchange>;
};

/** A request, or one that waits for 100 (Continue) before it sends its body. */
export function onRequest(gate: Gate, request: ClientRequest, response: ClientResponse, waitsFor100 = false): void {
  const act = (): Promise<void> => {
    const exchange = begin(gate, request, { kind: 'response', response });
    if (waitsFor100 && mayHear100(exchange.decision)) response.writeContinue();
    return toItsEnd(gate, exchange, response);
  };
  // The streams of HTTP/2 are answered side by side, a bounded number of them.
  if (request.httpVersionMajor >= 2) void act();
  else gate.turns.take(request.socket, act);
}

/** A device takes any 1xx for the final status: only a browser's or a script's client is asked to go on. */
function mayHear100(decision: Decision): boolean {
  return decision.action === 'admin' || (decision.action === 'relay' && decision.route.role === 'web');
}

/** A WebSocket handshake takes the same way. */
export function onUpgrade(gate: Gate, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => {}); // a reset is no news: 'close' follows
  // Node hands the bare socket over at once: the answer to an earlier request would be written in between.
  if (gate.turns.isTaken(request.socket)) return void socket.destroy();
  const exchange = begin(gate, request, { kind: 'socket', socket, head });
  void toItsEnd(gate, exchange, socket);
}

/** An exchange is over when its action is done and its connection or response is closed; then it is recorded. */
async function toItsEnd(gate: Gate, exchange: Exchange, outlet: ClientResponse | Duplex): Promise<void> {
  const closed = new Promise((resolve) => outlet.once('close', resolve));
  await carryOut(gate, exchange);
  // What was answered whole lies in buffers now: who takes nothing of it for that long will not take it.
  const late = setTimeout(() => outlet.destroy(), exchange.live.limits.idleMs).unref();
  await closed;
  clearTimeout(late);
  end(gate, exchange);
}

function begin(gate: Gate, request: ClientRequest, outlet: Outlet): Exchange {
  const live = gate.live();
  const startedMs = Date.now();
  const nowMs = gate.time.now();
  const { facts, claims, id, device } = readFacts(request, live, outlet.kind === 'socket', nowMs);
  const decision = decide(facts, live.policy, nowMs);
  const story = { ...newStory(), device };
  const trace = null;
  const exchange: Exchange = { id, request, outlet, live, facts, claims, decision, startedMs, nowMs, story, trace };
  exchange.decision = barByBounds(gate, exchange) ?? decision;
  if (gate.tracing !== null) exchange.trace = gate.tracing.begin(exchange);
  gate.running.add(exchange);
  return exchange;
}

async function carryOut(gate: Gate, exchange: Exchange): Promise<void> {
  try {
    const barred = await barByLogin(gate, exchange);
    if (barred !== null) exchange.decision = barred;
    const { decision } = exchange;
    switch (decision.action) {
      case 'challenge':
        return carryOutChallenge(exchange, decision.keyAuthorization);
      case 'redirect':
        return carryOutRedirect(exchange, decision);
      case 'refuse':
        return await carryOutRefuse(exchange, decision);
      case 'files':
        return await carryOutFiles(exchange, decision);
      case 'admin':
        return await carryOutAdmin(exchange, decision, gate);
      case 'ota-check':
        return await carryOutOtaCheck(exchange, decision, gate);
      case 'firmware':
        return await carryOutFirmware(exchange, decision, gate);
      case 'relay':
        return await carryOutRelay(exchange, decision, gate);
    }
  } catch (error) {
    tryToTell(exchange, error);
  }
}

/** What depends on what else came: how often, and how much of it is open. */
function barByBounds(gate: Gate, { decision, facts, live, outlet, story }: Exchange): Refusal | null {
  const route = 'route' in decision && typeof decision.route === 'object' ? decision.route : null;
  const { device } = story;
  const excess = gate.rates.judge({ decision, facts, live, device }, performance.now());
  if (excess !== null) {
    const refusal = refuse(429, 'REQUESTS_TOO_OFTEN', excess.because, route);
    return { ...refusal, retryAfterSeconds: excess.retryAfterSeconds };
  }
  if (outlet.kind !== 'socket' || device === null || decision.action !== 'relay') return null;
  // With its address: a stranger who claims to be this device must not silence it.
  if (gate.deviceSockets.enter(`${device} ${facts.client}`, outlet.socket, live.limits.deviceWebSockets)) return null;
  return refuse(429, 'WEBSOCKETS_TOO_MANY', 'websockets-too-many', route);
}

/** The one thing about a request that cannot be decided at once: whether its password is right. */
async function barByLogin(gate: Gate, { decision, request, facts }: Exchange): Promise<Refusal | null> {
  const route = 'route' in decision && typeof decision.route === 'object' ? decision.route : null;
  if (route?.basicAuth === undefined || decision.action === 'redirect') return null;
  const verdict = await gate.logins.judge(oneHeader(request, 'authorization'), route.basicAuth, facts.client);
  if (verdict === 'in') return null;
  if (verdict === 'login-too-often') return refuse(429, 'LOGIN_TOO_OFTEN', verdict, route);
  return { ...refuse(401, 'LOGIN_REQUIRED', verdict, route), realm: route.basicAuth.realm };
}

/** Whatever happens, nobody is left waiting. */
function tryToTell(exchange: Exchange, error: unknown): void {
  const { outlet } = exchange;
  try {
    answerError(exchange, error);
  } catch {
    (outlet.kind === 'response' ? outlet.response : outlet.socket).destroy();
  }
}

function end(gate: Gate, exchange: Exchange): void {
  gate.running.delete(exchange);
  const { outlet, story } = exchange;
  if (outlet.kind === 'socket' && 'bytesWritten' in outlet.socket) story.bytes = Number(outlet.socket.bytesWritten);
  // nginx's 499: the client left before there was a status to tell.
  if (story.status === 0) {
    story.status = 499;
    story.code ??= 'CLIENT_GONE';
  }
  record(exchange, gate.line, gate.events);
  exchange.trace?.end(exchange);
  if (gate.access !== null) gate.access.write(combinedLine(exchange));
}

// The gate process: composes what serves, takes snapshots from control, tells it events, drains when told or orphaned.
import { Descriptors } from '../base/descriptors.ts';
import { errorText } from '../base/errors.ts';
import { type LineFile, openLines, openLog } from '../base/log.ts';
import { RepeatedTrouble } from '../base/repeated-trouble.ts';
import { EventQueue } from '../link/events.ts';
import { LogTap } from '../link/log-tap.ts';
import { isMessage, type ToControl, type ToGate } from '../link/messages.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { chooseCertificate, covers } from '../tls/choose.ts';
import { onNameTrouble, wordsOf } from '../upstream/lookup.ts';
import { Upstreams } from '../upstream/upstreams.ts';
import { holdCertificates } from './certificates.ts';
import { ControlPulse } from './control-pulse.ts';
import { ControlTime } from './control-time.ts';
import { Crowd } from './crowd.ts';
import type { Exchange } from './exchange.ts';
import { FirmwareDesk } from './firmware-desk.ts';
import { Listeners } from './listeners.ts';
import { compileLive, type Live } from './live.ts';
import { Logins } from './logins.ts';
import { OpenSockets } from './open-sockets.ts';
import type { Gate } from './pipeline.ts';
import { ProxiedPeers } from './proxied-peers.ts';
import { createProxyEngine } from './proxy-engine.ts';
import { Rates } from './rates.ts';
import { Streams } from './streams.ts';
import { openTracing } from './tracing.ts';
import { Turns } from './turns.ts';

const name = process.argv[2] ?? 'gate';
const upstreams = new Upstreams((origin, { code }) =>
  events.add({ event: 'upstream-failed', atMs: Date.now(), origin, code }),
);
const time = new ControlTime();
const running = new Set<Exchange>();
let live: Live | null = null;
let draining = false;
let applying: Promise<unknown> = Promise.resolve();
let drainMs = 30_000;
let opened = openLog({ level: 'info', format: 'auto' }, name);
let access: LineFile | null = null;
let silence: RepeatedTrouble | undefined;
let serving: { listeners: Listeners; streams: Streams; crowd: Crowd; gate: Gate } | null = null;
const firmware = new FirmwareDesk(tell, (sha256) => events.add({ event: 'held-hit', atMs: Date.now(), sha256 }));
const pulse = new ControlPulse(tell, onSilentControl);
const tap = new LogTap((batch) => tell({ kind: 'log', ...batch }));
const events = new EventQueue((batch) => tell({ kind: 'events', ...batch }));

firmware.asks.goBy(pulse);
firmware.questions.goBy(pulse);

function tell(message: ToControl): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!process.send || !process.connected) return reject(new Error('control is gone'));
    process.send(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

async function apply(snapshot: Snapshot): Promise<void> {
  time.sync(snapshot.time);
  const keyring = holdCertificates(snapshot.tls);
  const next = compileLive(snapshot, (host) => {
    const certificate = chooseCertificate(keyring.certificates, host);
    return certificate?.publicChain === true && covers(certificate.names, host);
  });
  if (serving === null) {
    opened = openLog(snapshot.log, name, tap.take);
    if (snapshot.log.access !== undefined) access = openLines(snapshot.log.access.file);
    const gate: Gate = {
      live: current,
      engine: createProxyEngine(),
      upstreams,
      firmware,
      turns: new Turns(),
      logins: new Logins(),
      rates: new Rates(),
      deviceSockets: new OpenSockets(),
      line: opened.line,
      access,
      tracing: await openTracing(process.env, opened.log),
      time,
      events,
      running,
    };
    onNameTrouble((trouble) => {
      if (trouble.state === 'over') opened.log.info({ event: 'name-stale-over', name: trouble.name }, wordsOf(trouble));
      else opened.log.warn({ event: 'name-stale', name: trouble.name, reason: trouble.code }, wordsOf(trouble));
    });
    const peers = new ProxiedPeers(opened.log);
    const crowd = new Crowd({ log: opened.log, events, live: current, descriptors: new Descriptors(opened.log) });
    const streams = new Streams({ log: opened.log, events, tell, peers, crowd, live: current });
    serving = { gate, crowd, streams, listeners: new Listeners(gate, opened.log, peers, crowd) };
  }
  const before = live;
  // A new listener serves from its first moment, and by the new rules: they are taken back where one cannot be opened.
  live = next;
  try {
    await serving.listeners.apply(snapshot, keyring);
    await serving.streams.apply(snapshot, keyring);
  } catch (error) {
    live = before ?? next;
    throw error;
  }
  drainMs = snapshot.limits.drainMs;
  opened.log.level = snapshot.log.level;
  firmware.apply(snapshot.firmware);
  firmware.asks.letGo();
  upstreams.keepOnly(snapshot.upstreams, snapshot.limits, snapshot.upstreamSettings);
}

/** Control waits for something, and for a disk as a rule. */
function onSilentControl(): void {
  const words =
    'control does not answer: links that it told of lately are served on, and offers go out as far as they are known; where it lasts, look whether the disk of stateDir is slow';
  silence ??= new RepeatedTrouble(opened.log, { event: 'control-silent', words });
  silence.again({});
}

function current(): Live {
  if (live === null) throw new TypeError('a request before the first snapshot');
  return live;
}

/** Files that were moved away are begun anew. */
function reopenLogs(): void {
  opened.reopen();
  access?.reopen();
}

/** Requests, upgrades and connections of streams that are not over. */
function runs(): number {
  return running.size + (serving?.streams.size ?? 0);
}

/** Takes no new connections, and ends those that wait for nothing. */
function stopListening(): void {
  serving?.listeners.stop();
  serving?.streams.stop();
  serving?.crowd.close();
}

/** Takes no new connections, lets what runs finish within `limits.drain`, and exits. */
async function drain(why: string, exitCode: number): Promise<void> {
  if (draining) return;
  draining = true;
  opened.log.info({ event: 'drain', why, running: runs(), drainMs }, `draining: ${why}`);
  stopListening();
  const deadline = performance.now() + drainMs;
  while (runs() > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    stopListening();
    serving?.streams.endQuiet();
  }
  if (runs() > 0) {
    opened.log.warn({ event: 'drain-cut', running: runs() }, `${runs()} requests cut off: limits.drain is over`);
  }
  await Promise.all([
    Promise.race([events.drain(), new Promise((resolve) => setTimeout(resolve, 500))]),
    serving?.gate.tracing?.stop(),
  ]);
  process.exit(exitCode);
}

/** This gate is one too many: it ends with its last connection, however long that takes. */
async function retire(): Promise<void> {
  opened.log.info({ event: 'retire', running: runs() }, 'retiring: no new connections from now on');
  do {
    stopListening();
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (runs() > 0);
  await drain('retired', 0);
}

process.on('message', (message: unknown) => {
  if (!isMessage<ToGate>(message)) return;
  switch (message.kind) {
    case 'snapshot': {
      const { version } = message.snapshot;
      // One after the other: a snapshot is in force before the next one is looked at.
      applying = applying
        .then(() => apply(message.snapshot))
        .then(
          () => tell({ kind: 'applied', version, fault: null }),
          (error) => tell({ kind: 'applied', version, fault: errorText(error) }),
        )
        .catch(() => {});
      return;
    }
    case 'drain':
      void drain('asked by control', 0);
      return;
    case 'retire':
      void retire();
      return;
    case 'upstreams-down':
      upstreams.balance.setDown(message.origins);
      return;
    case 'reopen-logs':
      reopenLogs();
      return;
    case 'answer':
      firmware.asks.onAnswer(message.ask, message.answer);
      return;
    case 'reply':
      firmware.questions.onReply(message.question, message.reply);
      return;
    case 'pulse':
      pulse.onPulse();
      return;
    case 'ping':
      tell({ kind: 'pong' }).catch(() => {});
      return;
    case 'firmware-changed':
      firmware.asks.letGo();
      return;
    case 'progress':
      firmware.asks.onProgress(message.progress);
      return;
    case 'share':
      firmware.onShare(message.bytesPerSecond, message.elsewhere);
  }
});
// Control is gone: nobody tells us of closings any more. Deadlines hold by themselves; no new connection is taken.
process.on('disconnect', () => {
  firmware.asks.abandon();
  void drain('control is gone', 1);
});
// Control passes these on as a drain; a terminal sends them to the whole group.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => void drain('SIGTERM', 0));
process.on('SIGHUP', () => {});
process.on('SIGUSR1', reopenLogs);
process.on('uncaughtException', (error) => {
  opened.log.fatal(
    { event: 'crash', detail: errorText(error), stack: error.stack },
    'this gate process ends by a fault of its own',
  );
  process.exit(70);
});
process.on('unhandledRejection', (error) => {
  opened.log.error({ event: 'unhandled', detail: errorText(error) }, 'an error that nobody handled');
});

tell({ kind: 'ready' }).catch(() => process.exit(1));

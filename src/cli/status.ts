// Carries out `otagate status`: how the running gate is, for people or as JSON.
import { printable } from '../base/printable.ts';
import type { Status } from '../control/status.ts';
import { printAnswer } from './answer.ts';
import { describeAcme, describeCertificate } from './certs.ts';
import type { Context } from './context.ts';
import { megabytes } from './progress-bar.ts';
import { labelled } from './table.ts';
import { duration, localMoment } from './times.ts';

export function status(context: Context): Promise<number> {
  return printAnswer<Status>(context, { method: 'GET', path: '/api/v1/status' }, (body) =>
    describeStatus(body, context),
  );
}

/** Status for people, one thing a line. */
export function describeStatus(status: Status, context: Context): string[] {
  const { words, terminal } = context;
  const { status: say, check } = words;
  const { labels } = say;
  const line = (label: string, text: string): string => labelled(label, text, terminal.paint);
  const { lan, totals, openings } = status;
  const notLan = words.list([check.loopback, ...lan.ownGateways.map(check.ownGateway)]);
  const failedHandshakes = Object.entries(totals.handshakes).map(([reason, times]) => `${times} ${reason}`);
  const turnedAway = Object.entries(totals.turnedAway).map(([because, times]) => `${times} ${because}`);
  return [
    line(labels.gate, say.gate(status.pid, localMoment(Date.parse(status.startedAt)), status.config, status.snapshot)),
    ...status.troubles.map(({ kind, detail, atMs }) =>
      line(words.alerts.kinds[kind], terminal.paint.bad(words.alerts.trouble(printable(detail), localMoment(atMs)))),
    ),
    ...status.listeners.map(({ scheme, address, publicPort }) =>
      line(labels.listen, say.listen(scheme, address, publicPort)),
    ),
    ...status.streams.map(({ address, upstream, open }) => line(labels.stream, say.stream(address, upstream, open))),
    line(labels.domains, words.list(status.domains)),
    line(labels.lan, say.lan(words.list(lan.networks), notLan)),
    ...(lan.gatewaysKnown ? [] : [line('', terminal.paint.warning(say.gatewaysUnknown))]),
    ...status.certificates.flatMap((certificate) => describeCertificate(certificate, context)),
    ...describeAcme(status, context),
    ...Object.keys(status.upstreams).map((name) =>
      line(labels.upstream, words.about(name, words.list(describeServers(status, name, context)))),
    ),
    ...(openings.length === 0 ? [line(labels.openings, say.noOpenings)] : []),
    ...openings.map(({ id, route, from, until, secondsLeft, reason }) => {
      const left = duration(secondsLeft * 1000, words.units);
      const text = say.opening(id, route, from, localMoment(Date.parse(until)), left);
      const shown = terminal.paint.warning(text);
      return line(labels.opening, reason === '' ? shown : words.about(shown, printable(reason)));
    }),
    ...status.workers.map(({ name, pid, restarts }) => line(labels.worker, say.worker(name, pid, restarts))),
    ...describeKeeping(status.keeping, context).map((text, index) => line(index === 0 ? labels.keeping : '', text)),
    line(labels.firmware, describeStore(status.firmware, context)),
    line(labels.checks, say.checks(totals.checks, totals.offers, totals.downloads.complete, totals.downloads.broken)),
    ...(failedHandshakes.length === 0 ? [] : [line(labels.tls, say.handshakes(words.list(failedHandshakes)))]),
    ...(turnedAway.length === 0 ? [] : [line(labels.listen, say.turnedAway(words.list(turnedAway)))]),
  ];
}

/** Nothing where this machine keeps its state alone. */
function describeKeeping(keeping: Status['keeping'], { words, terminal }: Context): string[] {
  if (keeping.kind === 'sqlite') return [];
  const { status: say, units } = words;
  const { server, machine, machines, records, waiting, dropped, lost, rebuilt } = keeping;
  const gone = say.storeGone(
    server,
    duration(Date.now() - keeping.sinceMs, units),
    printable(keeping.trouble ?? ''),
    waiting.records,
    waiting.observations,
  );
  const others = machines
    .filter(({ name }) => name !== machine)
    .map(({ name, agoMs }) =>
      agoMs < 10_000 ? printable(name) : say.machineGone(printable(name), duration(agoMs, units)),
    );
  return [
    keeping.connected ? say.keeping(server, machine, others, records) : terminal.paint.warning(gone),
    ...(dropped + lost + rebuilt === 0 ? [] : [terminal.paint.warning(say.storeLosses(dropped, lost, rebuilt))]),
  ];
}

/** The servers of an upstream, each with what is not well about it. */
function describeServers({ servers }: Status, name: string, { words, terminal }: Context): string[] {
  const { status: say } = words;
  return servers
    .filter(({ upstream }) => upstream === name)
    .map(({ origin, health, failures }) => {
      if (health === 'down') return terminal.paint.warning(say.serverDown(origin));
      return failures === 0 ? origin : say.serverFailed(origin, failures);
    });
}

function describeStore(store: Status['firmware'], { words, terminal }: Context): string {
  const { status: say } = words;
  const { images, bytes, maxBytes, merged, filling, activeDownloads, totals } = store;
  const saved = totals.hits + totals.joined + totals.revalidations + totals.stale;
  return words.clauses([
    say.store(images, megabytes(bytes), megabytes(maxBytes), filling, activeDownloads),
    say.stored(totals.fills, saved),
    ...(merged === 0 ? [] : [terminal.paint.warning(say.merged(merged))]),
  ]);
}

// Owns the metrics in Prometheus' text format, written anew from the status whenever somebody asks.
import { Counter, Gauge, Registry } from 'prom-client';
import type { Status } from './status.ts';

type Sample = { labels: Record<string, string>; value: number };

/** All gates added up; names `otagate_*`. Every label is a word of ours, or a name of the configuration. */
export function metricsText(status: Status): Promise<string> {
  const registry = new Registry();
  const { totals, acme, certificates, workers, openings } = status;

  count(
    registry,
    'requests_total',
    'Requests and upgrades, by what was done with them',
    keyed('action', totals.requests),
  );
  count(registry, 'responses_total', 'Answers, by the class of their status', keyed('class', totals.statuses));
  count(registry, 'refusals_total', 'Refused requests, by reason', keyed('because', totals.refusals));
  count(registry, 'checks_total', 'OTA checks of devices', [{ labels: {}, value: totals.checks }]);
  count(registry, 'offers_total', 'OTA checks that were answered with an offer', [
    { labels: {}, value: totals.offers },
  ]);
  count(
    registry,
    'offers_withheld_total',
    'Offers that were withheld, by the rule that they break',
    keyed('rule', totals.withheld),
  );
  const { complete, broken, bytes } = totals.downloads;
  count(registry, 'downloads_total', 'Firmware downloads, by how they ended', keyed('end', { complete, broken }));
  count(registry, 'download_bytes_total', 'Bytes of firmware sent', [{ labels: {}, value: bytes }]);
  firmwareMetrics(registry, status);
  streamMetrics(registry, status);
  upstreamMetrics(registry, status);
  count(
    registry,
    'tls_handshakes_failed_total',
    'Failed TLS handshakes, by reason',
    keyed('reason', totals.handshakes),
  );
  count(
    registry,
    'connections_turned_away_total',
    'Connections that were closed unread, by the bound that they broke',
    keyed('because', totals.turnedAway),
  );
  count(registry, 'events_dropped_total', 'Events that gates could not hand over', [
    { labels: {}, value: totals.droppedEvents },
  ]);

  show(registry, 'gates', 'Gate processes that serve', [
    { labels: {}, value: workers.filter(({ snapshot }) => snapshot > 0).length },
  ]);
  show(
    registry,
    'gate_restarts',
    'How often a gate process was replaced',
    workers.map(({ name, restarts }) => ({ labels: { gate: name }, value: restarts })),
  );
  show(registry, 'openings', 'Openings that last', [{ labels: {}, value: openings.length }]);
  show(
    registry,
    'certificate_not_after_seconds',
    'When a served certificate ends, in seconds since 1970',
    certificates.map(({ names, key, notAfter }) => ({
      labels: { name: names[0] ?? '', key },
      value: seconds(notAfter),
    })),
  );
  show(
    registry,
    'certificate_failures',
    'Orders that failed in a row',
    acme.map(({ name, keyType, failures }) => ({ labels: { name, key: keyType }, value: failures })),
  );
  show(
    registry,
    'certificate_renewal_due_seconds',
    'When a certificate is to be renewed, in seconds since 1970',
    acme.flatMap(({ name, keyType, renewalDue }) =>
      renewalDue === null ? [] : [{ labels: { name, key: keyType }, value: seconds(renewalDue) }],
    ),
  );
  keepingMetrics(registry, status.keeping);
  return registry.metrics();
}

function keepingMetrics(registry: Registry, keeping: Status['keeping']): void {
  if (keeping.kind === 'sqlite') return;
  const { connected, machines, records, waiting, dropped, lost, rebuilt, commands } = keeping;
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  show(registry, 'store_connected', 'Whether Redis can be reached', one(connected ? 1 : 0));
  show(registry, 'store_machines', 'Machines that share the state and were heard of within ten seconds', [
    { labels: {}, value: machines.filter(({ agoMs }) => agoMs < 10_000).length },
  ]);
  show(registry, 'store_records', "Records in this machine's copy", one(records));
  show(
    registry,
    'store_waiting',
    'What Redis does not have yet',
    keyed('what', { records: waiting.records, observations: waiting.observations }),
  );
  count(registry, 'store_dropped_total', 'Observations that found no place in the queue', one(dropped));
  count(registry, 'store_lost_total', 'Batches of other machines that were never read here', one(lost));
  count(registry, 'store_rebuilt_total', 'Times that a Redis which had lost its state was filled again', one(rebuilt));
  count(registry, 'store_commands_total', 'Commands sent to Redis', one(commands));
}

function firmwareMetrics(registry: Registry, { firmware, totals }: Status): void {
  const { hits, joined, revalidations, stale, fills, failedFills, upstreamBytes } = firmware.totals;
  const sent = { ...totals.downloadBytes, upstream: upstreamBytes };
  count(registry, 'firmware_bytes_total', 'Bytes of firmware, by where they came from', keyed('from', sent));
  count(
    registry,
    'firmware_asks_total',
    'Links that were asked for, by how the image was come by',
    keyed('how', { hit: hits, joined, revalidated: revalidations, stale, fill: fills }),
  );
  count(registry, 'firmware_fills_failed_total', 'Images that could not be fetched whole and right', [
    { labels: {}, value: failedFills },
  ]);
  count(registry, 'firmware_saved_fetches_total', 'Links that were served without fetching the image again', [
    { labels: {}, value: hits + joined + revalidations + stale },
  ]);
  show(registry, 'firmware_images', 'Images in the store', [{ labels: {}, value: firmware.images }]);
  show(registry, 'firmware_store_bytes', 'Bytes in the store', [{ labels: {}, value: firmware.bytes }]);
  show(registry, 'firmware_store_max_bytes', 'Bytes that the store may hold', [
    { labels: {}, value: firmware.maxBytes },
  ]);
  show(registry, 'firmware_fills', 'Images that are being fetched', [{ labels: {}, value: firmware.filling }]);
  show(registry, 'downloads_active', 'Downloads that run', [{ labels: {}, value: firmware.activeDownloads }]);
}

function upstreamMetrics(registry: Registry, { servers }: Status): void {
  count(
    registry,
    'upstream_failures_total',
    'How often a server could not be reached, or did not answer',
    servers.map(({ upstream, origin, failures }) => ({ labels: { upstream, origin }, value: failures })),
  );
  show(
    registry,
    'upstream_well',
    'What looks say of a server',
    servers.flatMap(({ upstream, origin, health }) =>
      health === null ? [] : [{ labels: { upstream, origin }, value: health === 'well' ? 1 : 0 }],
    ),
  );
}

function streamMetrics(registry: Registry, { streams, totals }: Status): void {
  if (streams.length === 0) return;
  const { received, sent } = totals.streamBytes;
  count(registry, 'streams_total', 'Connections of streams that ended, by why', keyed('because', totals.streams));
  count(registry, 'stream_bytes_total', 'Bytes of streams', keyed('way', { received, sent }));
  const open = streams.map(({ address, open: value }) => ({ labels: { address }, value }));
  show(registry, 'streams_open', 'Connections of streams that are open', open);
}

function keyed(label: string, counts: Record<string, number>): Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

function count(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return; // without a label it would tell of a thing that there is not
  const counter = new Counter({ name: `otagate_${name}`, help, labelNames: labelsOf(samples), registers: [registry] });
  for (const { labels, value } of samples) counter.inc(labels, value);
}

function show(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  const gauge = new Gauge({ name: `otagate_${name}`, help, labelNames: labelsOf(samples), registers: [registry] });
  for (const { labels, value } of samples) gauge.set(labels, value);
}

function labelsOf(samples: readonly Sample[]): string[] {
  return Object.keys(samples[0]?.labels ?? {});
}

function seconds(moment: string): number {
  return Math.floor(Date.parse(moment) / 1000);
}

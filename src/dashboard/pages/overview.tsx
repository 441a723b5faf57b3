// Owns the first page: is everything well, what needs me, and what is going on.
import { useMemo } from 'preact/hooks';
import type { Status } from '../api.ts';
import { concerns } from '../base/attention.ts';
import { useCell, useFormat, useGate, useNow, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Badge } from '../parts/badge.tsx';
import { Card, Empty, Facts, Loading, PageHead } from '../parts/card.tsx';
import { Concerns, Verdict } from '../parts/concerns.tsx';
import { Icon } from '../parts/icon.tsx';
import { Tiles } from '../parts/tiles.tsx';
import { TimeLeft } from '../parts/time-left.tsx';
import { TrafficCharts } from '../parts/traffic-charts.tsx';

const LOOK_EVERY_MS = 10_000;

export function OverviewPage() {
  const words = useWords().overview;
  const gate = useGate();
  const status = useCell(gate.status);
  const openings = useCell(gate.openings);
  const firmware = useCell(gate.firmware);
  const troubled = useCell(gate.troubled);
  const traffic = useCell(gate.traffic);
  const nowMs = useNow(LOOK_EVERY_MS);
  const found = useMemo(
    () =>
      status === null
        ? null
        : concerns({ status, openings: openings ?? [], firmware, troubled, points: traffic?.points ?? [], nowMs }),
    [status, openings, firmware, troubled, traffic, nowMs],
  );
  return (
    <>
      <PageHead title={words.title} />
      {status === null || found === null ? (
        <Loading />
      ) : (
        <>
          <Verdict found={found} status={status} />
          {found.length > 0 && <Concerns found={found} />}
          <Tiles traffic={traffic} firmware={firmware} totals={status.totals} />
          <TrafficCharts />
          <div class="thirds">
            <OpeningsCard />
            <UpstreamsCard status={status} />
            <ServingCard status={status} />
          </div>
        </>
      )}
    </>
  );
}

function OpeningsCard() {
  const words = useWords();
  const openings = useCell(useGate().openings) ?? [];
  return (
    <Card
      title={words.openings.title}
      icon="openings"
      side={
        <a class="more" href="/openings">
          {words.overview.toOpenings}
          <Icon name="next" size={15} />
        </a>
      }
    >
      {openings.length === 0 ? (
        <Empty icon="certificates" text={words.overview.noOpenings} />
      ) : (
        <ul class="list">
          {openings.map((opening) => (
            <li key={opening.id}>
              <div class="row between">
                <strong>{visible(opening.route, 60)}</strong>
                <TimeLeft opening={opening} />
              </div>
              <p class="mute small-text breakable">{visible(opening.reason) || words.openings.fromAll(opening.from)}</p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function UpstreamsCard({ status }: { status: Status }) {
  const words = useWords().overview;
  return (
    <Card title={words.upstreams} icon="server">
      <ul class="list">
        {Object.keys(status.upstreams).map((name) => (
          <li key={name}>
            <strong>{visible(name, 60)}</strong>
            {status.servers
              .filter(({ upstream }) => upstream === name)
              .map(({ origin, health, failures }) => (
                <div key={origin} class="row between">
                  <code class="breakable">{visible(origin)}</code>
                  {health === 'down' ? (
                    <Badge tone="fault" icon="fault" text={words.serverDown} />
                  ) : (
                    failures > 0 && <span class="mute small-text">{words.serverFailed(failures)}</span>
                  )}
                </div>
              ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ServingCard({ status }: { status: Status }) {
  const words = useWords().overview;
  const format = useFormat();
  const nowMs = useNow(LOOK_EVERY_MS);
  return (
    <Card title={words.serving} icon="overview">
      <Facts
        facts={[
          [words.domains, <span class="breakable">{status.domains.join(', ')}</span>],
          [
            words.listeners,
            status.listeners.map(({ scheme, address, publicPort }) => (
              <code key={scheme + address} class="block">
                {words.listener(scheme, address, publicPort)}
              </code>
            )),
          ],
          ...(status.streams.length === 0
            ? []
            : [
                [
                  words.streams,
                  status.streams.map(({ address, upstream, open }) => (
                    <code key={address} class="block breakable">
                      {words.stream(address, visible(upstream.join(', ')), open)}
                    </code>
                  )),
                ] as const,
              ]),
          [
            words.gates,
            status.workers.map(({ name, snapshot, restarts, sinceMs }) => (
              <span key={name} class="row gap-s">
                <Badge
                  tone={snapshot === 0 ? 'fault' : restarts > 0 ? 'warning' : 'good'}
                  icon={snapshot === 0 ? 'fault' : restarts > 0 ? 'warning' : 'well'}
                  text={name}
                />
                <span class="mute small-text">{words.gateSince(format.duration(nowMs - sinceMs), restarts)}</span>
              </span>
            )),
          ],
          [words.lan, <span class="breakable">{status.lan.networks.join(', ')}</span>],
          [words.config, <code class="breakable">{status.config}</code>],
        ]}
      />
    </Card>
  );
}

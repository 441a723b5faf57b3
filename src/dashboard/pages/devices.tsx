// Owns the list of devices. The gate searches, sorts and pages: the page never holds more than it shows.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Device, DevicePage as Page } from '../api.ts';
import { apiPath, type DeviceQuery, PAGE, readQuery, sortedBy, writeQuery } from '../base/device-query.ts';
import { useCell, useFormat, useGate, useNow, useWords } from '../base/hooks.ts';
import { say } from '../base/notices.ts';
import { devicePath } from '../base/place.ts';
import { address, become } from '../base/router.ts';
import { visible } from '../base/visible.ts';
import { Foreign, StateBadge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Empty, Loading, PageHead } from '../parts/card.tsx';
import { DeviceFilters } from '../parts/device-filters.tsx';
import { Table } from '../parts/table.tsx';
import { wordsOfError } from '../parts/words-of-error.ts';

const LIVE_EVERY_MS = 2_000;

export function DevicesPage() {
  const words = useWords();
  const format = useFormat();
  const query = readQuery(useCell(address).split('?', 2)[1] ?? '');
  const { page, fault } = useDevices(query);
  const set = (next: DeviceQuery): void => become(`/devices${writeQuery(next)}`);
  const total = page?.total ?? 0;
  const last = Math.min(query.offset + PAGE, total);

  useEffect(() => {
    if (page !== null) say(words.devices.found(format.number(page.total)));
  }, [page?.total]);

  return (
    <>
      <PageHead title={words.devices.title} text={words.devices.intro}>
        <div class="row gap-s">
          <a class="button plain small" href="/api/v1/devices.csv" download>
            {words.devices.csv}
          </a>
          <a class="button plain small" href="/api/v1/devices.json" download>
            {words.devices.json}
          </a>
          <a class="button plain small" href="/api/v1/device-events.csv" download>
            {words.devices.eventsCsv}
          </a>
          <a class="button plain small" href="/api/v1/device-events.jsonl" download>
            {words.devices.eventsJson}
          </a>
        </div>
      </PageHead>
      <DeviceFilters query={query} boards={page?.boards ?? []} versions={page?.versions ?? []} onQuery={set} />
      {fault !== null && page === null && <Empty icon="warning" text={wordsOfError(fault, words.frame)} />}
      {fault === null && page === null && <Loading />}
      {page !== null && total === 0 && (
        <Empty icon="devices" text={writeQuery(query) === '' ? words.devices.none : words.devices.noneFound}>
          {writeQuery(query) !== '' && <Button onPress={() => become('/devices')}>{words.devices.all}</Button>}
        </Empty>
      )}
      {page !== null && total > 0 && (
        <div class="card flush">
          <Devices devices={page.devices} query={query} onQuery={set} />
          <nav class="pager" aria-label={words.devices.paging}>
            <p class="mute numbers">
              {words.devices.range(format.number(query.offset + 1), format.number(last), format.number(total))}
            </p>
            <Button
              icon="back"
              label={words.devices.before}
              disabled={query.offset === 0}
              onPress={() => set({ ...query, offset: Math.max(0, query.offset - PAGE) })}
            />
            <Button
              icon="next"
              label={words.devices.after}
              disabled={last >= total}
              onPress={() => set({ ...query, offset: query.offset + PAGE })}
            />
          </nav>
        </div>
      )}
    </>
  );
}

type DevicesProps = { devices: readonly Device[]; query: DeviceQuery; onQuery: (query: DeviceQuery) => void };

function Devices({ devices, query, onQuery }: DevicesProps) {
  const words = useWords().devices;
  const format = useFormat();
  const nowMs = useNow(5_000);
  return (
    <Table
      caption={words.title}
      rows={devices}
      keyOf={({ device }) => device}
      sorted={{ by: query.sort, order: query.order, onSort: (sort) => onQuery(sortedBy(query, sort)) }}
      columns={[
        {
          key: 'device',
          head: words.device,
          sort: 'device',
          class: 'lead',
          cell: ({ device }) => (
            <a class="device-name" href={devicePath(device)}>
              <Foreign text={device} max={60} />
            </a>
          ),
        },
        { key: 'board', head: words.board, sort: 'board', cell: ({ board }) => <Foreign text={board} max={60} /> },
        { key: 'version', head: words.version, sort: 'version', cell: (row) => <Versions device={row} /> },
        {
          key: 'state',
          head: words.state,
          cell: ({ state, why }) => (
            <>
              <StateBadge state={state} />
              {why !== null && <p class="mute small-text breakable">{visible(why, 120)}</p>}
            </>
          ),
        },
        {
          key: 'lastSeen',
          head: words.lastSeen,
          sort: 'lastSeen',
          class: 'narrow',
          cell: ({ lastSeenMs }) => (
            <time dateTime={new Date(lastSeenMs).toISOString()} title={format.moment(lastSeenMs)}>
              {format.ago(lastSeenMs, nowMs)}
            </time>
          ),
        },
      ]}
    />
  );
}

function Versions({ device: { version, offered } }: { device: Device }) {
  const words = useWords().devices;
  return (
    <span class="numbers">
      <Foreign text={version} max={40} />
      {offered !== null && offered !== version && (
        <>
          <span aria-hidden="true"> → </span>
          <span class="unseen">{words.isOffered}</span>
          <Foreign text={offered} max={40} />
        </>
      )}
    </span>
  );
}

/** The page that the query asks for, and again when devices are told of; an answer that was overtaken is dropped. */
function useDevices(query: DeviceQuery): { page: Page | null; fault: unknown } {
  const gate = useGate();
  const told = useCell(gate.device);
  const status = useCell(gate.status);
  const [page, setPage] = useState<Page | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const asked = useRef(0);
  const path = apiPath(query);
  const wanted = useRef(path);
  wanted.current = path;
  const fetchPage = (): void => {
    asked.current += 1;
    const ask = asked.current;
    gate.client.get<Page>(wanted.current).then(
      (next) => {
        if (ask !== asked.current) return;
        setPage(next);
        setFault(null);
      },
      (error: unknown) => ask === asked.current && setFault(error),
    );
  };
  useEffect(fetchPage, [path]);

  // What is shown changes in place at once; what may have moved between pages is asked for, but not with every event.
  const first = useRef(status);
  const due = useRef<number | undefined>(undefined);
  useEffect(() => () => clearTimeout(due.current), []);
  useEffect(() => {
    if (told === null && status === first.current) return;
    if (told !== null)
      setPage((now) => now && { ...now, devices: now.devices.map((row) => (row.device === told.device ? told : row)) });
    due.current ??= window.setTimeout(() => {
      due.current = undefined;
      fetchPage();
    }, LIVE_EVERY_MS);
  }, [told, status]);
  return { page, fault };
}

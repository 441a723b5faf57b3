// Owns the page of one device: what is known of it, and what happened, in words.
import { useEffect, useState } from 'preact/hooks';
import type { DeviceEvent, DeviceHistory } from '../api.ts';
import { ApiError } from '../base/client.ts';
import { useCell, useFormat, useGate, useNow, useTitle, useWords } from '../base/hooks.ts';
import { tellEvent } from '../base/timeline.ts';
import { visible } from '../base/visible.ts';
import { Badge, Foreign, StateBadge } from '../parts/badge.tsx';
import { Card, Empty, Facts, Loading } from '../parts/card.tsx';
import { Icon } from '../parts/icon.tsx';
import { wordsOfError } from '../parts/words-of-error.ts';

export function DevicePage({ device }: { device: string }) {
  const words = useWords();
  const { history, fault } = useHistory(device);
  useTitle(visible(device, 60));
  return (
    <>
      <a class="more back" href="/devices">
        <Icon name="back" size={15} />
        {words.devices.title}
      </a>
      <div class="page-head">
        <h1 tabIndex={-1} class="device-name">
          <Foreign text={device} />
        </h1>
        {history !== null && <StateBadge state={history.state} />}
      </div>
      {history === null && fault === null && <Loading />}
      {history === null && fault !== null && (
        <Empty
          icon="search"
          text={
            fault instanceof ApiError && fault.status === 404 ? words.devices.unknown : wordsOfError(fault, words.frame)
          }
        />
      )}
      {history !== null && (
        <>
          {history.why !== null && <WhyBanner history={history} />}
          <div class="device-parts">
            <Known history={history} />
            <Timeline events={history.events} />
          </div>
        </>
      )}
    </>
  );
}

function WhyBanner({ history: { state, why } }: { history: DeviceHistory }) {
  const grave = state === 'failed' || state === 'withheld';
  return (
    <p class={`banner ${grave ? 'polling' : 'plain'}`}>
      <Icon name={grave ? 'warning' : 'note'} />
      <span class="breakable">{visible(why ?? '', 500)}</span>
    </p>
  );
}

function Known({ history }: { history: DeviceHistory }) {
  const words = useWords().devices;
  const format = useFormat();
  const nowMs = useNow(5_000);
  const moment = (atMs: number) => (
    <time dateTime={new Date(atMs).toISOString()}>
      {format.ago(atMs, nowMs)}
      <span class="mute small-text block">{format.moment(atMs)}</span>
    </time>
  );
  return (
    <Card title={words.known} icon="devices">
      <Facts
        facts={[
          [words.board, <Foreign text={history.board} />],
          [words.version, <Foreign text={history.version} />],
          [words.offered, <Foreign text={history.offered} />],
          [words.client, <Foreign text={history.client} />],
          [words.scheme, <Foreign text={history.scheme} />],
          [words.lastSeen, moment(history.lastSeenMs)],
          [words.firstSeen, moment(history.firstSeenMs)],
          [words.failures, format.number(history.failures)],
          [
            words.proven,
            history.proven ? (
              <Badge tone="good" icon="well" text={words.provenYes} />
            ) : (
              <Badge tone="mute" icon="note" text={words.provenNo} />
            ),
          ],
        ]}
      />
      <p class="mute small-text">{words.provenText}</p>
    </Card>
  );
}

function Timeline({ events }: { events: readonly DeviceEvent[] }) {
  const words = useWords();
  const format = useFormat();
  const nowMs = useNow(5_000);
  return (
    <Card title={words.timeline.title} icon="clock">
      {events.length === 0 && <Empty icon="clock" text={words.timeline.none} />}
      <ol class="timeline">
        {events.map((event) => {
          const { tone, icon, title, text } = tellEvent(event, words.timeline, format);
          return (
            <li key={event.id} class={tone}>
              <Icon name={icon} />
              <div>
                <p class="breakable">{title}</p>
                {text !== '' && <p class="mute small-text breakable">{text}</p>}
                <time class="mute small-text" dateTime={new Date(event.atMs).toISOString()}>
                  {format.ago(event.atMs, nowMs)} · {format.moment(event.atMs)}
                </time>
              </div>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

function useHistory(device: string): { history: DeviceHistory | null; fault: unknown } {
  const gate = useGate();
  const told = useCell(gate.device);
  const status = useCell(gate.status);
  const [history, setHistory] = useState<DeviceHistory | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const mine = told?.device === device ? told : null;
  useEffect(() => {
    let gone = false;
    gate.client.get<DeviceHistory>(`devices/${encodeURIComponent(device)}`).then(
      (next) => !gone && setHistory(next),
      (error: unknown) => !gone && setFault(error),
    );
    return () => {
      gone = true;
    };
  }, [device, mine, status]);
  return { history, fault };
}

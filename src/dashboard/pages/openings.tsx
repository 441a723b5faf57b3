// Owns the page of openings: let devices in by plain HTTP for a time, see what is open, close it, and who did what.
import { useState } from 'preact/hooks';
import type { ClosedOpening, Opening } from '../api.ts';
import { useCell, useFormat, useGate, useMayChange, useNow, useWords } from '../base/hooks.ts';
import { notify } from '../base/notices.ts';
import { visible } from '../base/visible.ts';
import { AuditTrail } from '../parts/audit-trail.tsx';
import { Button } from '../parts/button.tsx';
import { Card, Empty, Loading, PageHead } from '../parts/card.tsx';
import { OpeningForm } from '../parts/opening-form.tsx';
import { TimeLeft } from '../parts/time-left.tsx';
import { attempt } from '../parts/words-of-error.ts';

export function OpeningsPage() {
  const words = useWords().openings;
  const gate = useGate();
  const openings = useCell(gate.openings);
  const mayChange = useMayChange();
  const [changes, setChanges] = useState(0);
  const onChange = (): void => {
    setChanges(changes + 1);
    void gate.refreshOpenings();
  };
  return (
    <>
      <PageHead title={words.title} text={words.intro} />
      {mayChange && <OpeningForm onOpened={onChange} />}
      <Card title={words.running} icon="clock">
        {openings === null && <Loading />}
        {openings?.length === 0 && <Empty icon="certificates" text={words.none} />}
        {openings !== null && openings.length > 0 && (
          <ul class="openings">
            {openings.map((opening) => (
              <RunningOpening key={opening.id} opening={opening} onClosed={onChange} />
            ))}
          </ul>
        )}
      </Card>
      <AuditTrail changes={changes} />
    </>
  );
}

function RunningOpening({ opening, onClosed }: { opening: Opening; onClosed: () => void }) {
  const words = useWords();
  const format = useFormat();
  const { client } = useGate();
  const nowMs = useNow(1_000);
  const mayChange = useMayChange();
  const { id, route, from, reason, untilMs, startMs, declared, openedBy, uses, devices, upgraded, closeAfter } =
    opening;
  const begins = startMs !== null && startMs > nowMs;
  const name = visible(route, 60);
  const close = async (): Promise<void> => {
    const path = `openings/${encodeURIComponent(id)}`;
    const work = async (): Promise<void> => {
      const closed = await client.delete<ClosedOpening[]>(path);
      if (closed.some(({ notWritten }) => notWritten === true)) notify('failed', words.openings.notWritten(name));
    };
    if (await attempt(words.frame, work, words.openings.closed(name))) onClosed();
  };
  return (
    <li class="opening">
      <div class="opening-left">
        {begins ? (
          <p class="clock">{words.openings.begins(format.moment(startMs))}</p>
        ) : (
          <TimeLeft opening={opening} bar />
        )}
        <p class="mute small-text">{words.openings.until(format.moment(untilMs))}</p>
      </div>
      <div class="opening-middle">
        <p class="breakable">
          <strong>{name}</strong>
          {' · '}
          {words.openings.fromAll(from)}
        </p>
        {reason !== '' && <p class="breakable">{visible(reason)}</p>}
        <p class="mute small-text">
          {[
            declared ? words.openings.declared : words.openings.openedBy(who(openedBy, words.openings.whos)),
            words.openings.uses(uses),
            words.openings.devices(devices),
            words.openings.upgraded(upgraded),
            ...(closeAfter.devices === null ? [] : [words.openings.closesAfter(closeAfter.devices)]),
            ...(closeAfter.idleMs === null ? [] : [words.openings.closesUnused(format.duration(closeAfter.idleMs))]),
          ].join(' · ')}
        </p>
      </div>
      {mayChange && (
        <Button look="grave" icon="close" label={`${words.openings.close}: ${name}`} onPress={close}>
          {words.openings.close}
        </Button>
      )}
    </li>
  );
}

function who(name: string, known: Readonly<Record<string, string>>): string {
  return known[name] ?? visible(name, 60);
}

// Owns the making of an opening: one press where the usual will do, and what can be set besides.
import { useState } from 'preact/hooks';
import type { Openable, Opening, OpeningAsk } from '../api.ts';
import { useCell, useFormat, useGate, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Button } from './button.tsx';
import { Card, Empty, Loading } from './card.tsx';
import { Field, Pick } from './field.tsx';
import { attempt } from './words-of-error.ts';

const MINUTE_MS = 60_000;
const PRESETS_MS = [10 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS] as const;

type Wishes = { route: string; from: string; reason: string; minutes: string; devices: string; idle: string };

/** An empty route: the first one that can be opened. */
const NO_WISHES: Wishes = { route: '', from: '', reason: '', minutes: '', devices: '', idle: '' };

export function OpeningForm({ onOpened }: { onOpened: () => void }) {
  const words = useWords().openings;
  const routes = useCell(useGate().status)?.openable ?? null;
  return (
    <Card title={words.open} icon="openings" class="opening-form">
      {routes === null && <Loading />}
      {routes?.length === 0 && <Empty icon="openings" text={words.noRoute} />}
      {routes !== null && routes.length > 0 && <Form routes={routes} onOpened={onOpened} />}
    </Card>
  );
}

function Form({ routes, onOpened }: { routes: readonly Openable[]; onOpened: () => void }) {
  const words = useWords();
  const format = useFormat();
  const { client } = useGate();
  const [wishes, setWishes] = useState<Wishes>(NO_WISHES);
  const set = (name: keyof Wishes) => (value: string) => setWishes((now) => ({ ...now, [name]: value }));

  const open = async (durationMs: number): Promise<void> => {
    const well = words.openings.opened(route, format.longDuration(durationMs));
    const ask = toAsk({ ...wishes, route }, durationMs);
    if (!(await attempt(words.frame, () => client.post<Opening>('openings', ask), well))) return;
    setWishes({ ...NO_WISHES, route });
    onOpened();
  };
  const route = routes.some((one) => one.route === wishes.route) ? wishes.route : (routes[0]?.route ?? '');
  const pick = (
    <Pick
      label={words.openings.route}
      value={route}
      options={routes.map((one) => ({ value: one.route, text: describeRoute(one, words.openings.roles[one.role]) }))}
      onValue={set('route')}
    />
  );
  // With several servers, which one comes first; with one, it is plain.
  const asksFirst = routes.filter(({ role }) => role === 'ota-check').length > 1;
  const ownMs = Math.round(Number(wishes.minutes) * MINUTE_MS);

  return (
    <>
      <p class="mute">{words.openings.openText}</p>
      {asksFirst && <div class="opening-route">{pick}</div>}
      <div class="row presets">
        {PRESETS_MS.map((durationMs) => (
          <Button
            key={durationMs}
            look="main"
            icon="clock"
            label={words.openings.openFor(route, format.longDuration(durationMs))}
            onPress={() => open(durationMs)}
          >
            {format.longDuration(durationMs)}
          </Button>
        ))}
      </div>
      <details>
        <summary>{words.openings.options}</summary>
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            if (ownMs > 0) void open(ownMs);
          }}
        >
          {!asksFirst && pick}
          <Field
            label={words.openings.from}
            help={words.openings.fromHelp}
            placeholder="203.0.113.0/24"
            value={wishes.from}
            onValue={set('from')}
          />
          <Field label={words.openings.reason} maxLength={200} value={wishes.reason} onValue={set('reason')} />
          <Field
            label={words.openings.closeAfter}
            help={words.openings.closeAfterHelp}
            type="number"
            min={1}
            value={wishes.devices}
            onValue={set('devices')}
          />
          <Field
            label={words.openings.idle}
            type="number"
            min={0.02}
            step="any"
            value={wishes.idle}
            onValue={set('idle')}
          />
          <Field
            label={words.openings.minutes}
            type="number"
            min={0.02}
            step="any"
            value={wishes.minutes}
            onValue={set('minutes')}
          />
          <div class="field-act">
            <Button type="submit" disabled={!(ownMs > 0)}>
              {ownMs > 0 ? words.openings.openFor(route, format.longDuration(ownMs)) : words.openings.openThis}
            </Button>
          </div>
        </form>
      </details>
    </>
  );
}

function describeRoute({ route, host }: Openable, role: string): string {
  return [visible(route, 60), role, ...(host === null ? [] : [visible(host, 100)])].join(' · ');
}

function toAsk({ route, from, reason, devices, idle }: Wishes, durationMs: number): OpeningAsk {
  const positive = (text: string, times: number): number | null =>
    Number(text) > 0 ? Math.max(1, Math.round(Number(text) * times)) : null;
  return {
    route: route.trim(),
    durationMs,
    from: from.split(/[\s,;，；]+/).filter(Boolean),
    reason: reason.trim(),
    closeAfter: { devices: positive(devices, 1), idleMs: positive(idle, MINUTE_MS) },
  };
}

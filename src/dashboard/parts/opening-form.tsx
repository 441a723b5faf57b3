// Owns the making of an opening: one press where the usual will do, and what can be set besides.
import { useId, useState } from 'preact/hooks';
import type { Opening, OpeningAsk } from '../api.ts';
import { useFormat, useGate, useWords } from '../base/hooks.ts';
import { Button } from './button.tsx';
import { Card } from './card.tsx';
import { Field } from './field.tsx';
import { attempt } from './words-of-error.ts';

const MINUTE_MS = 60_000;
const PRESETS_MS = [10 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS] as const;
/** Its opening covers the firmware links that it hands out. The presets call it so. */
const USUAL_ROUTE = 'ota';

type Wishes = { route: string; from: string; reason: string; minutes: string; devices: string; idle: string };

const NO_WISHES: Wishes = { route: USUAL_ROUTE, from: '', reason: '', minutes: '', devices: '', idle: '' };

export function OpeningForm({ onOpened }: { onOpened: () => void }) {
  const words = useWords();
  const format = useFormat();
  const { client } = useGate();
  const [wishes, setWishes] = useState<Wishes>(NO_WISHES);
  const routesId = useId();
  const set = (name: keyof Wishes) => (value: string) => setWishes((now) => ({ ...now, [name]: value }));

  const open = async (durationMs: number): Promise<void> => {
    const well = words.openings.opened(wishes.route, format.longDuration(durationMs));
    const ask = toAsk(wishes, durationMs);
    if (!(await attempt(words.frame, () => client.post<Opening>('openings', ask), well))) return;
    setWishes(NO_WISHES);
    onOpened();
  };
  const ownMs = Math.round(Number(wishes.minutes) * MINUTE_MS);

  return (
    <Card title={words.openings.open} icon="openings" class="opening-form">
      <p class="mute">{words.openings.openText}</p>
      <div class="row presets">
        {PRESETS_MS.map((durationMs) => (
          <Button
            key={durationMs}
            look="main"
            icon="clock"
            label={words.openings.openFor(wishes.route, format.longDuration(durationMs))}
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
          <Field
            label={words.openings.route}
            help={words.openings.routeHelp}
            list={routesId}
            value={wishes.route}
            onValue={set('route')}
          />
          <datalist id={routesId}>
            <option value={USUAL_ROUTE} />
            <option value="firmware" />
          </datalist>
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
              {ownMs > 0 ? words.openings.openFor(wishes.route, format.longDuration(ownMs)) : words.openings.openThis}
            </Button>
          </div>
        </form>
      </details>
    </Card>
  );
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

// Owns the card of rollouts: how each stands, what holds it, and what one device would get.
import { useEffect, useState } from 'preact/hooks';
import type { Rollout, RolloutExplained } from '../api.ts';
import { useCell, useFormat, useGate, useMayChange, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Badge } from './badge.tsx';
import { Button } from './button.tsx';
import { Card, Empty, Loading } from './card.tsx';
import { Confirm } from './dialog.tsx';
import { Field } from './field.tsx';
import { Table } from './table.tsx';
import { attempt } from './words-of-error.ts';

const MAX_NAME = 80;
const MAX_WHY = 400;

export function Rollouts() {
  const words = useWords().rollouts;
  const mayChange = useMayChange();
  const { rollouts, fault, again } = useRollouts();
  return (
    <Card title={words.title} icon="offered">
      <p class="mute">{words.intro}</p>
      {rollouts === null && (fault ? <p class="mute">{words.unreadable}</p> : <Loading />)}
      {rollouts?.length === 0 && <Empty icon="offered" text={words.none} />}
      {rollouts !== null && rollouts.length > 0 && (
        <Table
          caption={words.title}
          rows={rollouts}
          keyOf={({ name }) => name}
          columns={[
            { key: 'name', head: words.name, class: 'lead', cell: ({ name }) => <bdi>{visible(name, MAX_NAME)}</bdi> },
            { key: 'action', head: words.action, cell: (rollout) => <What rollout={rollout} /> },
            { key: 'whom', head: words.whom, cell: (rollout) => <Whom rollout={rollout} /> },
            { key: 'wave', head: words.wave, cell: (rollout) => <Wave rollout={rollout} /> },
            { key: 'stands', head: words.stands, class: 'wide', cell: (rollout) => <Stands rollout={rollout} /> },
            ...(mayChange
              ? [
                  {
                    key: 'acts',
                    head: words.acts,
                    cell: (rollout: Rollout) => <Acts rollout={rollout} onChanged={again} />,
                  },
                ]
              : []),
          ]}
        />
      )}
      <Explain />
    </Card>
  );
}

function What({ rollout: { action, version, below } }: { rollout: Rollout }) {
  const words = useWords().rollouts;
  const parts = [
    words.actions[action],
    ...(version === null ? [] : [visible(version, MAX_NAME)]),
    ...(below === null ? [] : [words.below(visible(below, MAX_NAME))]),
  ];
  return <>{parts.join(' ')}</>;
}

function Whom({ rollout: { boards, versions, networks, devices, percent } }: { rollout: Rollout }) {
  const words = useWords().rollouts;
  const format = useFormat();
  const names = [...boards, ...versions, ...networks].map((name) => visible(name, MAX_NAME));
  if (devices > 0) names.push(words.devices(format.number(devices)));
  if (percent < 100) names.push(`${format.number(percent)} %`);
  return <span class="breakable">{names.length === 0 ? words.everyone : names.join(', ')}</span>;
}

function Wave({ rollout: { wave, waveSize, nextWaveMs, members } }: { rollout: Rollout }) {
  const words = useWords().rollouts;
  const format = useFormat();
  if (wave === null || waveSize === null || nextWaveMs === null) return <span class="mute">–</span>;
  return (
    <>
      <p>{words.waveOf(wave, waveSize)}</p>
      <p class="mute small-text">{words.next(format.moment(nextWaveMs))}</p>
      {members !== null && <p class="mute small-text">{words.members(format.number(members))}</p>}
    </>
  );
}

function Stands({ rollout: { held, targets, stops } }: { rollout: Rollout }) {
  const words = useWords().rollouts;
  const fine = !held && targets === null && stops.length === 0;
  return (
    <>
      {fine && <Badge tone="good" icon="well" text={words.runs} />}
      {held && <Badge tone="warning" icon="withheld" text={words.held} />}
      {targets !== null && <Badge tone="warning" icon="rebooting" text={words.back} />}
      {stops.map(({ board, version, why }) => (
        <div key={`${board} ${version}`}>
          <Badge tone="fault" icon="fault" text={words.stopped} />
          <p class="small-text breakable">
            {words.stoppedFor(visible(board, MAX_NAME), visible(version, MAX_NAME), visible(why, MAX_WHY))}
          </p>
        </div>
      ))}
    </>
  );
}

function Acts({ rollout, onChanged }: { rollout: Rollout; onChanged: () => void }) {
  const words = useWords();
  const { client } = useGate();
  const [asking, setAsking] = useState(false);
  const { name, held, targets, stops, declared } = rollout;
  const shown = visible(name, MAX_NAME);
  const change = async (what: 'hold' | 'offer' | 'rollback'): Promise<void> => {
    const post = () => client.post(`rollouts/${what}`, { name });
    if (await attempt(words.frame, post, words.rollouts.done(shown))) onChanged();
  };
  const goOn = declared ? words.rollouts.goOn : words.rollouts.end;
  return (
    <div class="row">
      {!held && (
        <Button small label={`${words.rollouts.hold}: ${shown}`} onPress={() => change('hold')}>
          {words.rollouts.hold}
        </Button>
      )}
      {(held || targets !== null || stops.length > 0 || !declared) && (
        <Button small label={`${goOn}: ${shown}`} onPress={() => change('offer')}>
          {goOn}
        </Button>
      )}
      {targets === null && (
        <Button small look="grave" label={`${words.rollouts.rollBack}: ${shown}`} onPress={() => setAsking(true)}>
          {words.rollouts.rollBack}
        </Button>
      )}
      {asking && (
        <Confirm
          title={words.rollouts.rollBackTitle(shown)}
          text={words.rollouts.rollBackText}
          act={words.rollouts.rollBack}
          onAct={() => change('rollback')}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/** A dry run. */
function Explain() {
  const words = useWords();
  const { client } = useGate();
  const [device, setDevice] = useState('');
  const [told, setTold] = useState<RolloutExplained | null>(null);
  const ask = (): Promise<boolean> =>
    attempt(words.frame, async () =>
      setTold(await client.get<RolloutExplained>(`rollouts/explain/${encodeURIComponent(device.trim())}`)),
    );
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (device.trim() !== '') void ask();
      }}
    >
      <Field
        label={words.rollouts.explain}
        help={words.rollouts.explainHelp}
        maxLength={64}
        value={device}
        onValue={setDevice}
      />
      <Button type="submit" disabled={device.trim() === ''}>
        {words.rollouts.ask}
      </Button>
      {told !== null && (
        <div role="status">
          <p>
            <strong>{words.rollouts.outcomes[told.action]}</strong>
          </p>
          {!told.known && <p class="mute">{words.rollouts.unknown}</p>}
          <p class="small-text breakable">{visible(told.admitted ?? told.why, MAX_WHY)}</p>
        </div>
      )}
    </form>
  );
}

/** Asked anew whenever the gate tells that something has changed. */
function useRollouts(): { rollouts: readonly Rollout[] | null; fault: boolean; again: () => void } {
  const gate = useGate();
  const status = useCell(gate.status);
  const [rollouts, setRollouts] = useState<readonly Rollout[] | null>(null);
  const [fault, setFault] = useState(false);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let gone = false;
    gate.client.get<Rollout[]>('rollouts').then(
      (found) => {
        if (gone) return;
        setRollouts(found);
        setFault(false);
      },
      () => !gone && setFault(true),
    );
    return () => {
      gone = true;
    };
  }, [gate, status, asked]);
  return { rollouts, fault, again: () => setAsked((times) => times + 1) };
}

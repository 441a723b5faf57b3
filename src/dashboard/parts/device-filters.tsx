// Owns the narrowing of the list of devices: by text, board, version and state.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { NamedCount } from '../api.ts';
import { type DeviceQuery, narrowed } from '../base/device-query.ts';
import { useFormat, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { DEVICE_STATES } from './badge.tsx';
import { Field, Pick } from './field.tsx';

const TYPING_MS = 250;

type FiltersProps = {
  query: DeviceQuery;
  boards: readonly NamedCount[];
  versions: readonly NamedCount[];
  onQuery: (query: DeviceQuery) => void;
};

export function DeviceFilters({ query, boards, versions, onQuery }: FiltersProps) {
  const words = useWords().devices;
  const format = useFormat();
  const [typed, setTyped] = useState(query.search);
  const latest = useRef(query);
  latest.current = query;

  useEffect(() => setTyped(query.search), [query.search]);
  useEffect(() => {
    if (typed === latest.current.search) return;
    const timer = setTimeout(() => onQuery(narrowed(latest.current, { search: typed })), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  const options = (counts: readonly NamedCount[], chosen: string) => {
    const named = counts.filter(({ name }) => name !== '');
    const known = named.some(({ name }) => name === chosen) || chosen === '';
    return [
      { value: '', text: words.any },
      ...(known ? [] : [{ value: chosen, text: visible(chosen, 60) }]),
      ...named.map(({ name, count }) => ({
        value: name,
        text: `${visible(name, 60)} (${format.number(count)})`,
      })),
    ];
  };
  return (
    <search class="filters">
      <Field label={words.search} type="search" placeholder={words.searchHint} value={typed} onValue={setTyped} />
      <Pick
        label={words.board}
        value={query.board}
        options={options(boards, query.board)}
        onValue={(board) => onQuery(narrowed(query, { board }))}
      />
      <Pick
        label={words.version}
        value={query.version}
        options={options(versions, query.version)}
        onValue={(version) => onQuery(narrowed(query, { version }))}
      />
      <Pick
        label={words.state}
        value={query.state}
        options={[
          { value: '', text: words.any },
          ...DEVICE_STATES.map((state) => ({ value: state, text: words.states[state] })),
        ]}
        onValue={(state) => onQuery(narrowed(query, { state }))}
      />
    </search>
  );
}

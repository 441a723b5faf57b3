// Owns what is told of the connection to the gate: a quiet word while it lives, a banner while it does not.
import { useEffect, useState } from 'preact/hooks';
import type { Connection } from '../base/gate.ts';
import { useCell, useGate, useWords } from '../base/hooks.ts';
import { Icon } from './icon.tsx';

// A line that comes back at once is not worth a word.
const PATIENCE_MS = 1_500;

/** The state, once it has lasted; what lives counts at once. */
function useSteady(): Connection {
  const state = useCell(useGate().connection);
  const [steady, setSteady] = useState(state);
  useEffect(() => {
    if (state === 'live') {
      setSteady(state);
      return;
    }
    const timer = setTimeout(() => setSteady(state), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return steady;
}

export function ConnectionState() {
  const state = useSteady();
  return <p class={`connection ${state}`}>{useWords().frame.connection[state]}</p>;
}

export function ConnectionBanner() {
  const words = useWords().frame;
  const state = useSteady();
  const lost = state === 'lost' || state === 'polling';
  return (
    <div role="status" class="banner-place">
      {lost && (
        <p class={`banner ${state}`}>
          <Icon name="warning" />
          {state === 'lost' ? words.lost : words.polling}
        </p>
      )}
    </div>
  );
}

// Owns what is told in passing: notices in a corner, and the line that only a screen reader gets.
import { useCell, useWords } from '../base/hooks.ts';
import { notices, putAway, spoken } from '../base/notices.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

export function Notices() {
  const words = useWords().frame;
  const shown = useCell(notices);
  const drawn = (kind: 'well' | 'failed') =>
    shown
      .filter((notice) => notice.kind === kind)
      .map(({ number, text }) => (
        <div key={number} class={`notice ${kind}`}>
          <Icon name={kind === 'well' ? 'well' : 'fault'} />
          <p>{text}</p>
          <Button icon="close" look="quiet" small label={words.close} onPress={() => putAway(number)} />
        </div>
      ));
  return (
    <div class="notices">
      <div role="status">{drawn('well')}</div>
      <div role="alert">{drawn('failed')}</div>
    </div>
  );
}

export function Announcer() {
  return (
    <p class="unseen" role="status">
      {useCell(spoken)}
    </p>
  );
}

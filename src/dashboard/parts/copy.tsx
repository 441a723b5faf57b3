// Owns text that one wants to take along: shown short, copied whole.
import { useWords } from '../base/hooks.ts';
import { notify } from '../base/notices.ts';
import { Button } from './button.tsx';

/** A hash by its first digits. Without https, the browser gives no clipboard; then it is shown whole. */
export function Hash({ value, label }: { value: string; label: string }) {
  const words = useWords().frame;
  const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
  if (clipboard === undefined) return <code class="hash whole">{value}</code>;
  const copy = (): Promise<void> => clipboard.writeText(value).then(() => notify('well', words.copied));
  return (
    <span class="hash">
      <code title={value}>{value.slice(0, 16)}…</code>
      <Button icon="copy" look="quiet" small label={`${words.copy}: ${label}`} onPress={copy} />
    </span>
  );
}

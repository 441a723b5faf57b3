// Owns buttons: what they look like, and that one which works says so and is not pressed twice.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

type Look = 'main' | 'plain' | 'quiet' | 'grave';

export type ButtonProps = {
  children?: ComponentChildren;
  icon?: IconName;
  look?: Look;
  /** The name for a screen reader, where the text alone does not say it. */
  label?: string;
  type?: 'button' | 'submit';
  disabled?: boolean;
  pressed?: boolean;
  small?: boolean;
  /** What a promise does not settle keeps the button at rest. */
  onPress?: () => unknown;
};

export function Button(props: ButtonProps) {
  const [busy, setBusy] = useState(false);
  const { children, icon, look = 'plain', label, type = 'button', disabled = false, pressed, small = false } = props;
  const press = (): void => {
    if (busy) return;
    const done = props.onPress?.();
    if (!(done instanceof Promise)) return;
    setBusy(true);
    void done.finally(() => setBusy(false));
  };
  return (
    <button
      type={type}
      class={`button ${look}${small ? ' small' : ''}${children === undefined ? ' bare' : ''}`}
      disabled={disabled}
      aria-disabled={busy}
      aria-busy={busy}
      aria-label={label}
      aria-pressed={pressed}
      title={children === undefined ? label : undefined}
      onClick={press}
    >
      {icon !== undefined && <Icon name={icon} size={small ? 15 : 17} />}
      {children}
    </button>
  );
}

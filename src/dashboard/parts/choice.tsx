// Owns the choice of one among few: buttons side by side, which are radio buttons underneath.
import { useId } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

export type Option<T extends string> = { value: T; text: string; icon?: IconName; lang?: string };

type ChoiceProps<T extends string> = {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChoose: (value: T) => void;
};

export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} lang={option.lang}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>
            {option.icon !== undefined && <Icon name={option.icon} size={15} />}
            {option.text}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

// Owns a field of a form: its name, the field, and what helps to fill it in.
import { useId } from 'preact/hooks';

type FieldProps = {
  label: string;
  value: string;
  onValue: (value: string) => void;
  help?: string;
  type?: 'text' | 'number' | 'url' | 'search';
  placeholder?: string;
  list?: string;
  min?: number;
  step?: string;
  maxLength?: number;
  /** The name is for a screen reader alone, where the place says enough. */
  unseenLabel?: boolean;
};

export function Field({ label, value, onValue, help, type = 'text', unseenLabel = false, ...more }: FieldProps) {
  const id = useId();
  const helpId = useId();
  return (
    <div class="field">
      <label class={unseenLabel ? 'unseen' : 'field-name'} for={id}>
        {label}
      </label>
      <input
        id={id}
        type={type}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={help === undefined ? undefined : helpId}
        onInput={(event) => onValue(event.currentTarget.value)}
        {...more}
      />
      {help !== undefined && (
        <p class="mute small-text" id={helpId}>
          {help}
        </p>
      )}
    </div>
  );
}

type PickProps = {
  label: string;
  value: string;
  onValue: (value: string) => void;
  options: readonly { value: string; text: string }[];
};

/** One of many; the first is "all". */
export function Pick({ label, value, onValue, options }: PickProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-name" for={id}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}

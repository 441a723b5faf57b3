// Owns the settings of the page: language, colours, and the way out.
import { useCell, useSigned, useWords } from '../base/hooks.ts';
import { chooseLanguage, chooseTheme, language, THEMES, theme } from '../base/settings.ts';
import { LANGUAGES } from '../words.ts';
import { Button } from './button.tsx';
import { Choice } from './choice.tsx';

// Each in its own language: whoever cannot read the other finds the way back.
const NAMES = { en: 'English', zh: '中文' } as const;
const PICTURES = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

/** Language and colours; also for who has not signed in. */
export function Looks() {
  const words = useWords().frame;
  return (
    <>
      <Choice
        label={words.language}
        options={LANGUAGES.map((one) => ({ value: one, text: NAMES[one], lang: one }))}
        value={useCell(language)}
        onChoose={chooseLanguage}
      />
      <Choice
        label={words.colours}
        options={THEMES.map((one) => ({ value: one, text: words.themes[one], icon: PICTURES[one] }))}
        value={useCell(theme)}
        onChoose={chooseTheme}
      />
    </>
  );
}

export function Settings() {
  const words = useWords().frame;
  const { signOut } = useSigned();
  return (
    <div class="settings">
      <Looks />
      <Button icon="leave" look="quiet" onPress={signOut}>
        {words.signOut}
      </Button>
    </div>
  );
}

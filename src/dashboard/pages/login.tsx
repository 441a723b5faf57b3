// Owns the page that asks for a token.
import { useId, useRef, useState } from 'preact/hooks';
import type { Session } from '../api.ts';
import { ApiError, type Client } from '../base/client.ts';
import { useTitle, useWords } from '../base/hooks.ts';
import { Button } from '../parts/button.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { Looks } from '../parts/settings.tsx';
import { wordsOfError } from '../parts/words-of-error.ts';

/** Why somebody is asked for a token. */
export type WhyLogin = 'first' | 'ended' | 'unreachable';

type LoginProps = { client: Client; why: WhyLogin; onSigned: (session: Session) => void };

export function LoginPage({ client, why, onSigned }: LoginProps) {
  const words = useWords().frame;
  const fieldId = useId();
  const helpId = useId();
  const field = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useTitle(words.signIn);

  const signIn = async (): Promise<void> => {
    const token = field.current?.value.trim() ?? '';
    if (token === '' || busy) return;
    setBusy(true);
    setFault(null);
    try {
      onSigned(await client.login(token));
    } catch (error) {
      setFault(error);
      setBusy(false);
      field.current?.select();
    }
  };
  const faultText = fault instanceof ApiError && fault.status === 401 ? words.wrongToken : wordsOfError(fault, words);

  return (
    <main class="login">
      <div class="login-card">
        <Mark size={48} />
        <h1 tabIndex={-1}>{words.signInTo}</h1>
        <p class="mute">{words.whatItIs}</p>
        {why !== 'first' && (
          <p class="banner polling" role="status">
            <Icon name="warning" />
            {why === 'ended' ? words.sessionEnded : words.unreachable}
          </p>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void signIn();
          }}
        >
          <label class="field-name" for={fieldId}>
            {words.token}
          </label>
          <input
            ref={field}
            id={fieldId}
            name="token"
            type="password"
            autocomplete="current-password"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby={helpId}
            aria-invalid={fault !== null}
            required
          />
          <div role="alert">
            {fault !== null && (
              <p class="fault-text">
                <Icon name="fault" size={16} />
                {faultText}
              </p>
            )}
          </div>
          <Button type="submit" look="main" disabled={busy}>
            {words.signIn}
          </Button>
        </form>
        <div class="help" id={helpId}>
          <p>{words.tokenWhere}</p>
          <pre>
            <code>{'cat STATE_DIR/admin.token'}</code>
          </pre>
          <p>{words.tokenWhereMore}</p>
        </div>
      </div>
      <div class="settings login-settings">
        <Looks />
      </div>
    </main>
  );
}

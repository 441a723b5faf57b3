// Owns the question who is there: nobody yet, or one who has signed in.
import { useEffect, useState } from 'preact/hooks';
import type { Session } from './api.ts';
import { ApiError, Client } from './base/client.ts';
import { Gate } from './base/gate.ts';
import { SignedContext, useWords } from './base/hooks.ts';
import { LoginPage, type WhyLogin } from './pages/login.tsx';
import { Frame } from './parts/frame.tsx';
import { Announcer, Notices } from './parts/notices.tsx';

const RETRY_MS = 3_000;
const client = new Client();

type Who = { kind: 'asking' } | { kind: 'nobody'; why: WhyLogin } | { kind: 'signed'; session: Session; gate: Gate };

export function App() {
  const [who, setWho] = useState<Who>({ kind: 'asking' });
  const words = useWords().frame;

  useEffect(() => {
    client.onSignedOut = () => setWho((now) => (now.kind === 'signed' ? { kind: 'nobody', why: 'ended' } : now));
    client.session().then(
      (session) => setWho(signed(session)),
      (error: unknown) =>
        setWho({ kind: 'nobody', why: error instanceof ApiError && error.status === 401 ? 'first' : 'unreachable' }),
    );
  }, []);

  // The session may be as good as before, once the gate is back.
  const isAway = who.kind === 'nobody' && who.why === 'unreachable';
  useEffect(() => {
    if (!isAway) return;
    const retry = setInterval(() => {
      client.session().then(
        (session) => setWho(signed(session)),
        (error: unknown) =>
          error instanceof ApiError && error.status === 401 && setWho({ kind: 'nobody', why: 'first' }),
      );
    }, RETRY_MS);
    return () => clearInterval(retry);
  }, [isAway]);

  const gate = who.kind === 'signed' ? who.gate : null;
  useEffect(() => {
    gate?.start();
    return () => gate?.stop();
  }, [gate]);

  const signOut = (): void => {
    void client.post('logout').catch(() => {});
    setWho({ kind: 'nobody', why: 'first' });
  };

  return (
    <>
      {who.kind === 'asking' && <p class="waiting">{words.loading}</p>}
      {who.kind === 'nobody' && (
        <LoginPage client={client} why={who.why} onSigned={(session) => setWho(signed(session))} />
      )}
      {who.kind === 'signed' && (
        <SignedContext.Provider value={{ gate: who.gate, session: who.session, signOut }}>
          <Frame />
        </SignedContext.Provider>
      )}
      <Notices />
      <Announcer />
    </>
  );
}

function signed(session: Session): Who {
  return { kind: 'signed', session, gate: new Gate(client) };
}

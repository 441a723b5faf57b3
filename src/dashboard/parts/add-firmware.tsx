// Owns the ways in which an image comes into the store by hand: a file from here, or an address.
import { useId, useRef, useState } from 'preact/hooks';
import type { Image } from '../api.ts';
import { useGate, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Button } from './button.tsx';
import { Card } from './card.tsx';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';
import { useSteps } from './operations.tsx';
import { ByteProgress } from './progress.tsx';
import { attempt } from './words-of-error.ts';

export function AddFirmware() {
  const words = useWords().firmware;
  return (
    <Card title={words.add} icon="upload">
      <div class="halves plain-halves">
        <Upload />
        <FetchUrl />
      </div>
    </Card>
  );
}

type Sending = { name: string; sent: number; length: number; stop: AbortController };

function Upload() {
  const { firmware: words, frame } = useWords();
  const gate = useGate();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState<Sending | null>(null);
  const [over, setOver] = useState(false);

  const send = async (files: FileList | null | undefined): Promise<void> => {
    const file = files?.[0];
    if (file === undefined || sending !== null) return;
    const stop = new AbortController();
    const name = visible(file.name, 80);
    setSending({ name, sent: 0, length: file.size, stop });
    const onSent = (sent: number): void => setSending((now) => now && { ...now, sent: Math.min(sent, file.size) });
    const path = `firmware?fileName=${encodeURIComponent(file.name)}`;
    await attempt(frame, () => gate.client.upload<Image>(path, file, onSent, stop.signal), words.added(name));
    setSending(null);
    if (input.current !== null) input.current.value = '';
    await gate.refreshFirmware();
  };

  return (
    <fieldset
      class={`drop${over ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void send(event.dataTransfer?.files);
      }}
    >
      <legend class="unseen">{words.add}</legend>
      {sending === null ? (
        <>
          <Icon name="upload" size={24} />
          <label class="button plain" for={id}>
            {words.chooseFile}
          </label>
          <input
            ref={input}
            id={id}
            class="unseen file"
            type="file"
            accept=".bin,application/octet-stream"
            onChange={(event) => void send(event.currentTarget.files)}
          />
          <p class="mute small-text">{words.dropFile}</p>
        </>
      ) : (
        <>
          <p class="breakable">{sending.name}</p>
          <ByteProgress label={words.sending(sending.name)} have={sending.sent} length={sending.length} />
          <Button small icon="close" onPress={() => sending.stop.abort()}>
            {frame.cancel}
          </Button>
        </>
      )}
    </fieldset>
  );
}

function FetchUrl() {
  const words = useWords().firmware;
  const [url, setUrl] = useState('');
  const { run, steps } = useSteps();
  return (
    <form
      class="fetch"
      onSubmit={(event) => {
        event.preventDefault();
        if (url.trim() !== '') void run('firmware/fetch', { url: url.trim() });
      }}
    >
      <Field
        label={words.fetchUrl}
        type="url"
        help={words.fetchHelp}
        placeholder="https://files.example.com/board_2.0.0.bin"
        value={url}
        onValue={setUrl}
      />
      <Button type="submit" icon="link" disabled={url.trim() === ''}>
        {words.fetch}
      </Button>
      {steps}
    </form>
  );
}

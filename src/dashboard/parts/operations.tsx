// Owns long work on the store: it tells step by step how it goes.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Progress } from '../api.ts';
import { useGate, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { ByteProgress } from './progress.tsx';
import { attempt } from './words-of-error.ts';

// The last lines of what may be a thousand.
const MAX_SHOWN = 50;

type Told = { number: number; step: Exclude<Progress, { step: 'bytes' }> };
type Work = {
  running: boolean;
  bytes: { have: number; length: number | null } | null;
  told: Told[];
  well: number;
  failed: number;
};

/** Runs one long work at a time; `steps` shows how it goes, and what came of it until the next. */
export function useSteps(): { run: (path: string, body: unknown) => Promise<void>; steps: ComponentChildren } {
  const { frame } = useWords();
  const gate = useGate();
  const [work, setWork] = useState<Work | null>(null);
  const run = async (path: string, body: unknown): Promise<void> => {
    if (work?.running === true) return;
    setWork({ running: true, bytes: null, told: [], well: 0, failed: 0 });
    await attempt(frame, () => gate.client.steps(path, body, (step) => setWork((now) => now && after(now, step))));
    setWork((now) => now && { ...now, running: false, bytes: null });
    await gate.refreshFirmware();
  };
  return { run, steps: work === null ? null : <Steps work={work} onClose={() => setWork(null)} /> };
}

function after(work: Work, step: Progress): Work {
  if (step.step === 'bytes') return { ...work, bytes: { have: step.have, length: step.length } };
  const number = work.well + work.failed;
  const count = step.step === 'failed' ? { failed: work.failed + 1 } : { well: work.well + 1 };
  return { ...work, ...count, bytes: null, told: [...work.told, { number, step }].slice(-MAX_SHOWN) };
}

function Steps({ work, onClose }: { work: Work; onClose: () => void }) {
  const { firmware: words, frame } = useWords();
  return (
    <div class="steps">
      <div class="row between">
        <p role="status">{work.running ? words.working : words.done(work.well, work.failed)}</p>
        {!work.running && <Button icon="close" look="quiet" small label={frame.close} onPress={onClose} />}
      </div>
      {work.running && (
        <ByteProgress label={words.working} have={work.bytes?.have ?? 0} length={work.bytes?.length ?? null} />
      )}
      <ul>
        {work.told.map(({ number, step }) => (
          <li key={number} class={step.step === 'failed' ? 'fault' : 'good'}>
            <Icon name={step.step === 'failed' ? 'fault' : 'well'} size={15} />
            <span class="breakable">
              {step.step === 'image'
                ? words.isHere(visible(step.image.fileName, 100))
                : `${visible(step.what, 200)}: ${visible(step.detail, 400)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What can be done with all images. */
export function Operations() {
  const words = useWords().firmware;
  const { run, steps } = useSteps();
  return (
    <div class="operations">
      <div class="row gap-s">
        <Button small icon="rebooting" onPress={() => run('firmware/warm', {})}>
          {words.warm}
        </Button>
        <Button small icon="well" onPress={() => run('firmware/verify', {})}>
          {words.verifyAll}
        </Button>
      </div>
      {steps}
    </div>
  );
}

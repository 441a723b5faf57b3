// Owns the page of the log: what the gate says, as it says it.
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useCell, useFormat, useGate, useWords } from '../base/hooks.ts';
import { fieldsOf, fits, type KeptLine, LEVELS, type Level, MAX_LINES } from '../base/log-book.ts';
import { visible } from '../base/visible.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Empty, PageHead } from '../parts/card.tsx';
import { Field, Pick } from '../parts/field.tsx';
import type { IconName } from '../parts/icon.tsx';
import { attempt } from '../parts/words-of-error.ts';

const LOOKS: Readonly<Record<Level, { tone: Tone; icon: IconName }>> = {
  trace: { tone: 'mute', icon: 'note' },
  debug: { tone: 'mute', icon: 'note' },
  info: { tone: 'mute', icon: 'note' },
  warn: { tone: 'warning', icon: 'warning' },
  error: { tone: 'fault', icon: 'fault' },
  fatal: { tone: 'fault', icon: 'fault' },
};
// So near to the end, the reader follows it.
const NEAR_PX = 60;

export function LogPage() {
  const words = useWords();
  const format = useFormat();
  const gate = useGate();
  const changes = useCell(gate.logChanges);
  const [level, setLevel] = useState<Level>('info');
  const [text, setText] = useState('');
  const [paused, setPaused] = useState<readonly KeptLine[] | null>(null);
  const place = useRef<HTMLElement>(null);
  const following = useRef(true);

  // Anew with each connection: what was said while there was none is missing.
  const live = useCell(gate.connection) === 'live';
  useEffect(() => {
    if (live || gate.log.lines().length === 0) void attempt(words.frame, () => gate.loadLog());
  }, [gate, live]);

  const lines = (paused ?? gate.log.lines()).filter((line) => fits(line, { level, text }));
  useLayoutEffect(() => {
    const { current } = place;
    if (current !== null && following.current) current.scrollTop = current.scrollHeight;
  }, [changes, level, text, paused]);

  const onScroll = (): void => {
    const { current } = place;
    if (current === null) return;
    following.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_PX;
  };
  const toEnd = (): void => {
    following.current = true;
    place.current?.scrollTo({ top: place.current.scrollHeight });
  };

  return (
    <>
      <PageHead title={words.log.title} text={words.log.intro(format.number(MAX_LINES))} />
      <search class="filters log-filters">
        <Field
          label={words.log.search}
          type="search"
          placeholder={words.log.searchHint}
          value={text}
          onValue={setText}
        />
        <Pick
          label={words.log.level}
          value={level}
          options={LEVELS.map((one) => ({ value: one, text: words.log.levels[one] }))}
          onValue={(value) => setLevel(LEVELS.find((one) => one === value) ?? 'info')}
        />
        <div class="row gap-s">
          <Button
            icon={paused === null ? 'pause' : 'play'}
            pressed={paused !== null}
            onPress={() => setPaused(paused === null ? gate.log.lines() : null)}
          >
            {paused === null ? words.log.pause : words.log.resume}
          </Button>
          <Button icon="down" onPress={toEnd}>
            {words.log.toEnd}
          </Button>
        </div>
      </search>
      <section class="card flush log" ref={place} aria-label={words.log.title} onScroll={onScroll}>
        {lines.length === 0 ? <Empty icon="log" text={words.log.none} /> : <ol>{lines.map(drawn)}</ol>}
      </section>
      <p class="mute small-text numbers">
        {words.log.shown(format.number(lines.length))}
        {paused !== null && ` · ${words.log.isPaused}`}
      </p>
    </>
  );
}

// A line never changes: what was drawn of it once is taken again, or each new line would draw two thousand.
const DRAWN = new WeakMap<KeptLine, VNode>();

function drawn(kept: KeptLine): VNode {
  const known = DRAWN.get(kept) ?? <Line key={kept.number} kept={kept} />;
  DRAWN.set(kept, known);
  return known;
}

function Line({ kept: { line, level } }: { kept: KeptLine }) {
  const words = useWords().log;
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const atMs = Date.parse(line.time ?? '');
  return (
    <li class={`log-line ${level}`}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <time class="numbers">{Number.isNaN(atMs) ? '–' : format.time(atMs)}</time>
          <Badge {...LOOKS[level]} text={words.levels[level]} />
          <span class="log-from">{visible(String(line.process ?? ''), 30)}</span>
          <span class="log-text">{visible(String(line.msg ?? line.event ?? ''), 400)}</span>
        </summary>
        {open && (
          <dl class="log-fields">
            {fieldsOf(line).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
    </li>
  );
}

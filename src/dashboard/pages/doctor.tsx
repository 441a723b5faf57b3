// Owns the page of the doctor: its last run, and the reading of a serial log that is pasted here.
import { useEffect, useId, useState } from 'preact/hooks';
import type { DoctorReport, SerialReading } from '../api.ts';
import { useCell, useFormat, useGate, useWords } from '../base/hooks.ts';
import { language } from '../base/settings.ts';
import { visible } from '../base/visible.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Card, Empty, Facts, Loading, PageHead } from '../parts/card.tsx';
import { ToldFindings } from '../parts/told-findings.tsx';
import { attempt } from '../parts/words-of-error.ts';

// The gate's own bound, less a little.
const MAX_LOG = 500_000;
const COMMAND = 'otagate doctor';

export function DoctorPage() {
  const words = useWords().doctor;
  return (
    <>
      <PageHead title={words.title} text={words.intro} />
      <LastRun />
      <SerialLog />
    </>
  );
}

function LastRun() {
  const words = useWords();
  const { client } = useGate();
  const spoken = useCell(language);
  const [report, setReport] = useState<DoctorReport | null | undefined>(undefined);
  useEffect(() => {
    void attempt(words.frame, async () => {
      setReport((await client.get<{ report: DoctorReport | null }>(`doctor/report?language=${spoken}`)).report);
    });
  }, [client, spoken]);
  return (
    <Card title={words.doctor.lastRun} icon="doctor" class="stack" side={report && <State report={report} />}>
      <p class="mute">
        {words.doctor.runHint} <code>{COMMAND}</code>
      </p>
      {report === undefined && <Loading />}
      {report === null && <Empty icon="doctor" text={words.doctor.none} />}
      {report && <Report report={report} />}
    </Card>
  );
}

function State({ report: { well, findings } }: { report: DoctorReport }) {
  const words = useWords().doctor;
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  return well ? (
    <Badge tone="good" icon="well" text={words.well} />
  ) : (
    <Badge tone="fault" icon="fault" text={words.faults(faults)} />
  );
}

function Report({ report }: { report: DoctorReport }) {
  const words = useWords().doctor;
  const format = useFormat();
  const { atMs, findings, paste, serverVersion, targets } = report;
  return (
    <>
      <p>
        {words.ranAt(format.moment(atMs))} {serverVersion !== null && words.server(visible(serverVersion, 40))}
      </p>
      <ToldFindings findings={findings.map((finding, index) => ({ ...finding, key: `${index}`, where: finding.at }))} />
      {paste !== null && (
        <>
          <h3>{words.paste}</h3>
          <Facts
            facts={[
              ['server.ota', <code class="breakable">{visible(paste.serverOta, 400)}</code>],
              ['server.websocket', <code class="breakable">{visible(paste.serverWebsocket, 400)}</code>],
            ]}
          />
          <p class="mute small-text">{paste.proved ? words.pasteProved : words.pasteUnproved}</p>
        </>
      )}
      <h3>{words.targets}</h3>
      <Facts
        facts={targets.map(({ url, status, devices }) => [
          visible(url, 300),
          <span class="breakable">
            {devices.length === 0
              ? String(status ?? '–')
              : devices.map(({ generation, outcome }) => `${generation}: ${told(outcome, words)}`).join(' · ')}
          </span>,
        ])}
      />
    </>
  );
}

function told(outcome: string, words: ReturnType<typeof useWords>['doctor']): string {
  if (outcome === 'current') return words.fine;
  return outcome.startsWith('update ') ? words.offered(visible(outcome.slice(7), 40)) : visible(outcome, 60);
}

function SerialLog() {
  const words = useWords();
  const { client } = useGate();
  const format = useFormat();
  const spoken = useCell(language);
  const id = useId();
  const [text, setText] = useState('');
  const [reading, setReading] = useState<SerialReading | null>(null);
  const isTooLong = text.length > MAX_LOG;
  const read = (): Promise<boolean> =>
    attempt(words.frame, async () => {
      setReading(await client.post<SerialReading>('doctor/serial-log', { text, language: spoken }));
    });
  return (
    <Card title={words.doctor.serialLog} icon="log" class="stack">
      <p class="mute">{words.doctor.serialText}</p>
      <div class="field">
        <label class="field-name" for={id}>
          {words.doctor.logLabel}
        </label>
        <textarea
          id={id}
          class="serial-log"
          rows={8}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {isTooLong && (
        <p class="fault-text" role="alert">
          {words.doctor.tooLong}
        </p>
      )}
      <div class="row gap-s">
        <Button look="main" icon="search" disabled={text.trim() === '' || isTooLong} onPress={read}>
          {words.doctor.read}
        </Button>
        <Button
          icon="close"
          disabled={text === ''}
          onPress={() => {
            setText('');
            setReading(null);
          }}
        >
          {words.doctor.clear}
        </Button>
      </div>
      <div role="status" class="stack">
        {reading !== null && <p>{words.doctor.lines(format.number(reading.lines), reading.version)}</p>}
        {reading !== null && !reading.known && <p>{words.doctor.unknown}</p>}
        {reading?.known && (
          <ToldFindings
            findings={reading.findings.map((finding) => ({
              ...finding,
              key: `${finding.code} ${finding.line}`,
              where: words.doctor.where(
                format.number(finding.line),
                finding.times > 1 ? format.number(finding.times) : null,
              ),
              quote: finding.text,
            }))}
          />
        )}
      </div>
    </Card>
  );
}

// Owns the page of certificates: what is served, until when, what a device would say of it, and how it is renewed.
import { useState } from 'preact/hooks';
import type { Renewal, RenewalStep, RenewOutcome, Status } from '../api.ts';
import { useCell, useGate, useMayChange, useWords } from '../base/hooks.ts';
import { notify } from '../base/notices.ts';
import { visible } from '../base/visible.ts';
import { Button } from '../parts/button.tsx';
import { Card, Empty, Loading, PageHead } from '../parts/card.tsx';
import { CertificateCard, RenewalFacts } from '../parts/certificate-card.tsx';
import { Icon } from '../parts/icon.tsx';
import { attempt } from '../parts/words-of-error.ts';

export function CertificatesPage() {
  const words = useWords();
  const status = useCell(useGate().status);
  const renew = useRenew();
  const mayChange = useMayChange();
  return (
    <>
      <PageHead title={words.certificates.title} text={words.certificates.intro}>
        {mayChange && status !== null && status.acme.length > 1 && (
          <Button icon="rebooting" onPress={() => renew(null)}>
            {words.certificates.renewAll}
          </Button>
        )}
      </PageHead>
      {status === null ? <Loading /> : <Certificates status={status} onRenew={renew} />}
    </>
  );
}

type CertificatesProps = { status: Status; onRenew: (name: string) => Promise<void> };

function Certificates({ status, onRenew }: CertificatesProps) {
  const words = useWords().certificates;
  const waiting = status.acme.filter(({ notAfter }) => notAfter === null);
  return (
    <>
      {status.uncovered.length > 0 && (
        <p class="banner lost">
          <Icon name="fault" />
          <span class="breakable">{words.uncovered(status.uncovered.join(', '))}</span>
        </p>
      )}
      {waiting.map((renewal) => (
        <Waiting key={renewal.name + renewal.keyType} renewal={renewal} onRenew={onRenew} />
      ))}
      {status.certificates.length === 0 && <Empty icon="certificates" text={words.none} />}
      {status.certificates.map((certificate) => (
        <CertificateCard key={certificate.fingerprint} certificate={certificate} onRenew={onRenew} />
      ))}
      <Card title={words.localRoot} icon="certificates" class="stack">
        <p class="mute">{words.localRootText}</p>
        <div class="row gap-s">
          <RootDownload />
        </div>
      </Card>
    </>
  );
}

/** A name that is ordered and has no certificate yet. */
function Waiting({ renewal, onRenew }: { renewal: Renewal; onRenew: (name: string) => Promise<void> }) {
  const words = useWords().certificates;
  const mayChange = useMayChange();
  return (
    <Card title={visible(renewal.name, 120)} icon="clock" class="stack">
      <p>{words.waiting}</p>
      <RenewalFacts renewal={renewal} />
      {mayChange && (
        <div class="row gap-s acts">
          <Button
            small
            icon="rebooting"
            label={`${words.renew}: ${renewal.name}`}
            onPress={() => onRenew(renewal.name)}
          >
            {words.renew}
          </Button>
        </div>
      )}
    </Card>
  );
}

function RootDownload() {
  const words = useWords();
  const { client } = useGate();
  const [none, setNone] = useState(false);
  const save = (): Promise<boolean> =>
    attempt(words.frame, async () => {
      const { pem } = await client.get<{ pem: string | null }>('certificates/root');
      setNone(pem === null);
      if (pem === null) return;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([pem], { type: 'application/x-pem-file' }));
      link.download = 'otagate-root.pem';
      link.click();
      URL.revokeObjectURL(link.href);
    });
  return none ? (
    <p role="status">{words.certificates.noRoot}</p>
  ) : (
    <Button icon="download" onPress={save}>
      {words.certificates.downloadRoot}
    </Button>
  );
}

function useRenew(): (name: string | null) => Promise<void> {
  const words = useWords();
  const gate = useGate();
  return async (name) => {
    await attempt(words.frame, async () => {
      let last: RenewalStep = { step: 'ordering' };
      await gate.client.steps<RenewalStep>('certificates/renew', { name }, (step) => {
        last = step;
      });
      const { renewed, faults, kept } = outcomeOf(last, words.certificates.brokenOff);
      for (const fault of faults) notify('failed', visible(fault, 500));
      if (renewed.length > 0) notify('well', words.certificates.renewed(renewed.join(', ')));
      else if (faults.length === 0)
        notify('failed', kept.length === 0 ? words.certificates.noneKept : words.certificates.notKept);
    });
    await gate.refreshStatus();
  };
}

/** What breaks off before its last step may still come to something: the gate goes on with the order. */
function outcomeOf(last: RenewalStep, brokenOff: string): RenewOutcome {
  if (last.step === 'done') return last;
  return { kept: [], renewed: [], faults: [last.step === 'failed' ? last.detail : brokenOff] };
}

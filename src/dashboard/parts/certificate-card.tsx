// Owns one certificate: names, time left, chain, renewal, and what devices find in it.
import type { Certificate, CertificateFinding, Renewal } from '../api.ts';
import { useCell, useFormat, useMayChange, useWords } from '../base/hooks.ts';
import { language } from '../base/settings.ts';
import { visible } from '../base/visible.ts';
import { Badge, SeverityBadge, type Tone } from './badge.tsx';
import { Button } from './button.tsx';
import { Card, Facts } from './card.tsx';
import { Hash } from './copy.tsx';
import type { IconName } from './icon.tsx';

type CertificateProps = { certificate: Certificate; onRenew: (name: string) => Promise<void> };

const SOON_DAYS = 14;
const MAX_NAMES = 4;

export function CertificateCard({ certificate, onRenew }: CertificateProps) {
  const words = useWords().certificates;
  const format = useFormat();
  const mayChange = useMayChange();
  const { names, renewal, devices } = certificate;
  const title = names.slice(0, MAX_NAMES).join(', ');
  const more = names.length - MAX_NAMES;
  return (
    <Card
      title={visible(more > 0 ? words.andMore(title, more) : title, 300)}
      icon="certificates"
      class="certificate stack"
      side={<TimeBadge certificate={certificate} />}
    >
      {more > 0 && (
        <details>
          <summary>{words.allNames(names.length)}</summary>
          <p class="breakable">{names.map((name) => visible(name)).join(', ')}</p>
        </details>
      )}
      <Facts
        facts={[
          [words.issuer, <span class="breakable">{visible(certificate.issuer, 300)}</span>],
          [words.key, certificate.key],
          [words.ends, format.moment(Date.parse(certificate.notAfter))],
          [words.chain, words.chainOf(certificate.chainLength, format.number(certificate.chainBytes))],
          [words.fingerprint, <Hash value={certificate.fingerprint} label={words.fingerprint} />],
        ]}
      />
      <h3>{words.devicesSay}</h3>
      {devices.length === 0 ? (
        <p>
          <Badge tone="good" icon="well" text={words.devicesFine} />
        </p>
      ) : (
        <ul class="findings">
          {devices.map((finding) => (
            <FindingItem key={finding.code + finding.what} finding={finding} />
          ))}
        </ul>
      )}
      <h3>{words.renewal}</h3>
      {renewal === null ? <p class="mute">{words.notRenewed}</p> : <RenewalFacts renewal={renewal} />}
      {renewal !== null && mayChange && (
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

function TimeBadge({ certificate: { daysLeft, renewal } }: { certificate: Certificate }) {
  const words = useWords().certificates;
  const failing = (renewal?.failures ?? 0) > 0;
  const soon = renewal === null ? SOON_DAYS : 1;
  const [tone, icon]: [Tone, IconName] =
    daysLeft < 0 ? ['fault', 'fault'] : daysLeft < soon || failing ? ['warning', 'warning'] : ['good', 'well'];
  return <Badge tone={tone} icon={icon} text={daysLeft < 0 ? words.ended : words.daysLeft(daysLeft)} />;
}

function FindingItem({ finding }: { finding: CertificateFinding }) {
  const { code, severity, what } = finding;
  // The heading says it in the reader's language; what was found, with its names, stays as it was found.
  const { why, remedy } = useCell(language) === 'zh' ? finding.zh : finding;
  const words = useWords().certificates;
  const known = (words.findings as Record<string, string>)[code];
  return (
    <li>
      <SeverityBadge severity={severity} />
      <div>
        <p>
          <strong>{known ?? visible(code, 60)}</strong>
        </p>
        <p class="breakable">{visible(what, 600)}</p>
        <p class="mute small-text breakable">{words.why(visible(why, 600))}</p>
        <p class="mute small-text breakable">{words.remedy(visible(remedy, 600))}</p>
      </div>
    </li>
  );
}

export function RenewalFacts({ renewal }: { renewal: Renewal }) {
  const words = useWords().certificates;
  const format = useFormat();
  const { renewalDue, failures, lastError, nextTryInSeconds } = renewal;
  return (
    <>
      <Facts
        facts={[
          [words.due, renewalDue === null ? '–' : format.moment(Date.parse(renewalDue))],
          [words.failures, format.number(failures)],
          ...(nextTryInSeconds === null ? [] : [[words.nextTry, format.duration(nextTryInSeconds * 1000)] as const]),
        ]}
      />
      {lastError !== null && (
        <p class="fault-text breakable">
          <Badge tone="fault" icon="fault" text={words.failing} /> {visible(lastError, 600)}
        </p>
      )}
    </>
  );
}

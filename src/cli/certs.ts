// Carries out `otagate certs`: lists what is served, renews now, prints the local CA's root.
import type { RenewalStep } from '../control/admin/renewal-steps.ts';
import type { RenewOutcome } from '../control/certificate-keeper.ts';
import type { CertificateStatus } from '../control/certificate-status.ts';
import type { Status } from '../control/status.ts';
import { askGate, followGate } from './admin-client.ts';
import { bodyOf, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { labelled } from './table.ts';
import { worded } from './worded.ts';

const SOON_DAYS = 10;

export async function listCertificates(context: Context): Promise<number> {
  const reply = await askGate(context, 'GET', '/api/v1/status');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const { certificates, acme, uncovered } = bodyOf<Status>(reply);
  if (context.json) context.terminal.printJson({ certificates, acme, uncovered });
  else {
    const lines = certificates.flatMap((certificate) => describeCertificate(certificate, context));
    const all = [...lines, ...describeAcme({ acme, uncovered }, context)];
    context.terminal.print(...(all.length === 0 ? [context.words.certs.none] : all));
  }
  return EXIT.well;
}

/** A certificate for people: what it is, what devices would say, how its renewal goes. */
export function describeCertificate(status: CertificateStatus, { words, terminal: { paint } }: Context): string[] {
  const { names, issuer, key, daysLeft, chainLength, chainBytes, devices, renewal } = status;
  const { certs } = words;
  const facts = certs.facts(key, issuer, daysLeft, renewal?.renewalDue ?? null, chainLength, chainBytes);
  return [
    labelled(words.status.labels.certificate, words.list(names), paint),
    labelled('', daysLeft < SOON_DAYS ? paint.bad(facts) : facts, paint),
    ...devices.map((found) => {
      const { severity } = found;
      const { what, why, remedy } = words.language === 'zh' ? found.zh : found;
      const text = certs.finding(worded(certs.severity, severity), what, why, remedy);
      return labelled('', severity === 'fault' ? paint.bad(text) : paint.warning(text), paint);
    }),
  ];
}

/** Names whose orders fail, and names without any certificate. */
export function describeAcme(
  { acme, uncovered }: Pick<Status, 'acme' | 'uncovered'>,
  { words: { certs, status }, terminal: { paint } }: Context,
): string[] {
  return [
    ...acme
      .filter(({ failures }) => failures > 0)
      .map(({ name, keyType, failures, lastError, nextTryInSeconds }) => {
        const text = certs.failing(name, keyType, failures, nextTryInSeconds, lastError ?? '');
        return labelled(status.labels.acme, paint.bad(text), paint);
      }),
    ...uncovered.map((domain) => labelled(status.labels.fault, paint.bad(certs.uncovered(domain)), paint)),
  ];
}

export async function renewCertificates(context: Context, name: string | null): Promise<number> {
  const { terminal, words, json } = context;
  // Where the gate breaks off, the last word is that nothing is known of the order.
  let outcome: RenewOutcome = { kept: [], renewed: [], faults: [words.certs.brokenOff] };
  const reply = await followGate(context, '/api/v1/certificates/renew', { name }, (line) => {
    const step = line as RenewalStep;
    if (step.step === 'done') outcome = { kept: step.kept, renewed: step.renewed, faults: step.faults };
    if (step.step === 'failed') outcome = { ...outcome, faults: [step.detail] };
  });
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const { kept, renewed, faults } = outcome;
  if (json) terminal.printJson({ kept, renewed, faults });
  else {
    terminal.print(...renewed.map(words.certs.renewed));
    terminal.tell(...faults.map(words.certs.failed));
  }
  if (renewed.length === 0 && faults.length === 0) {
    terminal.tell(kept.length === 0 ? words.certs.nothingKept : words.certs.otherKept(words.list(kept)));
    return EXIT.no;
  }
  return faults.length === 0 ? EXIT.well : EXIT.no;
}

export async function printRoot(context: Context): Promise<number> {
  const { terminal, words, json } = context;
  const reply = await askGate(context, 'GET', '/api/v1/certificates/root');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const { pem } = bodyOf<{ pem: string | null }>(reply);
  if (pem === null) {
    terminal.tell(words.certs.noRoot);
    return EXIT.no;
  }
  if (json) terminal.printJson({ pem });
  else terminal.print(pem.trim());
  return EXIT.well;
}

// Carries out `otagate certs`: lists what is served, renews now, prints the local CA's root.
import type { RenewOutcome } from '../control/certificate-keeper.ts';
import type { CertificateStatus } from '../control/certificate-status.ts';
import type { Status } from '../control/status.ts';
import { askGate } from './admin-client.ts';
import { EXIT } from './exit-codes.ts';

export async function listCertificates(configFile: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'GET', '/api/v1/status');
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const { certificates, acme, uncovered } = reply.body as Status;
  if (json) console.log(JSON.stringify({ certificates, acme, uncovered }));
  else console.log([...certificates.flatMap(describeCertificate), ...describeAcme({ acme, uncovered })].join('\n'));
  return EXIT.well;
}

/** A certificate for people: what it is, what devices would say, how its renewal goes. */
export function describeCertificate(status: CertificateStatus): string[] {
  const { names, issuer, key, daysLeft, chainLength, chainBytes, devices, renewal } = status;
  const due = renewal?.renewalDue == null ? '' : `; renewed from ${renewal.renewalDue} on`;
  return [
    `cert      ${names.join(', ')}`,
    `          ${key}, by ${issuer}; ${daysLeft} days left${due}; chain of ${chainLength}, ${chainBytes} bytes`,
    ...devices.map(
      ({ severity, what, why, remedy }) => `          ${severity}: ${what}. Why: ${why}. Remedy: ${remedy}.`,
    ),
  ];
}

/** Names whose orders fail, and names without any certificate. */
export function describeAcme({ acme, uncovered }: Pick<Status, 'acme' | 'uncovered'>): string[] {
  return [
    ...acme.flatMap(({ name, keyType, failures, lastError, nextTryInSeconds }) =>
      failures === 0
        ? []
        : [
            `acme      ${name} (${keyType}): ${failures} failure${failures === 1 ? '' : 's'}, next try in ${nextTryInSeconds} s: ${lastError}`,
          ],
    ),
    ...uncovered.map(
      (domain) =>
        `fault     no certificate is for ${domain}: a device that asks by this name ends the handshake (-0x2700)`,
    ),
  ];
}

export async function renewCertificates(configFile: string, name: string | undefined, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'POST', '/api/v1/certificates/renew', { name: name ?? null });
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const outcome = reply.body as RenewOutcome;
  if (json) console.log(JSON.stringify(outcome));
  else for (const renewed of outcome.renewed) console.log(`renewed: ${renewed}`);
  for (const fault of json ? [] : outcome.faults) console.error(`failed: ${fault}`);
  if (outcome.renewed.length === 0 && outcome.faults.length === 0) {
    console.error(
      outcome.kept.length === 0
        ? 'nothing to renew: this gate gets no certificate by itself (set email, or tls.acme)'
        : `nothing to renew: the certificates that this gate gets by itself are for ${outcome.kept.join(', ')}`,
    );
    return EXIT.no;
  }
  return outcome.faults.length === 0 ? EXIT.well : EXIT.no;
}

export async function printRoot(configFile: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'GET', '/api/v1/certificates/root');
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const { pem } = reply.body as { pem: string | null };
  if (pem === null) {
    console.error('the local CA signs nothing here: tls.localCa is off, or nothing listens for https');
    return EXIT.no;
  }
  console.log(json ? JSON.stringify({ pem }) : pem.trim());
  return EXIT.well;
}

// Owns the errors of DNS-01: which record, which zone, by which provider, what went wrong, what to do next.
import { GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';

/** DNS_REFUSED: credentials or permissions; DNS_TIMEOUT: no answer in time; DNS_FAILED: everything else. */
export type DnsErrorCode = 'DNS_REFUSED' | 'DNS_FAILED' | 'DNS_TIMEOUT';

/** What was being done, for the message. */
export type DnsTask = {
  /** As the operator knows it: `cloudflare`, `rfc2136 (192.0.2.1:53)`. */
  provider: string;
  /** Name of the record. */
  name: string;
  /** Where it is known yet. */
  zone?: string;
};

const MAX_QUOTED = 160;

/** An error about one record. `text` says what went wrong and the next step; it must hold no secret. */
export function dnsError(
  code: DnsErrorCode,
  task: DnsTask,
  text: string,
  options: { retry?: boolean; cause?: unknown } = {},
): GateError {
  const where = task.zone === undefined ? '' : ` in zone ${printable(task.zone)}`;
  return new GateError(code, `${task.provider}: TXT ${printable(task.name)}${where}: ${text}`, {
    fault: code === 'DNS_REFUSED' ? 'gate' : 'upstream',
    retry: options.retry ?? code === 'DNS_TIMEOUT',
    facts: { provider: task.provider, record: task.name, ...(task.zone === undefined ? {} : { zone: task.zone }) },
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/** Text from a provider, fit for a message: one line, bounded, and without these secrets should it echo them. */
export function quoted(text: string, secrets: readonly string[]): string {
  const clean = secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '…')), text);
  return `"${printable(clean.trim(), MAX_QUOTED)}"`;
}

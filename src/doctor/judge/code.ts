// Owns the codes of the doctor's findings, and the shape of one. They are stable: scripts may rely on them.
import type { FindingCode } from '../../tls/device-finding.ts';
import type { Severity } from '../finding.ts';

export type DoctorCode =
  | FindingCode
  | 'address-bad'
  | 'address-closed'
  | 'address-inner'
  | 'address-not-named'
  | 'address-unknown'
  | 'console-ota'
  | 'console-websocket'
  | 'device-failed'
  | 'dns-ipv6-only'
  | 'dns-unknown'
  | 'firmware-broken'
  | 'firmware-chunked'
  | 'firmware-header-case'
  | 'firmware-left-alone'
  | 'firmware-merged'
  | 'firmware-no-image'
  | 'firmware-no-length'
  | 'firmware-no-reply'
  | 'firmware-none'
  | 'firmware-redirect'
  | 'firmware-status'
  | 'firmware-version'
  | 'firmware-whole'
  | 'hairpin'
  | 'link-scheme'
  | 'local-ca'
  | 'modem-port'
  | 'mqtt-no-tls'
  | 'mqtt-plain'
  | 'no-target'
  | 'outside-unseen'
  | 'path-wrong'
  | 'plain-closed'
  | 'port-closed'
  | 'port-silent'
  | 'reply-chunked'
  | 'reply-crash'
  | 'reply-header-case'
  | 'reply-no-length'
  | 'reply-none'
  | 'reply-not-json'
  | 'reply-redirect'
  | 'reply-refused'
  | 'reply-status'
  | 'server-old'
  | 'tls-failed'
  | 'voice-no-hello'
  | 'voice-no-upgrade'
  | 'voice-none'
  | 'voice-plain';

export type Finding = {
  code: DoctorCode;
  severity: Severity;
  /** The address that it is about. */
  at: string;
  /** What stands in its sentences; text from outside, not yet made printable. */
  values: Readonly<Record<string, string>>;
};

export function fault(code: DoctorCode, at: string, values: Finding['values'] = {}): Finding {
  return { code, severity: 'fault', at, values };
}

export function warning(code: DoctorCode, at: string, values: Finding['values'] = {}): Finding {
  return { code, severity: 'warning', at, values };
}

export function note(code: DoctorCode, at: string, values: Finding['values'] = {}): Finding {
  return { code, severity: 'note', at, values };
}

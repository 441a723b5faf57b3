// Owns the English words of `otagate doctor` beside those of its findings.
import type { Severity } from '../doctor/finding.ts';

export const doctorWords = {
  severities: { fault: 'fault', warning: 'warning', note: 'note' } satisfies Record<Severity, string>,
  why: 'why',
  remedy: 'remedy',
  log: {
    unreadable: (file: string, reason: string) => `${file} cannot be read: ${reason}`,
    cut: (file: string, megabytes: number) => `${file} is larger than ${megabytes} MB: only its beginning was read`,
    read: (lines: number, version: string | null) =>
      `${lines === 1 ? '1 line' : `${lines} lines`} read${version === null ? '' : `; the device runs ${version}`}`,
    where: (line: number, times: number) => `line ${line}${times > 1 ? `, ${times} times in all` : ''}`,
    unknown:
      'nothing in this log is known here: it may have begun too late. Take it from the start of the device on, with the lines of Ota, HttpClient, esp-tls and esp_image',
  },
};

export type DoctorWords = typeof doctorWords;

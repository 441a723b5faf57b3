// Owns the English words of `otagate doctor` beside those of its findings.
import type { Severity } from '../doctor/finding.ts';

export const doctorWords = {
  severities: { fault: 'fault', warning: 'warning', note: 'note' } satisfies Record<Severity, string>,
  why: 'why',
  remedy: 'remedy',
  notUrl: (found: string) =>
    `--url ${found} is no address that a device can be given: write one such as https://ota.example.com/xiaozhi/ota/`,
  notResolve: (found: string) => `--resolve ${found}: write NAME=ADDRESS, such as ota.example.com=192.168.1.10`,
  badRoots: (file: string, reason: string) => `--ca ${file}: ${reason}`,
  noPem: 'there is no certificate in PEM in it',
  notHost: (found: string) => `${found} is neither a name nor an IPv4 address: write ota.example.com or 192.168.1.10`,
  nameOrUrl: 'write names or --url, not both: a name is one of the gate’s, and a URL is of any front',
  target: (address: string, status: number | null, bytes: number | null) =>
    [
      address === '' ? 'no address' : address,
      status === null ? 'no reply' : `status ${status}`,
      ...(bytes === null ? [] : [`${bytes} bytes of handshake`]),
    ].join(', '),
  outcome: (outcome: string) => {
    const offered = /^update (.+)$/.exec(outcome)?.[1];
    if (offered !== undefined) return `well, offered ${offered}`;
    return outcome === 'current' ? 'well' : outcome;
  },
  generation: (generation: string, version: string, outcome: string) => `${generation} ${version}: ${outcome}`,
  well: 'nothing is wrong here',
  found: (faults: number, warnings: number) =>
    `${faults === 1 ? '1 fault' : `${faults} faults`}, ${warnings === 1 ? '1 warning' : `${warnings} warnings`}`,
  paste: (proved: boolean): string =>
    proved ? 'For the console (参数管理), tried from here:' : 'For the console (参数管理), once the faults are mended:',
  server: (version: string) => `The server is ${version}.`,
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

// Owns what the doctor says: how grave a finding is, and the three sentences that each of them comes with.

/** A fault keeps devices from upgrading or talking. A warning keeps some out, or costs them. A note is for others to heed. */
export type Severity = 'fault' | 'warning' | 'note';

export const SEVERITIES: readonly Severity[] = ['fault', 'warning', 'note'];

/** What it is, why it matters to a device, and what to do about it. */
export type Sentences = { what: string; why: string; remedy: string };

export const DOCTOR_LANGUAGES = ['en', 'zh'] as const;
export type DoctorLanguage = (typeof DOCTOR_LANGUAGES)[number];

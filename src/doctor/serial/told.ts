// Owns a serial log's reading as it is told: each finding with its sentences, in the language of whoever asks.
import type { DoctorLanguage, Sentences, Severity } from '../finding.ts';
import type { SerialReading } from './serial-log.ts';
import { serialWords } from './words.ts';
import { serialWordsZh } from './words-zh.ts';

export type ToldSerialFinding = {
  code: string;
  severity: Severity;
  times: number;
  line: number;
  text: string;
} & Sentences;

export type ToldSerialLog = {
  lines: number;
  version: string | null;
  /** Whether anything in the log is known. */
  known: boolean;
  findings: ToldSerialFinding[];
};

export function tellSerialLog({ lines, version, findings }: SerialReading, language: DoctorLanguage): ToldSerialLog {
  const words = language === 'zh' ? serialWordsZh : serialWords;
  return {
    lines,
    version,
    known: findings.length > 0,
    findings: findings.map(({ code, severity, status, times, line, text }) => ({
      code,
      severity,
      times,
      line,
      text,
      ...words[code](status ?? 0),
    })),
  };
}

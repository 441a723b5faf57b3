// Owns the backup keys of the file: where the gate backs itself up to, how often, and how many are kept.
import { z } from 'zod';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { type NamedPaths, readFilePath } from './paths.ts';
import { good, type Reading, readInteger, readSwitch, readText, wrong } from './reading.ts';
import { between, readDuration, writeDuration } from './units.ts';

export type BackupConfig = {
  /** Absolute. */
  folder: string;
  everyMs: number;
  /** Older ones go. */
  keep: number;
  /** `age1…`: who alone can read it. Null: whoever can read the file. */
  recipient: string | null;
  /** Whether images are in it; they can be fetched again. */
  firmware: boolean;
};

const HOUR = 3_600_000;

function readRecipient(value: unknown): Reading<string> {
  const expected = 'the public key that age-keygen prints, age1…';
  const text = readText(expected, 2_500)(value);
  if (!text.ok) return text;
  if (/^AGE-SECRET-KEY-/i.test(text.value)) {
    const problem = 'is a secret key, which belongs on another machine';
    return { ok: false, wrongs: [{ problem, expected, hidden: true }] };
  }
  return /^age1[a-z0-9]{20,}$/.test(text.value) ? good(text.value) : wrong('is not the public key of age', expected);
}

export const backupSchema = z
  .strictObject({
    folder: leaf(readFilePath, {
      description: 'Where backups are put: best on another disk. Relative to the folder of this file.',
      type: 'string',
      examples: ['../backups'],
    }),
    every: leaf(between(readDuration, HOUR, 30 * 24 * HOUR, writeDuration), {
      description: 'How often. From 1h to 30d.',
      type: 'string',
    }).prefault('24h'),
    keep: leaf(readInteger('a number', 1, 1_000), {
      description: 'How many are kept; older ones go. From 1 to 1000.',
      ...NUMBER_OR_TEXT,
    }).prefault(7),
    recipient: leaf(readRecipient, {
      description: 'Encrypts them for the holder of this key: the public one that age-keygen prints.',
      type: 'string',
    }).optional(),
    firmware: leaf(readSwitch, {
      description: 'Whether images are in it. Without them it is small, and they are fetched again.',
      type: ['boolean', 'string'],
    }).prefault(false),
  })
  .meta({ description: 'Backs the gate up by itself. Left out: only by otagate backup.' });

export function backupFrom(input: z.output<typeof backupSchema> | undefined, paths: NamedPaths): BackupConfig | null {
  if (input === undefined) return null;
  const { keep, recipient, firmware } = input;
  return {
    folder: paths.makes(input.folder),
    everyMs: input.every,
    keep,
    recipient: recipient ?? null,
    firmware,
  };
}

/** The backup keys as the file writes them. */
export function writeBackupKeys({ everyMs, recipient, ...plain }: BackupConfig): Record<string, unknown> {
  return { ...plain, every: writeDuration(everyMs), ...(recipient === null ? {} : { recipient }) };
}

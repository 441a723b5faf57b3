// Owns the bridge between readers and zod: one value of the file as a schema that an editor can show.
import { z } from 'zod';
import type { Reader, Wrong } from './reading.ts';

/** What JSON Schema says of a value: for editors, and looser than the reader, which has the last word. */
export type Hint = { description: string } & Record<string, unknown>;

/** A number in JSON Schema, with room for units and for `${NAME}`. */
export const NUMBER_OR_TEXT = { type: ['integer', 'string'] } as const;

/** A required value read by `reader`; its wrongs become issues of the schema. */
export function leaf<T>(reader: Reader<T>, hint: Hint) {
  return z
    .unknown()
    .transform((value, context): T => {
      const reading = reader(value);
      if (reading.ok) return reading.value;
      for (const { at, ...wrong } of reading.wrongs) {
        context.addIssue({ code: 'custom', params: { wrong }, ...(at === undefined ? {} : { path: [at] }) });
      }
      return z.NEVER;
    })
    .meta(hint);
}

/** The wrong that a `leaf` put into an issue. */
export function wrongOf(params: Record<string, unknown> | undefined): Wrong | undefined {
  const found = params?.wrong;
  return typeof found === 'object' && found !== null && 'problem' in found ? (found as Wrong) : undefined;
}

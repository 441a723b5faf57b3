// Owns the schemas of openings: how one is asked for, and how one stands.
import { z } from 'zod';
import { whoSchema } from './audit.ts';

const untilUsed = {
  devices: z.int().min(1).max(1_000_000).nullable().default(null).describe('so many devices have upgraded'),
  idleMs: z.int().min(1_000).nullable().default(null).describe('so long nobody has used it'),
};

export const openingAskSchema = z.strictObject({
  route: z.string().min(1).max(100),
  durationMs: z.int().min(1_000),
  from: z.array(z.string().max(50)).max(100).default([]).describe('networks in CIDR notation; empty: from anywhere'),
  reason: z.string().max(200).default(''),
  startMs: z.int().nullable().default(null).describe('when it begins; null: at once'),
  closeAfter: z
    .strictObject(untilUsed)
    .default({ devices: null, idleMs: null })
    .describe('what ends it before its time'),
});
export type OpeningAsk = z.output<typeof openingAskSchema>;

export const openingSchema = z.object({
  id: z.string(),
  route: z.string(),
  from: z.array(z.string()),
  openedMs: z.int().nullable().describe('null for one of the configuration'),
  startMs: z.int().nullable().describe('null where it began at once'),
  untilMs: z.int(),
  reason: z.string(),
  declared: z.boolean().describe('whether it stands in the configuration'),
  openedBy: whoSchema,
  closeAfter: z.object({ devices: z.int().nullable(), idleMs: z.int().nullable() }),
  uses: z.int().describe('OTA checks that it let in'),
  devices: z.int().describe('different devices among them'),
  upgraded: z.int().describe('devices that upgraded by its links'),
});
export type OpeningStatus = z.infer<typeof openingSchema>;

export const closedOpeningSchema = openingSchema.extend({
  notWritten: z
    .literal(true)
    .optional()
    .describe('only where the disk of stateDir took nothing: it is closed now, and a restart may open it again'),
});
export type ClosedOpening = z.infer<typeof closedOpeningSchema>;

// Owns the schemas of the firmware store: images, fills, and how a long operation goes.
import { z } from 'zod';
import type { FirmwareList, ListedFill, ListedImage, Progress } from '../../firmware/operations.ts';
import { IMAGE_KINDS } from '../../store/catalogue.ts';

type Described<T> = { [Key in keyof T]: z.ZodType<T[Key]> };

export const imageSchema = z.object({
  sha256: z.string().describe('of the whole file; its first digits are enough in a path'),
  kind: z.enum(IMAGE_KINDS),
  length: z.int().describe('bytes'),
  fileName: z.string(),
  contentType: z.string(),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('what it says of itself'),
  pinned: z.boolean().describe('stays when room is needed'),
  addedMs: z.int(),
  offeredMs: z.int().describe('when it was last offered or asked for'),
  checked: z.boolean().describe('whether its bytes were looked at since the gate began'),
  current: z.boolean().describe('offered last for its board'),
} satisfies Described<ListedImage>);

export const fillSchema = z.object({
  id: z.string(),
  fileName: z.string(),
  have: z.int().describe('bytes that are there'),
  length: z.int().nullable().describe('bytes that are to come in all'),
} satisfies Described<ListedFill>);

export const cacheTotalsSchema = z
  .object({
    hits: z.int(),
    joined: z.int(),
    revalidations: z.int(),
    stale: z.int(),
    fills: z.int(),
    failedFills: z.int(),
    upstreamBytes: z.int(),
  } satisfies Described<FirmwareList['totals']>)
  .describe('since the start');

export const firmwareListSchema = z.object({
  images: z.array(imageSchema),
  fills: z.array(fillSchema),
  bytes: z.int(),
  maxBytes: z.int(),
  totals: cacheTotalsSchema,
} satisfies Described<FirmwareList>);

const ended = { what: z.string(), detail: z.string() };

export const progressSchema: z.ZodType<Progress> = z.discriminatedUnion('step', [
  z.object({ step: z.literal('bytes'), have: z.int(), length: z.int().nullable() }),
  z.object({ step: z.literal('image'), image: imageSchema }),
  z.object({ step: z.literal('well'), ...ended }),
  z.object({ step: z.literal('failed'), ...ended }),
]);

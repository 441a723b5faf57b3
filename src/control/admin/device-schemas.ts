// Owns the schemas of devices: a row of the list, what can be asked for, and the events of one.
import { z } from 'zod';

export const deviceStateSchema = z.enum([
  'up-to-date',
  'offered',
  'downloading',
  'rebooting',
  'upgraded',
  'failed',
  'withheld',
  'seen',
]);
export type DeviceState = z.infer<typeof deviceStateSchema>;

const row = {
  device: z.string().describe('what it calls itself: its MAC address'),
  board: z.string(),
  version: z.string(),
  client: z.string().describe('the address by which it came last'),
  scheme: z.string(),
  firstSeenMs: z.int(),
  lastSeenMs: z.int(),
  state: deviceStateSchema,
  offered: z.string().nullable().describe('the version that it was offered last'),
  why: z.string().nullable().describe('why it stands so, in plain words'),
  failures: z.int().describe('upgrades that failed in a row'),
  proven: z.boolean().describe('whether a link of ours has shown that it is this device'),
};

export const deviceRowSchema = z.object(row);
export type DeviceRow = z.infer<typeof deviceRowSchema>;

export const deviceQuerySchema = z.strictObject({
  search: z.string().max(100).default(''),
  board: z.string().max(100).default('').describe('empty: every one'),
  version: z.string().max(100).default('').describe('empty: every one'),
  state: z
    .union([deviceStateSchema, z.literal('')])
    .default('')
    .describe('empty: every one'),
  sort: z.enum(['lastSeen', 'device', 'board', 'version']).default('lastSeen'),
  order: z.enum(['asc', 'desc']).default('desc'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export type DeviceQuery = z.output<typeof deviceQuerySchema>;

const countSchema = z.object({ name: z.string(), count: z.int() });

export const deviceListSchema = z.object({
  total: z.int().describe('of those that fit, on all pages'),
  devices: z.array(deviceRowSchema),
  boards: z.array(countSchema),
  versions: z.array(countSchema),
});
export type DeviceList = z.infer<typeof deviceListSchema>;

export const deviceEventSchema = z.object({
  id: z.int(),
  atMs: z.int(),
  event: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type DeviceEvent = z.infer<typeof deviceEventSchema>;

export const deviceSchema = z.object({ ...row, events: z.array(deviceEventSchema).describe('newest first') });
export type Device = z.infer<typeof deviceSchema>;

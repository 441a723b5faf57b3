// Owns the schemas of rollouts: for whom one is made, how one stands, and what a dry run says.
import { z } from 'zod';
import { ROLLOUT_ACTIONS, ROLLOUT_NAME } from '../../config/rollouts.ts';

export const rolloutNameSchema = z.string().regex(ROLLOUT_NAME);

const list = (about: string) => z.array(z.string().min(1).max(64)).max(1_000).default([]).describe(about);

export const rolloutMatchSchema = z.strictObject({
  as: z
    .union([rolloutNameSchema, z.literal('')])
    .default('')
    .describe('its name; empty: one is made up'),
  boards: list('empty: all'),
  devices: list('empty: all'),
  networks: list('in CIDR notation; empty: anywhere'),
  versions: list('what they run; empty: anything'),
  percent: z.number().min(0).max(100).default(100).describe('of the devices that fit'),
});
export type RolloutMatch = z.output<typeof rolloutMatchSchema>;

export const rolloutSchema = z.object({
  name: z.string(),
  action: z.enum(ROLLOUT_ACTIONS),
  version: z.string().nullable(),
  below: z.string().nullable(),
  boards: z.array(z.string()),
  devices: z.int().describe('in its list; 0: for all'),
  networks: z.array(z.string()),
  versions: z.array(z.string()),
  percent: z.number(),
  declared: z.boolean().describe('whether it stands in the configuration'),
  startedMs: z.int(),
  held: z.boolean(),
  targets: z.record(z.string(), z.string()).nullable().describe('rolled back: the version for each board'),
  stops: z
    .array(z.object({ board: z.string(), version: z.string(), why: z.string() }))
    .describe('where it has stopped by itself'),
  wave: z.int().nullable().describe('from 1; null: all at once'),
  waveSize: z.string().nullable(),
  nextWaveMs: z.int().nullable(),
  members: z.int().nullable().describe('devices in it, where its waves are counted'),
});
export type RolloutStatus = z.infer<typeof rolloutSchema>;

export const rolloutQuerySchema = z.strictObject({
  board: z.string().max(64).optional(),
  version: z.string().max(64).optional().describe('what it runs'),
  client: z.string().max(64).optional().describe('where it comes from'),
  offered: z.string().max(64).optional().describe('what the upstream offers'),
});

export type RolloutGiven = z.infer<typeof rolloutQuerySchema>;

export const rolloutExplainedSchema = z.object({
  device: z.string(),
  known: z.boolean().describe('whether it was ever seen here'),
  board: z.string().nullable(),
  version: z.string().nullable(),
  offered: z.string().nullable().describe('by the upstream; null: nothing'),
  action: z.enum(['pass', 'hold', 'send', 'admit']).describe('admit: where the rollout has room for it'),
  why: z.string(),
  admitted: z.string().nullable().describe('with admit: what follows'),
  trail: z.array(z.object({ rollout: z.string(), says: z.string() })).describe('each rollout, until one decides'),
});
export type RolloutExplained = z.infer<typeof rolloutExplainedSchema>;

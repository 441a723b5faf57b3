// Owns the audit: what was done to the gate, when, and by whom.
import { z } from 'zod';

export const whoSchema = z.enum(['command line', 'page', 'configuration', 'gate']);
export type Who = z.infer<typeof whoSchema>;

export const auditWhatSchema = z.enum([
  'opened',
  'closed',
  'ended',
  'used',
  'reload',
  'reload-refused',
  'certificates-renewed',
  'token-rotated',
  'logged-in',
  'firmware-added',
  'firmware-purged',
  'firmware-pinned',
  'firmware-unpinned',
  'rollout-made',
  'rollout-held',
  'rollout-offered',
  'rollout-ended',
  'rollout-rolled-back',
  'rollout-percent',
]);
export type AuditWhat = z.infer<typeof auditWhatSchema>;

export const auditEntrySchema = z.object({
  id: z.int().describe('grows: what came later has the greater one'),
  atMs: z.int(),
  what: auditWhatSchema,
  who: whoSchema,
  detail: z.string().describe('one line for people'),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  before: z.coerce.number().int().min(1).optional().describe('the id of an entry: older ones than that'),
});

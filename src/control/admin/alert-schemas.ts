// Owns what the admin interface tells of alerts.
import { z } from 'zod';
import { ALERT_KINDS } from '../../config/alerts.ts';

const noticeSchema = z.object({
  kind: z.enum(ALERT_KINDS),
  subject: z.string().describe('the name, the upstream, the device … that it is about'),
  state: z.enum(['begun', 'over']),
  detail: z.string().describe('one line for people'),
  atMs: z.number().describe('when it began'),
});

export const alertListSchema = z.object({
  lasting: z.array(noticeSchema).describe('newest first, 1,000 at the most'),
  targets: z.array(
    z.object({
      host: z.string().describe('of the webhook: the rest of its URL is a secret'),
      format: z.string(),
      waiting: z.int().describe('messages that are not delivered yet'),
      dropped: z.int().describe('messages that were dropped because too many waited'),
      lastFault: z.string().nullable().describe('why the last message was not taken'),
    }),
  ),
});
export type AlertList = z.infer<typeof alertListSchema>;

export const trialSchema = z.object({
  host: z.string(),
  format: z.string(),
  fault: z.string().nullable().describe('why it was not taken; null where it was'),
});
/** What became of a trial, for each webhook. */
export type Trial = z.infer<typeof trialSchema>;

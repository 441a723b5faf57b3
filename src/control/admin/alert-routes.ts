// Owns the routes of alerts: the troubles that last, how the webhooks do, and a trial of them.
import { z } from 'zod';
import type { AdminActions } from './actions.ts';
import { alertListSchema, trialSchema } from './alert-schemas.ts';
import type { AdminApp } from './schema-compilers.ts';

export function alertRoutes(app: AdminApp, { alerts }: AdminActions): void {
  app.get(
    '/api/v1/alerts',
    {
      schema: {
        summary: 'The troubles that last, and how the webhooks do',
        tags: ['alerts'],
        response: { 200: alertListSchema },
      },
    },
    () => alerts.list(),
  );
  app.post(
    '/api/v1/alerts/test',
    {
      schema: {
        summary: 'Send a message to every webhook, now and once',
        tags: ['alerts'],
        response: { 200: z.array(trialSchema) },
      },
    },
    () => alerts.test(),
  );
}

// Owns the routes for machines that look after the gate: whether it lives, whether it serves, and its metrics.
import { z } from 'zod';
import { metricsText } from '../metrics.ts';
import type { AdminActions } from './actions.ts';
import type { AdminApp } from './schema-compilers.ts';

const wellSchema = z.object({ ok: z.boolean() });

export function healthRoutes(app: AdminApp, actions: AdminActions): void {
  const open = { exposeHeadRoute: true, config: { access: 'open' } } as const;
  app.get(
    '/healthz',
    {
      ...open,
      schema: { summary: 'Whether the control process lives', tags: ['health'], response: { 200: wellSchema } },
    },
    () => ({ ok: true }),
  );
  app.get(
    '/readyz',
    {
      ...open,
      schema: {
        summary: 'Whether a gate serves: 503 where none does',
        tags: ['health'],
        response: { 200: wellSchema, 503: wellSchema },
      },
    },
    async (_request, reply) => {
      const ok = actions.ready();
      return reply.code(ok ? 200 : 503).send({ ok });
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Metrics for Prometheus',
        tags: ['health'],
        response: {
          200: { description: 'names otagate_*', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(actions.status())),
  );
}

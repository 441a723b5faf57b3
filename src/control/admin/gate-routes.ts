// Owns the routes of the gate as a whole: its status, a reload, its certificates, and the audit.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { AdminActions } from './actions.ts';
import { auditEntrySchema, auditQuerySchema } from './audit.ts';
import { whoOf } from './guard.ts';
import { progressLines } from './ndjson.ts';
import { type RenewalStep, renewalStepSchema, renewalSteps } from './renewal-steps.ts';
import { type AdminApp, writtenAsIs } from './schema-compilers.ts';
import { reloadOutcomeSchema, statusSchema } from './status-schema.ts';

const renewSchema = z
  .strictObject({ name: z.string().max(253).nullable().default(null).describe('null: all of them') })
  .default({ name: null });

export function gateRoutes(app: AdminApp, actions: AdminActions): void {
  app.get(
    '/api/v1/status',
    { schema: { summary: 'How the gate is', tags: ['gate'], response: { 200: statusSchema } } },
    () => actions.status(),
  );
  app.post(
    '/api/v1/reload',
    {
      schema: {
        summary: 'Read the configuration again; a bad one is kept out',
        tags: ['gate'],
        response: { 200: reloadOutcomeSchema },
      },
    },
    (request) => actions.reload(whoOf(request)),
  );
  app.get(
    '/api/v1/certificates/root',
    {
      schema: {
        summary: "The local CA's root in PEM; null where it signs nothing",
        tags: ['certificates'],
        response: { 200: z.object({ pem: z.string().nullable() }) },
      },
    },
    () => ({ pem: actions.root() }),
  );
  app.post(
    '/api/v1/certificates/renew',
    {
      schema: {
        summary: 'Renew certificates now, whatever their date; takes as long as the CA does',
        description:
          'The last line is `done` with what came of it, or `failed`. An order goes on where its reader leaves.',
        tags: ['certificates'],
        body: renewSchema,
        response: {
          200: {
            description: 'one JSON object a line, as it happens',
            content: { 'application/x-ndjson': { schema: writtenAsIs(renewalStepSchema) } },
          },
        },
      },
    },
    (request, reply) => follow(reply, renewalSteps(actions.renew(request.body.name, whoOf(request)))),
  );
  app.get(
    '/api/v1/audit',
    {
      schema: {
        summary: 'What was done to the gate, by whom; newest first',
        tags: ['gate'],
        querystring: auditQuerySchema,
        response: { 200: z.array(auditEntrySchema) },
      },
    },
    ({ query }) => actions.audit(query.limit, query.before ?? null),
  );
}

async function follow(reply: FastifyReply, steps: AsyncGenerator<RenewalStep>): Promise<FastifyReply> {
  return reply.type('application/x-ndjson').send(await progressLines(steps));
}

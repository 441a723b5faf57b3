// Owns the OpenAPI document: what the routes' own schemas say, in the form that other programs read.
import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { SESSION_COOKIE } from '../../link/session-cookie.ts';
import type { AdminApp } from './schema-compilers.ts';

/** Every error of the admin interface; RFC 9457, of which `code` is stable. */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('stable: what a program may decide by'),
    detail: z.string().describe('for people: what is wrong, and the next step'),
  })
  .describe('the request was not carried out');

const PARTS = ['body', 'querystring', 'params', 'headers'] as const;

/** To be registered before the first route. */
export async function describeRoutes(app: AdminApp, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'otagate', version, description: 'The admin interface of otagate. Times are ms since the epoch.' },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'stateDir/admin.token, or admin-read.token to look only',
          },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
      tags: [],
    },
    transform: ({ schema, url, route }) => ({ url, schema: translate(schema ?? {}, route.config?.access !== 'open') }),
  });
}

function translate(schema: FastifySchema, guarded: boolean): FastifySchema {
  if (schema.hide === true) return schema;
  const { response, ...rest } = schema;
  const parts = PARTS.filter((part) => schema[part] !== undefined).map((part) => [part, translateOne(schema[part])]);
  const answers = Object.entries({ ...Object(response), default: PROBLEM }).map(([code, one]) => [
    code,
    translateOne(one),
  ]);
  return {
    ...rest,
    ...Object.fromEntries(parts),
    response: Object.fromEntries(answers),
    security: guarded ? [{ token: [] }, { session: [] }] : [],
  };
}

const PROBLEM = {
  description: 'the request was not carried out',
  content: { 'application/problem+json': { schema: problemSchema } },
};

/** A schema, or one of what is not JSON: `{ description, content: { 'text/plain': { schema } } }`. */
function translateOne(one: unknown): unknown {
  if (one instanceof z.ZodType) return toJsonSchema(one);
  const { content, ...rest } = one as { content: Record<string, { schema: unknown }> };
  const translated = Object.entries(content).map(([type, { schema }]) => [type, { schema: toJsonSchema(schema) }]);
  return { ...rest, content: Object.fromEntries(translated) };
}

/** As it is before defaults are filled in: then an answer may grow, and what has a default may be left out. */
function toJsonSchema(schema: unknown): object {
  if (!(schema instanceof z.ZodType)) throw new TypeError('a schema that zod did not make');
  const { $schema, ...plain } = z.toJSONSchema(schema, { io: 'input' });
  return plain;
}

// Owns the schemas' way into the web framework: zod reads what comes in, and what goes out is typed by it.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { FastifySerializerCompiler } from 'fastify/types/schema.js';
import { z } from 'zod';
import { Refusal } from './refusals.ts';

export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** The web framework, with routes that are typed by their schemas. */
export type AdminApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

const MAX_TOLD = 5;

export const readBySchema: FastifySchemaCompiler<unknown> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    if (!(schema instanceof z.ZodType)) throw new TypeError('a schema that zod did not make');
    // A route whose body may be left out gets none in many ways: no body at all, or the word null.
    const read = schema.safeParse(httpPart === 'body' && data === null ? undefined : data);
    if (read.success) return { value: read.data };
    const told = read.error.issues
      .slice(0, MAX_TOLD)
      .map(({ path, message }) => `${place(httpPart, path)}: ${message}`);
    return { error: new Refusal(400, 'REQUEST_INVALID', told.join('; ')) };
  };

/** Answers are typed by their schemas; at run time nothing is left out or looked at again. */
export const writeAsJson: FastifySerializerCompiler<unknown> = () => (data) => JSON.stringify(data);

function place(part: string | undefined, path: readonly PropertyKey[]): string {
  return [part ?? 'request', ...path.map(String)].join('.');
}

/** For the document alone: what is answered is text, bytes or a stream that are written as they are. */
export function writtenAsIs(schema: z.ZodType): z.ZodType<unknown, unknown> {
  return schema;
}

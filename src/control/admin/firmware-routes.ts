// Owns the routes of the firmware store: what is in it, and what an operator does with it.
import { open } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { errorCode, GateError } from '../../base/errors.ts';
import type { Progress } from '../../firmware/operations.ts';
import type { AdminActions } from './actions.ts';
import { firmwareListSchema, imageSchema, progressSchema } from './firmware-schemas.ts';
import { whoOf } from './guard.ts';
import { progressLines } from './ndjson.ts';
import type { AdminApp } from './schema-compilers.ts';
import { receiveUpload, UPLOAD_TYPE } from './upload.ts';

const oneSchema = z.strictObject({ id: z.string().min(1).max(64).describe('the SHA-256, or how it begins') });
const linesSchema = {
  description: 'one JSON object a line, as it happens',
  content: { 'application/x-ndjson': { schema: progressSchema } },
};
// Not looked at: they pass by.
const BYTES = z.unknown().meta({ type: 'string', format: 'binary' });
const tags = ['firmware'];

export function firmwareRoutes(app: AdminApp, actions: Pick<AdminActions, 'firmware' | 'note'>): void {
  const { firmware } = actions;
  const noteAdded = (request: FastifyRequest, { sha256, fileName }: { sha256: string; fileName: string }): void =>
    actions.note('firmware-added', whoOf(request), `${fileName} ${sha256.slice(0, 12)}`);
  const lines = async (
    request: FastifyRequest,
    reply: FastifyReply,
    steps: AsyncGenerator<Progress>,
  ): Promise<FastifyReply> => {
    const stream = await progressLines(steps, (step) => {
      if (step.step === 'image') noteAdded(request, step.image);
    });
    return reply.type('application/x-ndjson').send(stream);
  };

  app.get(
    '/api/v1/firmware',
    { schema: { summary: 'What is in the store', tags, response: { 200: firmwareListSchema } } },
    () => firmware.list(),
  );
  app.post(
    '/api/v1/firmware',
    {
      schema: {
        summary: 'Add an image: its bytes are the body',
        tags,
        body: { content: { [UPLOAD_TYPE]: { schema: BYTES } } },
        querystring: z.strictObject({ fileName: z.string().min(1).max(200).default('firmware.bin') }),
        response: { 200: imageSchema },
      },
    },
    async (request, reply) => {
      const image = await receiveUpload(request, reply, (bytes) => firmware.add(bytes, request.query.fileName));
      noteAdded(request, image);
      return image;
    },
  );
  app.post(
    '/api/v1/firmware/fetch',
    {
      schema: {
        summary: 'Fetch an image from an upstream, or from what firmware.allow lists',
        tags,
        body: z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(2_000) }),
        response: { 200: linesSchema },
      },
    },
    (request, reply) => lines(request, reply, firmware.fetch(new URL(request.body.url))),
  );
  app.post(
    '/api/v1/firmware/warm',
    {
      schema: {
        summary: 'Ask about every link that is known, and fetch what is new',
        tags,
        response: { 200: linesSchema },
      },
    },
    (request, reply) => lines(request, reply, firmware.warm()),
  );
  app.post(
    '/api/v1/firmware/verify',
    {
      schema: {
        summary: 'Read the bytes of one image, or of all, once more',
        tags,
        body: z.strictObject({ id: oneSchema.shape.id.nullable().default(null) }).default({ id: null }),
        response: { 200: linesSchema },
      },
    },
    (request, reply) => lines(request, reply, firmware.verify(request.body.id)),
  );
  app.delete(
    '/api/v1/firmware/:id',
    { schema: { summary: 'Remove an image', tags, params: oneSchema, response: { 200: imageSchema } } },
    (request) => {
      const image = firmware.purge(request.params.id);
      actions.note('firmware-purged', whoOf(request), `${image.fileName} ${image.sha256.slice(0, 12)}`);
      return image;
    },
  );
  app.post(
    '/api/v1/firmware/:id/pin',
    {
      schema: {
        summary: 'Keep an image when room is needed, or no longer',
        tags,
        params: oneSchema,
        body: z.strictObject({ pinned: z.boolean() }),
        response: { 200: imageSchema },
      },
    },
    (request) => {
      const image = firmware.pin(request.params.id, request.body.pinned);
      const what = image.pinned ? 'firmware-pinned' : 'firmware-unpinned';
      actions.note(what, whoOf(request), `${image.fileName} ${image.sha256.slice(0, 12)}`);
      return image;
    },
  );
  app.post(
    '/api/v1/firmware/:id/extract',
    {
      schema: {
        summary: 'Cut the app out of a merged image, and add it',
        tags,
        params: oneSchema,
        response: { 200: imageSchema },
      },
    },
    async (request) => {
      const image = await firmware.extract(request.params.id);
      noteAdded(request, image);
      return image;
    },
  );
  app.get(
    '/api/v1/firmware/:id/content',
    {
      schema: {
        summary: 'The bytes of an image, as a download',
        tags,
        params: oneSchema,
        response: {
          200: {
            description: 'the file',
            content: { [UPLOAD_TYPE]: { schema: BYTES } },
          },
        },
      },
    },
    async (request, reply) => {
      const { image, file } = firmware.fileOf(request.params.id);
      const handle = await open(file).catch((error: unknown) => Promise.reject(goneOr(error)));
      return reply
        .type(UPLOAD_TYPE)
        .header('Content-Length', image.length)
        .header('Content-Disposition', dispositionOf(image.fileName))
        .send(handle.createReadStream());
    },
  );
}

function goneOr(error: unknown): unknown {
  if (errorCode(error) !== 'ENOENT') return error;
  return new GateError('FIRMWARE_UNKNOWN', 'this image was just removed', { fault: 'client', status: 404 });
}

/** RFC 6266: a plain name for all, the exact one (RFC 8187) beside it. */
function dispositionOf(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(fileName).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

// Owns the routes of devices: the list, one with its history, and all of them for a spreadsheet or a program.
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { eventsCsv, eventsJsonLines } from '../device-event-export.ts';
import { devicesCsv, devicesJson } from '../device-export.ts';
import type { AdminActions } from './actions.ts';
import { deviceListSchema, deviceQuerySchema, deviceRowSchema, deviceSchema } from './device-schemas.ts';
import { Refusal } from './refusals.ts';
import { type AdminApp, writtenAsIs } from './schema-compilers.ts';

const whichSchema = z.strictObject({ device: z.string().max(200).default('').describe('empty: every one') });

export function deviceRoutes(app: AdminApp, { devices }: Pick<AdminActions, 'devices'>): void {
  app.get(
    '/api/v1/devices',
    {
      schema: {
        summary: 'Devices that fit, a page of them, and how many there are of each board and version',
        tags: ['devices'],
        querystring: deviceQuerySchema,
        response: { 200: deviceListSchema },
      },
    },
    ({ query }) => devices.list(query),
  );
  app.get(
    '/api/v1/devices/:device',
    {
      schema: {
        summary: 'One device and its history, newest first',
        tags: ['devices'],
        params: z.strictObject({ device: z.string().max(200) }),
        response: { 200: deviceSchema },
      },
    },
    async ({ params }) => {
      const device = await devices.one(params.device);
      if (device === null) throw new Refusal(404, 'DEVICE_UNKNOWN', 'no device of this name was ever seen here');
      return device;
    },
  );
  app.get(
    '/api/v1/devices.csv',
    {
      schema: {
        summary: 'All devices as CSV; texts that a spreadsheet would calculate begin with an apostrophe',
        tags: ['devices'],
        response: {
          200: {
            description: 'a header and a line for each',
            content: { 'text/csv': { schema: writtenAsIs(z.string()) } },
          },
        },
      },
    },
    (_request, reply) => sendFile(reply, 'devices.csv', 'text/csv; charset=utf-8', devicesCsv(devices.all())),
  );
  app.get(
    '/api/v1/devices.json',
    {
      schema: {
        summary: 'All devices',
        tags: ['devices'],
        response: {
          200: {
            description: 'a row for each',
            content: { 'application/json': { schema: writtenAsIs(z.array(deviceRowSchema)) } },
          },
        },
      },
    },
    (_request, reply) => sendFile(reply, 'devices.json', 'application/json; charset=utf-8', devicesJson(devices.all())),
  );
  // One that is not known is told before the first byte.
  const named = async (device: string): Promise<Iterable<string>> => {
    if (device === '') return namesOf(devices.all());
    if ((await devices.one(device, { before: null, limit: 1 })) !== null) return [device];
    throw new Refusal(404, 'DEVICE_UNKNOWN', 'no device of this name was ever seen here');
  };
  app.get(
    '/api/v1/device-events.csv',
    {
      schema: {
        summary: 'What happened to devices, as CSV; texts that a spreadsheet would calculate begin with an apostrophe',
        tags: ['devices'],
        querystring: whichSchema,
        response: {
          200: {
            description: 'a header and a line for each event',
            content: { 'text/csv': { schema: writtenAsIs(z.string()) } },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const lines = eventsCsv(await named(query.device), (device, page) => devices.one(device, page));
      return sendFile(reply, 'device-events.csv', 'text/csv; charset=utf-8', lines);
    },
  );
  app.get(
    '/api/v1/device-events.jsonl',
    {
      schema: {
        summary: 'What happened to devices, as lines of JSON',
        tags: ['devices'],
        querystring: whichSchema,
        response: {
          200: {
            description: 'an object on a line for each event: device, id, atMs, event, detail',
            content: { 'application/x-ndjson': { schema: writtenAsIs(z.string()) } },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const lines = eventsJsonLines(await named(query.device), (device, page) => devices.one(device, page));
      return sendFile(reply, 'device-events.jsonl', 'application/x-ndjson; charset=utf-8', lines);
    },
  );
}

function* namesOf(rows: Iterable<{ device: string }>): Generator<string> {
  for (const { device } of rows) yield device;
}

/** A file as it is written: it may be larger than memory. */
function sendFile(
  reply: FastifyReply,
  name: string,
  contentType: string,
  parts: Iterable<string> | AsyncIterable<string>,
): FastifyReply {
  return reply
    .type(contentType)
    .header('Content-Disposition', `attachment; filename="${name}"`)
    .send(Readable.from(parts, { objectMode: false }));
}

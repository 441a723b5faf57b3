// Owns the routes of the doctor: a visit of its device, its last report, and what a serial log means.
import { z } from 'zod';
import { readSerialLog } from '../../doctor/serial/serial-log.ts';
import { tellSerialLog } from '../../doctor/serial/told.ts';
import type { AdminActions } from './actions.ts';
import {
  languageSchema,
  reportSchema,
  runSchema,
  serialAskSchema,
  serialLogSchema,
  visitSchema,
} from './doctor-schemas.ts';
import type { AdminApp } from './schema-compilers.ts';

// In JSON a control or a Chinese character takes up to six bytes.
const LOG_BYTES = 1024 * 1024;
const RUN_BYTES = 512 * 1024;

export function doctorRoutes(app: AdminApp, { doctor }: AdminActions): void {
  app.post(
    '/api/v1/doctor/visits',
    {
      schema: {
        summary: 'A MAC for a device that is played, kept out of the history, and where devices reach the gate',
        tags: ['doctor'],
        response: { 200: visitSchema },
      },
    },
    () => doctor.visit(),
  );
  app.delete(
    '/api/v1/doctor/visits/:mac',
    {
      schema: {
        summary: 'End such a visit; what is on its way is still kept out',
        tags: ['doctor'],
        params: z.strictObject({ mac: z.string().max(20) }),
        response: { 200: z.object({ ended: z.boolean() }) },
      },
    },
    ({ params }) => ({ ended: doctor.leave(params.mac) }),
  );
  app.post(
    '/api/v1/doctor/report',
    {
      bodyLimit: RUN_BYTES,
      schema: {
        summary: 'Hand in what a run of the doctor found; it takes the place of the last one',
        tags: ['doctor'],
        body: runSchema,
        response: { 200: z.object({ kept: z.literal(true) }) },
      },
    },
    ({ body }) => {
      doctor.keep(body);
      return { kept: true } as const;
    },
  );
  app.get(
    '/api/v1/doctor/report',
    {
      schema: {
        summary: 'What the last run of the doctor found since the gate was started; null before the first',
        tags: ['doctor'],
        querystring: z.strictObject({ language: languageSchema }),
        response: { 200: z.object({ report: reportSchema.nullable() }) },
      },
    },
    ({ query }) => ({ report: doctor.last(query.language) }),
  );
  app.post(
    '/api/v1/doctor/serial-log',
    {
      bodyLimit: LOG_BYTES,
      // It changes nothing: whoever may look may have a log read.
      config: { access: 'own' },
      schema: {
        summary: 'What a device printed on its serial port, and what it means: cause and remedy',
        tags: ['doctor'],
        body: serialAskSchema,
        response: { 200: serialLogSchema },
      },
    },
    ({ body }) => tellSerialLog(readSerialLog(body.text), body.language),
  );
}

// Owns the routes of what happens now and has just happened: the live feed, the log, the traffic.
import { z } from 'zod';
import type { EventReaders } from './event-readers.ts';
import { callerOf, type Guard } from './guard.ts';
import { type LogRing, MAX_LINES } from './log-ring.ts';
import { type AdminApp, writtenAsIs } from './schema-compilers.ts';
import { type TrafficSeries, trafficSchema } from './traffic-series.ts';

export type LiveParts = { readers: EventReaders; guard: Guard; logRing: LogRing; traffic: TrafficSeries };

const lineSchema = z.looseObject({
  id: z.int().describe('grows; an id that the line itself was logged with is loggedId'),
});

export function liveRoutes(app: AdminApp, { readers, guard, logRing, traffic }: LiveParts): void {
  app.get(
    '/api/v1/events',
    {
      schema: {
        summary: 'What happens, as it happens; resumable by Last-Event-ID',
        description:
          'Events: status (something changed: fetch it), opening, device, fill, log, traffic. Data is JSON, as the routes of these give it.',
        tags: ['live'],
        response: {
          200: { description: 'server-sent events', content: { 'text/event-stream': { schema: z.string() } } },
        },
      },
    },
    (request, reply) => {
      readers.refuseNew();
      const caller = callerOf(request);
      const lastId = request.headers['last-event-id'];
      reply.hijack();
      readers.open(reply.raw, typeof lastId === 'string' ? lastId : null, () => guard.isCurrent(caller));
    },
  );
  app.get(
    '/api/v1/log',
    {
      schema: {
        summary: 'The last lines of the log, oldest first',
        tags: ['live'],
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(MAX_LINES).default(500) }),
        response: {
          200: {
            description: 'as logged',
            content: { 'application/json': { schema: writtenAsIs(z.array(lineSchema)) } },
          },
        },
      },
    },
    ({ query }, reply) => reply.type('application/json; charset=utf-8').send(logRing.tail(query.limit)),
  );
  app.get(
    '/api/v1/traffic',
    {
      schema: { summary: 'The last hour, in points of five seconds', tags: ['live'], response: { 200: trafficSchema } },
    },
    () => traffic.read(),
  );
}

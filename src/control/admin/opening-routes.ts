// Owns the routes of openings: list, open, close.
import { z } from 'zod';
import { GateError } from '../../base/errors.ts';
import { asCidr, readNetwork } from '../../config/networks.ts';
import type { AdminActions } from './actions.ts';
import { whoOf } from './guard.ts';
import { closedOpeningSchema, openingAskSchema, openingSchema } from './opening-schemas.ts';
import type { AdminApp } from './schema-compilers.ts';

export function openingRoutes(app: AdminApp, actions: AdminActions): void {
  app.get(
    '/api/v1/openings',
    { schema: { summary: 'What is open now', tags: ['openings'], response: { 200: z.array(openingSchema) } } },
    () => actions.openings(),
  );
  app.post(
    '/api/v1/openings',
    {
      schema: {
        summary: 'Open plain HTTP on a device route for a time',
        tags: ['openings'],
        body: openingAskSchema,
        response: { 200: openingSchema },
      },
    },
    (request) => actions.open({ ...request.body, from: request.body.from.map(asNetwork) }, whoOf(request)),
  );
  app.delete(
    '/api/v1/openings/:routeOrId',
    {
      schema: {
        summary: 'Close an opening, or all of a route, at once; gives those that were closed',
        tags: ['openings'],
        params: z.strictObject({ routeOrId: z.string().max(100) }),
        response: { 200: z.array(closedOpeningSchema) },
      },
    },
    (request) => actions.close(request.params.routeOrId, whoOf(request)),
  );
}

/** @throws {GateError} OPENING_REFUSED for what is no network, with what is wrong */
function asNetwork(text: string): string {
  const network = readNetwork(text);
  if (network.ok) return asCidr(network.value);
  const [fault] = network.wrongs;
  const meant = fault?.suggestion === undefined ? '' : `; did you mean ${fault.suggestion}?`;
  throw new GateError(
    'OPENING_REFUSED',
    `${JSON.stringify(text)} ${fault?.problem}, expected ${fault?.expected}${meant}`,
    { fault: 'client' },
  );
}

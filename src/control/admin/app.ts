// Owns the admin interface as one set of routes, whichever door a request comes by: what runs before them, and errors.
import cookie from '@fastify/cookie';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { z } from 'zod';
import type { Log } from '../../base/log.ts';
import type { AdminActions } from './actions.ts';
import { alertRoutes } from './alert-routes.ts';
import { dashboardFiles } from './dashboard.ts';
import { deviceRoutes } from './device-routes.ts';
import { doctorRoutes } from './doctor-routes.ts';
import type { EventReaders } from './event-readers.ts';
import { firmwareRoutes } from './firmware-routes.ts';
import { gateRoutes } from './gate-routes.ts';
import { Guard } from './guard.ts';
import { healthRoutes } from './health-routes.ts';
import { liveRoutes } from './live-routes.ts';
import type { LogRing } from './log-ring.ts';
import { describeRoutes } from './openapi.ts';
import { openingRoutes } from './opening-routes.ts';
import { tellError } from './refusals.ts';
import { rolloutRoutes } from './rollout-routes.ts';
import { type AdminApp, readBySchema, writeAsJson, type ZodTypes } from './schema-compilers.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';
import type { TrafficSeries } from './traffic-series.ts';
import { acceptUploads } from './upload.ts';
import { countWrongTokens } from './wrong-tokens.ts';

export type AppParts = {
  actions: AdminActions;
  tokens: Tokens;
  sessions: Sessions;
  readers: EventReaders;
  logRing: LogRing;
  traffic: TrafficSeries;
  /** The domains of the configuration: names by which a browser may ask. */
  hosts: () => readonly string[];
  log: Log;
  version: string;
  dashboardFolder: string;
};

const BODY_BYTES = 64 * 1024;

/** Routes that were registered, as `METHOD path`; `app.routing` takes a request of any door. */
export type BuiltApp = { app: AdminApp; routes: string[] };

export async function buildApp(parts: AppParts): Promise<BuiltApp> {
  const { actions, readers, log } = parts;
  const onError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    answerError(log, error, request, reply);
  const app: AdminApp = fastify({
    bodyLimit: BODY_BYTES,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: onError,
  }).withTypeProvider<ZodTypes>();
  app.setValidatorCompiler(readBySchema);
  app.setSerializerCompiler(writeAsJson);
  app.setErrorHandler(onError);
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => void routes.push(...[method].flat().map((one) => `${one} ${url}`)));
  acceptJson(app);
  acceptUploads(app);

  await app.register(cookie);
  const refuseToken = await countWrongTokens(app, log);
  const guard = new Guard({ ...parts, refuseToken });
  app.decorateRequest('caller', null);
  app.addHook('onRequest', (request, reply) => guard.admit(request, reply));
  await describeRoutes(app, parts.version);

  healthRoutes(app, actions);
  sessionRoutes(app, { ...parts, guard, refuseToken });
  gateRoutes(app, actions);
  openingRoutes(app, actions);
  deviceRoutes(app, actions);
  firmwareRoutes(app, actions);
  doctorRoutes(app, actions);
  rolloutRoutes(app, actions);
  alertRoutes(app, actions);
  liveRoutes(app, { ...parts, readers, guard });
  app.get(
    '/api/v1/openapi.json',
    { schema: { summary: 'This interface, as OpenAPI 3.1', tags: ['gate'], response: { 200: z.looseObject({}) } } },
    () => ({ ...app.swagger() }),
  );
  await dashboardFiles(app, parts.dashboardFolder);
  await app.ready();
  return { app, routes };
}

/** JSON alone: a form or plain text needs no leave of a browser to be sent by another site's page. */
function acceptJson(app: AdminApp): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length === 0) done(null, undefined);
    else void parse(request, text.toString(), done);
  });
}

function answerError(log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { problem, retryAfterSeconds, unforeseen } = tellError(error);
  // A client that left in the middle of its upload is no fault, and hears nothing.
  if (request.raw.errored !== null || reply.raw.destroyed) return void reply.raw.destroy();
  if (unforeseen)
    log.error({ event: 'admin-failed', err: error, path: request.routeOptions.url }, 'the admin interface failed');
  if (problem.code === 'STATE_NOT_WRITTEN')
    log.error({ event: 'state-not-written', path: request.routeOptions.url }, problem.detail);
  if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
  if (retryAfterSeconds !== null) void reply.header('Retry-After', retryAfterSeconds);
  void reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

// Owns the routes of rollouts: list, hold, offer, pin, roll back, percent, explain.
import { z } from 'zod';
import { asCidr, readNetwork } from '../../config/networks.ts';
import type { AdminActions } from './actions.ts';
import { whoOf } from './guard.ts';
import { Refusal } from './refusals.ts';
import {
  rolloutExplainedSchema,
  rolloutMatchSchema,
  rolloutNameSchema,
  rolloutQuerySchema,
  rolloutSchema,
} from './rollout-schemas.ts';
import type { AdminApp } from './schema-compilers.ts';

const tags = ['rollouts'];
const named = z.strictObject({ name: rolloutNameSchema });

export function rolloutRoutes(app: AdminApp, { rollouts }: Pick<AdminActions, 'rollouts'>): void {
  app.get(
    '/api/v1/rollouts',
    {
      schema: {
        summary: 'The rollouts, in the order in which they are asked',
        tags,
        response: { 200: z.array(rolloutSchema) },
      },
    },
    () => rollouts.list(),
  );
  app.get(
    '/api/v1/rollouts/explain/:device',
    {
      schema: {
        summary: 'What would become of the next check of a device, and why',
        tags,
        params: z.strictObject({ device: z.string().max(200) }),
        querystring: rolloutQuerySchema,
        response: { 200: rolloutExplainedSchema },
      },
    },
    ({ params, query }) => rollouts.explain(params.device.toLowerCase(), query),
  );
  app.post(
    '/api/v1/rollouts/hold',
    {
      schema: {
        summary: 'Hold a rollout, or offer nothing to the devices that fit',
        tags,
        body: z.union([named, rolloutMatchSchema]),
        response: { 200: rolloutSchema },
      },
    },
    (request) => {
      const { body } = request;
      const which = 'name' in body ? body : { ...body, networks: body.networks.map(asNetwork) };
      return rollouts.hold(which, whoOf(request));
    },
  );
  app.post(
    '/api/v1/rollouts/offer',
    {
      schema: {
        summary: 'Let a rollout go on, also where it has stopped; empty where it was made by command, and has ended',
        tags,
        body: named,
        response: { 200: z.array(rolloutSchema) },
      },
    },
    (request) => rollouts.offer(request.body.name, whoOf(request)),
  );
  app.post(
    '/api/v1/rollouts/pin',
    {
      schema: {
        summary: 'Send one version of the store, also an older one, to the devices that fit',
        tags,
        body: rolloutMatchSchema.extend({ version: z.string().min(1).max(64) }),
        response: { 200: rolloutSchema },
      },
    },
    (request) => {
      const { version, ...match } = request.body;
      return rollouts.pin(version, { ...match, networks: match.networks.map(asNetwork) }, whoOf(request));
    },
  );
  app.post(
    '/api/v1/rollouts/rollback',
    {
      schema: {
        summary: 'Send the devices of a rollout back to what they came from',
        tags,
        body: named,
        response: { 200: rolloutSchema },
      },
    },
    (request) => rollouts.rollback(request.body.name, whoOf(request)),
  );
  app.post(
    '/api/v1/rollouts/percent',
    {
      schema: {
        summary: 'Change the share of devices that a rollout is for',
        tags,
        body: z.strictObject({ name: rolloutNameSchema, percent: z.number().min(0).max(100) }),
        response: { 200: rolloutSchema },
      },
    },
    (request) => rollouts.percent(request.body.name, request.body.percent, whoOf(request)),
  );
}

function asNetwork(text: string): string {
  const network = readNetwork(text);
  if (network.ok) return asCidr(network.value);
  const [fault] = network.wrongs;
  throw new Refusal(400, 'REQUEST_INVALID', `${JSON.stringify(text)} ${fault?.problem}, expected ${fault?.expected}`);
}

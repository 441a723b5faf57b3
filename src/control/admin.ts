// Owns the admin interface on its Unix socket: status and reload. Only this machine's user gets in (mode 600).
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { fastify } from 'fastify';
import { GateError } from '../base/errors.ts';
import { asCidr, readNetwork } from '../config/networks.ts';
import type { RenewOutcome } from './certificate-keeper.ts';
import { metricsText } from './metrics.ts';
import type { OpeningRequest, OpeningStatus } from './openings.ts';
import type { ReloadOutcome } from './reload-outcome.ts';
import type { Status } from './status.ts';

export type AdminActions = {
  status: () => Status;
  reload: () => Promise<ReloadOutcome>;
  openings: () => OpeningStatus[];
  /** @throws {GateError} OPENING_REFUSED */
  open: (request: OpeningRequest) => Promise<OpeningStatus>;
  close: (routeOrId: string) => Promise<OpeningStatus[]>;
  /** Renews all certificates, or those of one name; gives back what failed. */
  renew: (name: string | null) => Promise<RenewOutcome>;
  /** The local CA's root in PEM, or null where it signs nothing. */
  root: () => string | null;
};

const RENEW_BODY = {
  type: 'object',
  properties: { name: { type: ['string', 'null'], maxLength: 253 } },
  additionalProperties: false,
} as const;

const OPEN_BODY = {
  type: 'object',
  required: ['route', 'durationMs'],
  properties: {
    route: { type: 'string', maxLength: 100 },
    durationMs: { type: 'integer', minimum: 1000 },
    from: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 50 }, default: [] },
    reason: { type: 'string', maxLength: 200, default: '' },
    startMs: { type: ['integer', 'null'], default: null },
    closeAfter: {
      type: 'object',
      properties: {
        devices: { type: ['integer', 'null'], minimum: 1, default: null },
        idleMs: { type: ['integer', 'null'], minimum: 1000, default: null },
      },
      additionalProperties: false,
      default: {},
    },
  },
  additionalProperties: false,
} as const;

/** @throws {GateError} LISTEN_FAILED where another gate answers on the socket already */
export async function startAdmin(socketPath: string, actions: AdminActions): Promise<{ close: () => Promise<void> }> {
  if (await answers(socketPath)) {
    throw new GateError(
      'LISTEN_FAILED',
      `another otagate serves from this stateDir already (${socketPath} answers): stop it, or give this one a stateDir of its own`,
      {
        fault: 'gate',
      },
    );
  }
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });
  const server = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const known = error instanceof GateError;
    const status = known ? error.status : (error.statusCode ?? 500);
    void reply.code(status).send({ code: known ? error.code : 'INTERNAL', detail: error.message });
  });
  server.get('/api/v1/status', () => actions.status());
  server.get('/metrics', async (_request, reply) => {
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return metricsText(actions.status());
  });
  server.post('/api/v1/reload', () => actions.reload());
  server.post<{ Body: { name?: string | null } | null }>(
    '/api/v1/certificates/renew',
    { schema: { body: RENEW_BODY } },
    (request) => actions.renew(request.body?.name ?? null),
  );
  server.get('/api/v1/openings', () => actions.openings());
  server.post<{ Body: OpeningRequest }>('/api/v1/openings', { schema: { body: OPEN_BODY } }, (request) =>
    actions.open({ ...request.body, from: request.body.from.map(asNetwork) }),
  );
  server.delete<{ Params: { routeOrId: string } }>('/api/v1/openings/:routeOrId', (request) =>
    actions.close(request.params.routeOrId),
  );
  server.get('/api/v1/certificates/root', () => ({ pem: actions.root() }));
  const umask = process.umask(0o177);
  try {
    await server.listen({ path: socketPath });
    chmodSync(socketPath, 0o600);
  } finally {
    process.umask(umask);
  }
  return { close: () => server.close() };
}

/** A socket file outlives a crash; only one that answers belongs to a running gate. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
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
    {
      fault: 'client',
    },
  );
}

// Owns the routes of who is let in: login and logout of the dashboard, and new tokens.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { SESSION_COOKIE } from '../../link/session-cookie.ts';
import type { AdminActions } from './actions.ts';
import { doorOf } from './doors.ts';
import type { EventReaders } from './event-readers.ts';
import { callerOf, type Guard, whoOf } from './guard.ts';
import type { AdminApp } from './schema-compilers.ts';
import { SESSION_LIFE_MS, type Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';
import { clientOf, type RefuseToken } from './wrong-tokens.ts';

export type SessionParts = {
  tokens: Tokens;
  sessions: Sessions;
  guard: Guard;
  readers: EventReaders;
  refuseToken: RefuseToken;
  version: string;
  actions: Pick<AdminActions, 'note'>;
};

const roleSchema = z.enum(['admin', 'read']);
const doneSchema = z.object({ ok: z.literal(true) });
const tags = ['session'];

export function sessionRoutes(app: AdminApp, parts: SessionParts): void {
  const { tokens, sessions, guard, readers, refuseToken, version, actions } = parts;
  app.post(
    '/api/v1/login',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Begin a session of the dashboard: a cookie for 12 hours',
        tags,
        body: z.strictObject({ token: z.string().max(1_000) }),
        response: { 200: z.object({ role: roleSchema }) },
      },
    },
    async (request, reply) => {
      guard.checkOrigin(request);
      const role = tokens.roleOf(request.body.token.trim());
      if (role === null) throw await refuseToken(request);
      const { id } = sessions.begin(role);
      setCookie(reply, id, doorOf(request.raw).kind === 'public');
      actions.note(
        'logged-in',
        whoOf(request),
        `from ${clientOf(request)}, to ${role === 'admin' ? 'do everything' : 'look'}`,
      );
      return { role };
    },
  );
  app.post(
    '/api/v1/logout',
    { config: { access: 'own' }, schema: { summary: 'End the session', tags, response: { 200: doneSchema } } },
    async ({ caller, raw }, reply) => {
      if (caller?.by === 'session') sessions.end(caller.session);
      readers.endStale();
      setCookie(reply, null, doorOf(raw).kind === 'public');
      return { ok: true } as const;
    },
  );
  app.get(
    '/api/v1/session',
    {
      schema: {
        summary: 'Who is asking',
        tags,
        response: {
          200: z.object({
            role: roleSchema,
            version: z.string(),
            csrf: z.string().nullable().describe('for the header X-Otagate-CSRF; null without a session'),
          }),
        },
      },
    },
    (request) => {
      const caller = callerOf(request);
      return { role: caller.role, version, csrf: caller.by === 'session' ? caller.session.csrf : null };
    },
  );
  app.post(
    '/api/v1/tokens/rotate',
    {
      schema: {
        summary: 'Make both tokens anew; the old ones and all sessions end',
        tags,
        response: {
          200: z.object({
            adminFile: z.string().describe('where the new token stands: it is told to nobody else'),
            readFile: z.string(),
          }),
        },
      },
    },
    (request) => {
      try {
        tokens.rotate();
      } finally {
        sessions.endAll();
        readers.endStale();
      }
      actions.note('token-rotated', whoOf(request), 'both tokens are new, and all sessions have ended');
      return { adminFile: tokens.adminFile, readFile: tokens.readFile };
    },
  );
}

function setCookie(reply: FastifyReply, id: string | null, secure: boolean): void {
  const maxAge = id === null ? 0 : SESSION_LIFE_MS / 1000;
  void reply.setCookie(SESSION_COOKIE, id ?? '', { httpOnly: true, sameSite: 'strict', path: '/', secure, maxAge });
}

// Owns who may what: finds out who asks, by which door and with what, and lets a request through or refuses it.
import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_COOKIE } from '../../link/session-cookie.ts';
import type { Who } from './audit.ts';
import { askForBody, doorOf } from './doors.ts';
import { isOwnHost } from './hosts.ts';
import { Refusal } from './refusals.ts';
import { isSameOrigin } from './same-origin.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Role, Tokens } from './tokens.ts';
import type { RefuseToken } from './wrong-tokens.ts';

/** Somebody who was let in, and by what. */
export type Caller =
  | { by: 'socket'; role: 'admin' }
  | { by: 'token'; role: Role; generation: number }
  | { by: 'session'; role: Role; session: Session };

/** `open`: for everybody. `own`: for every role, since it changes nothing but the caller's own session. Else the method says. */
export type Access = 'open' | 'own';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Null on an open route. */
    caller: Caller | null;
  }
}

export type GuardParts = {
  tokens: Tokens;
  sessions: Sessions;
  refuseToken: RefuseToken;
  /** The domains of the configuration. */
  hosts: () => readonly string[];
};

export const CSRF_HEADER = 'x-otagate-csrf';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Guard {
  readonly #parts: GuardParts;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** The first hook of every request, before its body is read. @throws {Refusal} */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#checkPlace(request);
    const { access } = request.routeOptions.config;
    const isOpen = access === 'open' || (request.is404 && !isApi(request.url));
    if (!isOpen) {
      request.caller = await this.#identify(request);
      this.#authorise(request, request.caller, access === 'own');
      doorOf(request.raw).connections.letIn(request.raw);
    }
    askForBody(request.raw, reply.raw);
  }

  /** Refuses what another site's page sent, as far as the browser tells. @throws {Refusal} */
  checkOrigin({ raw }: FastifyRequest): void {
    const { kind } = doorOf(raw);
    if (kind === 'socket') return;
    const { origin, host } = raw.headers;
    const isOwn = isSameOrigin({
      fetchSite: oneOf(raw.headers['sec-fetch-site']),
      origin,
      host: kind === 'public' ? oneOf(raw.headers['x-forwarded-host']) : host,
      schemes: kind === 'public' ? ['https'] : ['http', 'https'],
    });
    if (!isOwn) throw new Refusal(403, 'ORIGIN_FOREIGN', 'this request was made by a page of another site');
  }

  /** Whether what let a caller in would still do so: a stream that runs on has to ask again. */
  isCurrent(caller: Caller): boolean {
    const { tokens, sessions } = this.#parts;
    if (caller.by === 'token') return caller.generation === tokens.generation;
    return caller.by === 'socket' || sessions.isCurrent(caller.session);
  }

  #checkPlace({ raw }: FastifyRequest): void {
    const { kind } = doorOf(raw);
    if (kind === 'public' && oneOf(raw.headers['x-forwarded-proto']) !== 'https')
      throw new Refusal(403, 'HTTPS_ONLY', 'from outside the admin interface is reached by https only');
    const addresses = [raw.socket.localAddress];
    if (kind !== 'tcp' || isOwnHost(raw.headers.host, { domains: this.#parts.hosts(), addresses })) return;
    const detail = 'the admin interface does not go by this name: use its address, localhost, or a domain of the gate';
    throw new Refusal(421, 'HOST_UNKNOWN', detail);
  }

  async #identify(request: FastifyRequest): Promise<Caller> {
    const { tokens, sessions, refuseToken } = this.#parts;
    const { raw } = request;
    if (doorOf(raw).kind === 'socket') return { by: 'socket', role: 'admin' };
    const { authorization } = raw.headers;
    if (authorization !== undefined) {
      const role = tokens.roleOf(/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
      if (role === null) throw await refuseToken(request);
      return { by: 'token', role, generation: tokens.generation };
    }
    const id = request.cookies[SESSION_COOKIE];
    const session = id === undefined ? null : sessions.find(id);
    if (session === null) throw notLoggedIn();
    return { by: 'session', role: session.role, session };
  }

  #authorise(request: FastifyRequest, caller: Caller, own: boolean): void {
    const isSafe = SAFE.has(request.method);
    if (caller.by === 'session') {
      this.checkOrigin(request);
      if (!isSafe && !caller.session.guards(oneOf(request.headers[CSRF_HEADER]))) {
        const detail = `a change by a session needs the header ${CSRF_HEADER}, with what /api/v1/session gave`;
        throw new Refusal(403, 'CSRF_TOKEN_WRONG', detail);
      }
    }
    if (caller.role === 'read' && !isSafe && !own)
      throw new Refusal(403, 'READ_ONLY', 'this token may look, but change nothing');
  }
}

/** Who made this request. @throws {Refusal} NOT_LOGGED_IN on a route that is open to everybody */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw notLoggedIn();
  return caller;
}

/** How the audit calls whoever made this request. */
export function whoOf({ raw }: FastifyRequest): Who {
  return doorOf(raw).kind === 'socket' ? 'command line' : 'page';
}

function notLoggedIn(): Refusal {
  return new Refusal(401, 'NOT_LOGGED_IN', 'this needs a token (Authorization: Bearer) or a session of the dashboard');
}

function isApi(url: string): boolean {
  return /^\/(api|metrics)(?:[/?]|$)/i.test(url);
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

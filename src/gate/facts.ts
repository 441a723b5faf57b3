// Owns the reading of a request into Facts: every header that a decision depends on is read here, and only here.
import { deviceId } from '../ota/identity.ts';
import { type LinkClaims, openSeal, SEAL_MARK } from '../ota/seal.ts';
import type { Facts, Scheme, SealedPermit } from '../policy/facts.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { readTarget, type Target } from '../policy/target.ts';
import type { ClientRequest } from './client.ts';
import { type ForwardedFrom, readForwarded } from './forwarded.ts';
import type { Live } from './live.ts';

export type Reading = { facts: Facts; claims: LinkClaims | null; id: string; device: string | null };

const SEALED_SEGMENT = new RegExp(`/${SEAL_MARK}([A-Za-z0-9_-]{40,600})(?:/|$)`);
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9]|[a-z0-9][a-z0-9.-]{0,252}[a-z0-9]))\.?(?::\d{1,5})?$/;

const idPrefix = Math.random().toString(36).slice(2, 8).padEnd(6, '0');
let idCounter = 0;

/** Reads a request or an upgrade. Never throws, whatever the client sent. */
export function readFacts(request: ClientRequest, live: Live, websocket: boolean, nowMs: number): Reading {
  const peer = normaliseAddress(request.socket.remoteAddress);
  const socketScheme: Scheme = request.socket.encrypted === true ? 'https' : 'http';
  const trusted = live.isTrustedProxy(peer);
  const from: ForwardedFrom = trusted
    ? readForwarded(request.headers, live.proxyHeader, live.isTrustedProxy, socketScheme)
    : { client: peer, clientFrom: 'peer', scheme: socketScheme };
  const target = readTarget(request.url ?? '');
  const { host, hostFault } = readHost(request, target);
  const { seal, claims } = readSeal(target, live, nowMs);
  const facts: Facts = {
    peer,
    ...from,
    method: request.method ?? 'GET',
    websocket,
    host,
    hostFault,
    target,
    seal,
  };
  const device = deviceId(oneHeader(request, 'device-id')) ?? claims?.device ?? null;
  return { facts, claims, id: requestId(request, trusted), device };
}

function readHost(request: ClientRequest, target: Target): Pick<Facts, 'host' | 'hostFault'> {
  const fromTarget = target.kind === 'path' ? target.authority : null;
  // RFC 9112 section 3.2: more than one Host is an attack; Node would silently take the first.
  let named = 0;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() === 'host') named += 1;
  }
  if (named > 1) return { host: '', hostFault: 'ambiguous' };
  const text = fromTarget ?? request.headers.host ?? '';
  // HTTP/1.0 has no Host (RFC 9112 section 3.2 asks for it from 1.1 on): such a client names an unknown one.
  const mayBeUnnamed = named === 0 && request.httpVersionMajor === 1 && request.httpVersionMinor === 0;
  if (text === '') return { host: '', hostFault: mayBeUnnamed ? 'none' : 'missing' };
  const match = HOST.exec(text.toLowerCase());
  if (match === null) return { host: '', hostFault: 'ambiguous' };
  const host = match[1] ?? match[2] ?? '';
  return { host, hostFault: request.mayAsk?.(host) === false ? 'misdirected' : 'none' };
}

function readSeal(target: Target, live: Live, nowMs: number): { seal: SealedPermit; claims: LinkClaims | null } {
  const token = target.kind === 'path' ? SEALED_SEGMENT.exec(target.path)?.[1] : undefined;
  if (token === undefined) return { seal: { kind: 'none' }, claims: null };
  const opened = openSeal(token, live.sealKeys, nowMs);
  if (opened.kind !== 'sealed') return { seal: { kind: opened.kind }, claims: null };
  const { claims } = opened;
  const seal: SealedPermit = {
    kind: 'sealed',
    route: claims.route,
    opening: claims.opening?.id ?? null,
    openingEndsMs: claims.opening?.endsMs ?? 0,
  };
  return { seal, claims };
}

function requestId(request: ClientRequest, trusted: boolean): string {
  const given = trusted ? oneHeader(request, 'x-request-id') : undefined;
  if (given !== undefined && /^[\w.:-]{1,64}$/.test(given)) return given;
  idCounter += 1;
  return `${idPrefix}-${idCounter.toString(36)}`;
}

/** The value of a header that counts only where it was sent once. */
export function oneHeader(request: ClientRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

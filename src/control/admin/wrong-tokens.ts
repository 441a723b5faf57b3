// Owns what happens to wrong tokens: told, counted per address and in all, and refused without further words past a bound.
// Nobody guesses 256 bits; the bounds keep the log readable. A right token always gets in, so that no stranger can shut
// the operator out by being wrong in front of the door.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import type { Log } from '../../base/log.ts';
import { normaliseAddress } from '../../policy/networks.ts';
import { doorOf } from './doors.ts';
import { Refusal } from './refusals.ts';

const WINDOW_MS = 60_000;
const PER_ADDRESS = 10;
const IN_ALL = 100;

/** What a wrong token comes to: an error to throw. The package remembers 5,000 addresses; the least recent one goes. */
export type RefuseToken = (request: FastifyRequest) => Promise<Refusal>;

export async function countWrongTokens(app: FastifyInstance, log: Log): Promise<RefuseToken> {
  await app.register(rateLimit, { global: false });
  const window = { timeWindow: WINDOW_MS };
  const ofAddress = app.createRateLimit({
    ...window,
    max: PER_ADDRESS,
    keyGenerator: (request) => networkOf(clientOf(request)),
  });
  const ofAll = app.createRateLimit({ ...window, max: IN_ALL, keyGenerator: () => 'all' });
  return async (request) => {
    // One that is past its own bound does not use up what all have together.
    const own = await ofAddress(request);
    const limit = own.isAllowed || own.isExceeded ? own : await ofAll(request);
    if (!limit.isAllowed && limit.isExceeded) {
      return new Refusal(
        429,
        'TOO_MANY_WRONG_TOKENS',
        `too many wrong tokens: a right one gets in, others are looked at again in ${limit.ttlInSeconds} s`,
        limit.ttlInSeconds,
      );
    }
    const client = clientOf(request);
    log.warn({ event: 'admin-token-wrong', client }, `the admin interface was asked with a wrong token by ${client}`);
    return new Refusal(401, 'TOKEN_WRONG', 'this token is wrong: it stands in admin.token in the stateDir of the gate');
  };
}

/** Who asks. Behind the public door the gate says so, last in its header; what a client wrote there it has removed. */
export function clientOf({ raw }: FastifyRequest): string {
  const { kind } = doorOf(raw);
  if (kind === 'socket') return 'the admin socket';
  const forwarded =
    kind === 'public' ? [raw.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').at(-1) : undefined;
  return (
    normaliseAddress(forwarded === undefined ? raw.socket.remoteAddress : forwarded.trim()) || 'an unknown address'
  );
}

/** An IPv6 client has a network of 64 bits to itself. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  return ipaddr.IPv6.parse(address).toByteArray().slice(0, 8).join('.');
}

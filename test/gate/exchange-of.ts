// Makes the exchanges of the header tests: only what header hygiene reads is there.
import type { Exchange } from '../../src/gate/exchange.ts';
import type { Passage } from '../../src/policy/decide.ts';
import { compilePolicy } from '../../src/policy/view.ts';
import { facts, view } from '../policy/requests.ts';

export type ExchangeWish = {
  /** The request's raw header list. */
  raw?: string[];
  client?: string;
  scheme?: 'http' | 'https';
  /** The name of ours by which the client came. */
  site?: string;
  ports?: { http: number; https: number };
};

export function exchangeOf(wish: ExchangeWish = {}): { exchange: Exchange; passage: Passage } {
  const policy = compilePolicy(view(wish.ports ? { publicPorts: { ...wish.ports, mqtts: null } } : {}));
  const route = policy.routeFor('ota.example.com', '/') ?? policy.view.routes[0];
  if (route === undefined) throw new TypeError('the policy of the tests has no route');
  const asked = facts({ scheme: wish.scheme ?? 'https' });
  const exchange = {
    id: 'id-1',
    request: { rawHeaders: wish.raw ?? [] },
    live: { policy },
    facts: { ...asked, client: wish.client ?? asked.client },
  } as unknown as Exchange;
  const site = wish.site ?? 'ota.example.com';
  return { exchange, passage: { route, upstream: 'console', path: '/', site, plain: { kind: 'not-plain' } } };
}

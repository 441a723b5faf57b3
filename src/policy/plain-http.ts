// Owns the question that the gate exists for: may this request come by plain HTTP?
import type { RouteConfig } from '../config/config.ts';
import type { Facts } from './facts.ts';
import type { Because } from './reasons.ts';
import type { Policy } from './view.ts';

/** How the client's plain HTTP was let in: for good by the route, or for a time by an opening. */
export type PlainVerdict =
  | { kind: 'not-plain' }
  | { kind: 'by-route' }
  | { kind: 'by-opening'; opening: string; endsMs: number };

export type PlainAnswer =
  | { allowed: true; plain: PlainVerdict; because: Because }
  | { allowed: false; because: Because };

/** Whether the scheme of a request is allowed on its route at this moment. Pure. */
export function plainVerdict(
  facts: Facts,
  route: RouteConfig,
  policy: Policy,
  onLan: boolean,
  nowMs: number,
): PlainAnswer {
  if (facts.scheme === 'https') return { allowed: true, plain: { kind: 'not-plain' }, because: 'https' };
  if (route.target.kind === 'admin') return { allowed: false, because: 'plain-admin' };
  if (plainForGood(route, onLan)) {
    return { allowed: true, plain: { kind: 'by-route' }, because: onLan ? 'plain-lan' : 'plain-always' };
  }
  if (route.role !== 'ota-check' && route.role !== 'firmware') {
    return { allowed: false, because: route.plainHttp === 'never' ? 'plain-never' : 'plain-outside' };
  }
  const open = policy.openings.find(
    (opening) =>
      opening.route === route.name &&
      nowMs >= (opening.startMs ?? nowMs) &&
      nowMs < opening.untilMs &&
      opening.covers(facts.client),
  );
  if (open) {
    return {
      allowed: true,
      plain: { kind: 'by-opening', opening: open.id, endsMs: open.untilMs },
      because: 'plain-opening',
    };
  }
  return sealedPermission(facts, route, policy, nowMs);
}

/** Whether the route is open by plain HTTP to a client like this without any opening: what may live on in its flash. */
export function plainForGood(route: RouteConfig, onLan: boolean): boolean {
  return route.plainHttp === 'always' || (route.plainHttp === 'lan' && onLan);
}

/** A link carries the permission that it was issued under; it ends with its opening, also when that was closed early. */
function sealedPermission(facts: Facts, route: RouteConfig, policy: Policy, nowMs: number): PlainAnswer {
  const { seal } = facts;
  if (route.role === 'firmware' && seal.kind === 'sealed' && seal.opening !== null) {
    const opening = policy.openings.find((candidate) => candidate.id === seal.opening);
    const endsMs = Math.min(seal.openingEndsMs, opening?.untilMs ?? 0);
    if (nowMs < endsMs) {
      return { allowed: true, plain: { kind: 'by-opening', opening: seal.opening, endsMs }, because: 'plain-sealed' };
    }
    return { allowed: false, because: 'plain-sealed-ended' };
  }
  return { allowed: false, because: route.plainHttp === 'never' ? 'plain-never' : 'plain-outside' };
}

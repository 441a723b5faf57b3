// Owns what the rewriting of a reply needs to know of this device's way to us.
import { writeHardware } from '../ota/hardware.ts';
import type { FirmwareSource, ReplyContext } from '../ota/reply.ts';
import { SEAL_MARK, sealLink } from '../ota/seal.ts';
import type { Passage } from '../policy/decide.ts';
import { plainForGood } from '../policy/plain-http.ts';
import { readTarget } from '../policy/target.ts';
import { isOnLan, readRoute } from '../policy/view.ts';
import type { Exchange } from './exchange.ts';

// Whole link: every client in the field holds this much, the oldest ones not much more.
const MAX_LINK_LENGTH = 250;

export function replyContext(exchange: Exchange, passage: Passage): Omit<ReplyContext, 'decide'> {
  const { facts, live, story } = exchange;
  const { policy } = live;
  const onLan = isOnLan(policy, facts);
  // Devices take no IPv6 literals in links.
  const host = passage.site.includes(':') ? policy.mainDomain : passage.site;
  const opening =
    passage.plain.kind === 'by-opening' ? { id: passage.plain.opening, endsMs: passage.plain.endsMs } : null;
  return {
    scheme: facts.scheme,
    host,
    ports: policy.view.publicPorts,
    trusted: facts.scheme === 'https' || live.publicChain(host),
    opening,
    runningVersion: story.report?.version ?? null,
    voiceRoute: (path) => {
      const target = readTarget(path);
      if (target.kind !== 'path') return null;
      const { route, agreed } = readRoute(policy, passage.site, target);
      if (route?.role !== 'device' || !agreed) return null;
      return { plainForGood: plainForGood(route, onLan) };
    },
    allowsAnyVersion: live.offers.allowed.has('crashing-version'),
    firmwareSource: (link) => live.sources.fromReply(link, passage.site, onLan),
    seal: (source, offer, prefix) => sealWithin(exchange, source, offer.version, opening, prefix),
  };
}

/** Leaves the hints out where they make the link too long; the rest must fit, or there is no seal. */
function sealWithin(
  exchange: Exchange,
  source: FirmwareSource,
  version: string,
  opening: ReplyContext['opening'],
  prefix: string,
): string | null {
  const { story, live } = exchange;
  const claims = {
    route: source.route,
    // Every character of a link counts: what the route's path says already is left out.
    source: source.source.startsWith(source.routePath) ? source.source.slice(source.routePath.length) : source.source,
    device: story.device,
    hardware: story.report === null ? null : writeHardware(story.report),
    expiresMs: exchange.nowMs + live.limits.linkMs,
    opening,
  };
  const fits = (token: string): boolean => prefix.length + token.length <= MAX_LINK_LENGTH;
  const full = SEAL_MARK + sealLink({ ...claims, board: story.report?.board ?? null, version }, live.sealKeys);
  if (fits(full)) return full;
  const bare = SEAL_MARK + sealLink({ ...claims, board: null, version: null, hardware: null }, live.sealKeys);
  return fits(bare) ? bare : null;
}

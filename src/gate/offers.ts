// Owns what becomes of an upstream's offer in this gate: how many downloads run, what control knows of the image, and the
// rules that both are judged by.
import type { OfferRule } from '../config/offers.ts';
import type { FirmwareAsk } from '../link/firmware.ts';
import { readHardware } from '../ota/hardware.ts';
import { judgeOffer } from '../ota/offer.ts';
import type { OfferCase, OfferedApp } from '../ota/offer-case.ts';
import type { OfferDecision, UpstreamOffer } from '../ota/reply.ts';
import type { LinkClaims } from '../ota/seal.ts';
import type { Passage } from '../policy/decide.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { Exchange } from './exchange.ts';
import type { FirmwareDesk } from './firmware-desk.ts';
import { upstreamHost } from './headers.ts';

export type Offering = { upstreams: Upstreams; firmware: FirmwareDesk };

const PASS: OfferDecision = { action: 'pass' };

/**
 * Judges an offer. Where its image is not known yet, its fill begins, and the check waits for the image's head, 2 s at
 * most: past that the offer goes out, and is judged when its link is used.
 */
export async function decideOffer(
  exchange: Exchange,
  passage: Passage,
  offered: UpstreamOffer | null,
  { upstreams, firmware }: Offering,
): Promise<OfferDecision> {
  const { report, device } = exchange.story;
  const { offers } = exchange.live;
  if (offered === null || report === null) return PASS;
  // What is no link of ours costs no download of ours.
  const ask = offered.source === null ? null : askOf(exchange, passage, offered, upstreams);
  if (ask !== null && firmware.isFull) {
    const why = 'as many downloads run as firmware.downloads allows: the device asks again at its next boot';
    return { action: 'withhold', rule: 'busy', why };
  }
  const { version } = offered;
  const known = ask === null ? null : await firmware.questions.ask({ about: 'offer', ask, device, version });
  const verdict = judgeOffer(
    {
      version,
      image: known?.image ?? { kind: 'unknown' },
      device: report,
      failed: known?.failed ?? null,
      nowMs: exchange.nowMs,
      mostFailures: offers.failures,
    },
    offers.allowed,
  );
  return verdict.verdict === 'offer' ? PASS : { action: 'withhold', rule: verdict.rule, why: verdict.why };
}

/** What control is asked about a link, or null where it may not be fetched any more. */
function askOf(
  exchange: Exchange,
  passage: Passage,
  { source, version }: UpstreamOffer,
  upstreams: Upstreams,
): FirmwareAsk | null {
  const { live, story } = exchange;
  const route = source && live.policy.view.routes.find(({ name }) => name === source.route);
  if (!source || route?.target.kind !== 'upstream') return null;
  const { upstream } = route.target;
  const origin = upstreams.pick(live.upstreams, upstream, Date.now());
  const url = live.sources.locate(source.source, route.path, origin);
  if (url === null) return null;
  const hint = { board: story.report?.board ?? null, version };
  return { upstream, url: url.href, host: upstreamHost(exchange, passage), hint, authorization: null };
}

/** Why this image must not go to the device that the link was sealed for, or null. At a check it may not be known yet. */
export function judgeDownload(
  { hardware, version }: LinkClaims,
  image: { app: OfferedApp | null; lengthBytes: number },
  allowed: ReadonlySet<OfferRule>,
): { rule: OfferRule; why: string } | null {
  const device = hardware === null ? null : readHardware(hardware);
  if (image.app === null) return null;
  const offer: OfferCase = {
    version,
    image: { kind: 'app', facts: image.app, lengthBytes: image.lengthBytes },
    device: {
      ...(device ?? { chip: null, slotBytes: null, layout: null }),
      version: null,
      elfSha256: null,
      flashBytes: null,
    },
    failed: null,
    nowMs: 0,
    mostFailures: 1,
  };
  const verdict = judgeOffer(offer, allowed);
  return verdict.verdict === 'offer' ? null : verdict;
}

// Owns what becomes of an upstream's offer in this gate: by the rollouts, by how many downloads run, and by the rules that
// the image is judged by.
import type { OfferRule } from '../config/offers.ts';
import type { FirmwareAsk } from '../link/firmware.ts';
import { readHardware } from '../ota/hardware.ts';
import { judgeOffer } from '../ota/offer.ts';
import type { OfferCase, OfferedApp } from '../ota/offer-case.ts';
import type { OfferDecision, UpstreamOffer } from '../ota/reply.ts';
import type { RolloutVerdict } from '../ota/rollout.ts';
import type { LinkClaims } from '../ota/seal.ts';
import type { Passage } from '../policy/decide.ts';
import { isOnLan } from '../policy/view.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { Exchange } from './exchange.ts';
import type { FirmwareDesk } from './firmware-desk.ts';
import { upstreamHost } from './headers.ts';

export type Offering = { upstreams: Upstreams; firmware: FirmwareDesk };

const PASS: OfferDecision = { action: 'pass' };

/**
 * Decides over an offer: by the rollouts first, then by the rules. Where its image is not known yet, its fill begins, and
 * the check waits for the image's head, 2 s at most: past that the offer goes out, and is judged when its link is used.
 */
export async function decideOffer(
  exchange: Exchange,
  passage: Passage,
  offered: UpstreamOffer | null,
  offering: Offering,
): Promise<OfferDecision> {
  if (exchange.story.report === null) return PASS;
  const rollout = await rolloutOf(exchange, offered, offering.firmware);
  if (rollout.action === 'hold')
    return offered === null ? PASS : { action: 'withhold', rule: 'rollout', why: rollout.why };
  if (rollout.action === 'send') return sendStored(exchange, passage, rollout, offering);
  if (offered === null) return PASS;
  // What is no link of ours costs no download of ours.
  const ask = offered.source === null ? null : askOf(exchange, passage, offered, offering.upstreams);
  return (await reasonAgainst(exchange, ask, offered.version, offering.firmware)) ?? PASS;
}

type Settled = Exclude<RolloutVerdict, { action: 'admit' }>;

/** What the rollouts say; where one lets in a number of devices, control says whether this is one of them. */
async function rolloutOf(
  exchange: Exchange,
  offered: UpstreamOffer | null,
  { questions }: FirmwareDesk,
): Promise<Settled> {
  const { live, story, facts, nowMs } = exchange;
  const { board = null, version = null, elfSha256 = null } = story.report ?? {};
  const device = { device: story.device, board, version, elfSha256, client: facts.client };
  let verdict = live.rollouts.decide(device, offered?.version ?? null, nowMs);
  while (verdict.action === 'admit') {
    const { rollout, limit, why, next } = verdict;
    const reply =
      device.device === null
        ? null
        : await questions.ask({ about: 'admission', rollout, device: device.device, client: facts.client, limit });
    if (reply?.admitted !== true) return { action: 'hold', rollout, why };
    verdict = next;
  }
  return verdict;
}

/** An image of the store in the place of the upstream's offer; the rules hold for it as well. */
async function sendStored(
  exchange: Exchange,
  passage: Passage,
  { image, forced, why }: Extract<RolloutVerdict, { action: 'send' }>,
  { firmware }: Offering,
): Promise<OfferDecision> {
  const { live, story, facts } = exchange;
  const { version } = image.app;
  const source = live.sources.ofStore(image.sha256, passage.site, isOnLan(live.policy, facts));
  if (source === null) {
    const missing = `${why}, but no route with role firmware leads devices to it`;
    return { action: 'withhold', rule: 'rollout', why: missing };
  }
  const hint = { board: story.report?.board ?? null, version };
  const ask = { stored: image.sha256, upstream: '', url: '', host: '', hint, authorization: null };
  const against = await reasonAgainst(exchange, ask, version, firmware);
  return against ?? { action: 'replace', version, source, forced, why };
}

/** Why nothing is offered, or null. */
async function reasonAgainst(
  { story, live, facts, nowMs }: Exchange,
  ask: FirmwareAsk | null,
  version: string | null,
  firmware: FirmwareDesk,
): Promise<OfferDecision | null> {
  const { report, device } = story;
  const { offers } = live;
  if (report === null) return null;
  if (ask !== null && firmware.isFull) {
    const why = 'as many downloads run as firmware.downloads allows: the device asks again at its next boot';
    return { action: 'withhold', rule: 'busy', why };
  }
  const { client } = facts;
  const known = ask === null ? null : await firmware.questions.ask({ about: 'offer', ask, device, client, version });
  const image = known?.image ?? { kind: 'unknown' };
  const failed = known?.failed ?? null;
  const verdict = judgeOffer(
    { version, image, device: report, failed, nowMs, mostFailures: offers.failures },
    offers.allowed,
  );
  return verdict.verdict === 'offer' ? null : { action: 'withhold', rule: verdict.rule, why: verdict.why };
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
  const origin = upstreams.pick(live, upstream);
  const url = live.sources.locate(source.source, route.path, origin);
  if (url === null) return null;
  const hint = { board: story.report?.board ?? null, version };
  return { stored: null, upstream, url: url.href, host: upstreamHost(exchange, passage), hint, authorization: null };
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

// Owns the judgement whether a device may be offered an image: whether it would brick it, loop, or fail. Pure.
import type { OfferRule } from '../config/offers.ts';
import type { OfferCase, OfferVerdict, Rule } from './offer-case.ts';
import { failedBefore, sameBuild } from './offer-rules/again.ts';
import { corrupt, merged, unavailable } from './offer-rules/file.ts';
import { layout, otherChip, slotSize } from './offer-rules/fit.ts';
import { crashingVersion, versionMismatch } from './offer-rules/version.ts';

/** In this order: what is wrong with the file itself says more than what follows from it. */
const RULES: readonly [OfferRule, Rule][] = [
  ['merged', merged],
  ['corrupt', corrupt],
  ['unavailable', unavailable],
  ['crashing-version', crashingVersion],
  ['other-chip', otherChip],
  ['version-mismatch', versionMismatch],
  ['slot-size', slotSize],
  ['layout', layout],
  ['same-build', sameBuild],
  ['failed-before', failedBefore],
];

/** Judges by every rule that is not in `allowed`; the first that is broken is named. */
export function judgeOffer(offer: OfferCase, allowed: ReadonlySet<OfferRule>): OfferVerdict {
  for (const [rule, breaks] of RULES) {
    const why = allowed.has(rule) ? null : breaks(offer);
    if (why !== null) return { verdict: 'withhold', rule, why };
  }
  return { verdict: 'offer' };
}

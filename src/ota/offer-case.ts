// Owns what an offer is judged by: what is known of the image, of the device, and of what came before.
import type { OfferRule } from '../config/offers.ts';
import type { Hardware } from './hardware.ts';
import type { AppFacts } from './image.ts';

/** What is known of the image that is offered. */
export type OfferedImage =
  /** Nothing yet: its head is still on its way. */
  | { kind: 'unknown' }
  | { kind: 'app'; facts: OfferedApp; lengthBytes: number | null }
  /** What no rule but those of the file can say anything of: assets, files of other devices. */
  | { kind: 'other' }
  /** It cannot be had, or not as an image; `code` is the gate's own. */
  | { kind: 'unusable'; code: string; why: string };

export type OfferedApp = Pick<AppFacts, 'chip' | 'project' | 'version' | 'elfSha256'>;

/** Failures in a row of this device to upgrade to the offered version, told by its sealed links alone, from this network. */
export type FailedBefore = { times: number; lastMs: number };

export type OfferCase = {
  /** What the reply promises; null where it promises none. */
  version: string | null;
  image: OfferedImage;
  device: Hardware & { version: string | null; elfSha256: string | null; flashBytes: number | null };
  failed: FailedBefore | null;
  nowMs: number;
  /** From how many failures on an offer is withheld. */
  mostFailures: number;
};

export type OfferVerdict = { verdict: 'offer' } | { verdict: 'withhold'; rule: OfferRule; why: string };

/** Why an offer breaks this rule, or null. */
export type Rule = (offer: OfferCase) => string | null;

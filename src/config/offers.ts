// Owns the offer keys of the file: which of the rules that withhold an offer are switched off.
import { z } from 'zod';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { good, oneOrMore, type Reading, readInteger, readText, wrong } from './reading.ts';
import { nearest } from './suggest.ts';

/** Why an offer can be withheld: the names that the file, the history, the metrics and the log use. Stable. */
export const OFFER_RULES = [
  /** A version, promised or in the image, that devices cannot parse: they restart for ever. */
  'crashing-version',
  /** The image carries another version than the reply promised: the device takes it again at every boot. */
  'version-mismatch',
  'other-chip',
  /** Larger than the slot of the device, or there is no slot. */
  'slot-size',
  /** Firmware 2 on a device with the partitions of firmware 1, or the other way round. */
  'layout',
  'merged',
  'corrupt',
  /** The upstream does not hand the image out. */
  'unavailable',
  /** The device runs this very build. */
  'same-build',
  /** It has failed on this device again and again. */
  'failed-before',
] as const;
export type OfferRule = (typeof OFFER_RULES)[number];

export type OffersConfig = {
  /** Rules that withhold nothing. */
  allow: OfferRule[];
  /** So many failures in a row to upgrade to one version, and the device is not offered it for a day. */
  failures: number;
};

const NAMES = `names of rules: ${OFFER_RULES.join(', ')}`;

function readRule(value: unknown): Reading<OfferRule> {
  const text = readText(NAMES)(value);
  if (!text.ok) return text;
  const rule = OFFER_RULES.find((name) => name === text.value);
  return rule === undefined ? wrong('is no rule', NAMES, nearest(text.value, OFFER_RULES)) : good(rule);
}

export const offersSchema = z
  .strictObject({
    allow: leaf(oneOrMore(readRule, OFFER_RULES.length), {
      description: `Rules that are switched off: their offers go out all the same. ${NAMES}.`,
      anyOf: [{ enum: OFFER_RULES }, { type: 'array', items: { enum: OFFER_RULES } }],
    }).prefault([]),
    failures: leaf(readInteger('a number', 1, 100), {
      description:
        'So many failures in a row of one device to upgrade to one version, and it is not offered that version for a day (rule failed-before). From 1 to 100.',
      ...NUMBER_OR_TEXT,
    }).prefault(3),
  })
  .prefault({})
  .meta({ description: 'Which offers are withheld, because they would brick a device, loop or fail.' });

/** The offer keys of the file under their names inside. */
export function offersFrom({ allow, failures }: z.output<typeof offersSchema>): OffersConfig {
  return { allow: OFFER_RULES.filter((rule) => allow.includes(rule)), failures };
}
